"""Every key with every other one: small runs of a covering array end well, and pairs that are refused get one
sentence.
"""

from pathlib import Path

import pytest
from test_docs import tables

from mfpde.case.schema import Case
from mfpde.laws import LawTable
from validation.pairs import FAMILIES, is_refused, refusals, rows, uncovered
from validation.pairs_trial import try_case

#: rows of each family that are run here; `python -m validation.pairs` runs all
TRIED = 2


def keys_of(value):
    """Names of all keys in a tree of tables; of dotted ones each part."""
    if isinstance(value, list):
        return set().union(*map(keys_of, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    return {part for key in value for part in key.split(".")}.union(*map(keys_of, value.values()))


def test_every_key_of_the_schema_is_in_a_family():
    held = set().union(
        *(keys_of(options) for family in FAMILIES.values() for options in family.factors.values())
    )
    missing = [
        f"{model.__name__}.{key}"
        for model, keys in tables(Case).items()
        for key in keys
        if key not in held and not issubclass(model, LawTable)  # every law has tests of its own
    ]
    assert missing == []


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_any_two_options_are_in_a_row(family):
    found = rows(family)
    left = uncovered(family, found)
    assert not any(is_refused(family, row) for row in found)
    assert len(found) < 180
    assert len(left) <= 8, left  # refused with a third one, whatever it is


@pytest.mark.parametrize("name", FAMILIES)
def test_refused_pairs_get_one_sentence(name, tmp_path):
    family = FAMILIES[name]
    for row, word in refusals(family)[::3]:
        code, problem = try_case(family.tables(row), tmp_path)
        said = Path(tmp_path, "message.txt").read_text(encoding="utf-8")
        assert (code, problem) == (2, ""), (row, said, problem)
        assert word in said


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(TRIED))
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.filterwarnings("ignore")
def test_rows_end_well(name, turn, tmp_path):
    family = FAMILIES[name]
    found = rows(family)
    row = found[1 + turn * len(found) // TRIED]
    code, problem = try_case(family.tables(row), tmp_path, 3 * turn + 1)
    assert (code, problem) == (0, ""), (row, Path(tmp_path, "message.txt").read_text(encoding="utf-8"))
