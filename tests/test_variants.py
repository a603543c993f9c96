"""One case file, several runs: what variants change, and what is refused."""

import pytest

import mfpde
from mfpde.case.load import load_variants
from mfpde.errors import InputError

CASE = """
title = "Common"
time = 0.2
[data]
teacher = "sin(x0)"
inputs = { law = "grid", low = -2, high = 2, points = 8 }
[parameters.a]
initial = { law = "normal", mean = 1, std = 0.5 }
[parameters.w]
initial = { law = "normal" }
[parameters.b]
fixed = 0.5
[eulerian]
enabled = false
[lagrangian]
units = [6]
replicates = 2
"""
VARIANTS = """
[variants.plain]
[variants.jumping]
title = "With jumps"
dynamics.birth_death = 2.0
parameters.a.initial = { law = "point", at = 0.25 }
parameters.w.mobility = 0.5
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "both.toml"
    path.write_text(CASE + VARIANTS)
    return path


def test_a_variant_changes_what_it_names_and_nothing_else(file):
    cases = load_variants(file)
    assert list(cases) == ["plain", "jumping"]
    file.with_name("common.toml").write_text(CASE)
    common = mfpde.load_case(file.with_name("common.toml"))
    assert cases["plain"].resolved() == common.resolved()
    jumping = cases["jumping"]
    assert (
        jumping.resolved()
        == common.replace(
            {
                "title": "With jumps",
                "dynamics.birth_death": 2.0,
                # a law replaces a law: no mean and std are left over
                "parameters.a.initial": {"law": "point", "at": 0.25},
                "parameters.w.mobility": 0.5,
            }
        ).resolved()
    )
    assert jumping.variant == "jumping"
    assert common.variant == ""
    assert jumping.replace(time=3.0).variant == "jumping"


def test_overrides_reach_every_variant(file):
    assert {case.time for case in load_variants(file, ["time=0.7"]).values()} == {0.7}
    assert list(load_variants(file, only=["jumping"])) == ["jumping"]


def test_a_run_writes_a_file_per_variant(command, file):
    assert command("run", "both.toml", "-q")[0] == 0
    assert mfpde.open_run("both-plain.h5").tree.attrs["variant"] == "plain"
    assert mfpde.open_run("both-jumping.h5").case["dynamics"]["birth_death"] == 2.0
    before = file.with_name("both-plain.h5").read_bytes()
    assert command("run", "both.toml", "-q", "--variant", "jumping")[0] == 2, "it exists"
    file.with_name("both-jumping.h5").unlink()
    assert command("run", "both.toml", "-q")[0] == 2, "one of the outputs exists"
    assert file.with_name("both-plain.h5").read_bytes() == before
    assert not file.with_name("both-jumping.h5").exists(), "refused before anything is run"


def test_a_single_variant_has_the_name_that_it_is_given(command, file):
    """Checks, messages, --overwrite and resume go by that name."""
    one = ("run", "both.toml", "--variant", "jumping", "-o", "other.h5")
    code, _, said = command(*one)
    assert code == 0
    assert "wrote other.h5; next: mfpde compare other.h5, mfpde plot other.h5" in said
    assert sorted(path.name for path in file.parent.glob("*.h5")) == ["other.h5"]
    assert mfpde.open_run("other.h5").tree.attrs["variant"] == "jumping"
    code, _, said = command(*one)
    assert code == 2
    assert "other.h5: exists" in said
    assert command(*one, "--overwrite", "-q")[0] == 0
    assert command("resume", "other.h5", "--until", "0.3", "-q")[0] == 0
    assert command("run", "both.toml", "-q", "-o", "pair.h5")[0] == 0, "several get names of their own"
    assert sorted(path.name for path in file.parent.glob("pair*.h5")) == ["pair-jumping.h5", "pair-plain.h5"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CASE + "[variants.one]\ntimee = 1\n", r"variants\.one.*unknown key 'timee'; did you mean 'time'"),
        (CASE + "[variants.'a/b']\ntime = 1\n", r"variants\.a/b: is no name"),
        (CASE + "[variants]\none = 3\n", r"variants\.one: expected a table"),
        ("variants = 3\n" + CASE, r"variants: expected tables"),
    ],
)
def test_wrong_variants_are_named(file, text, said):
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        load_variants(file)


def test_a_variant_must_be_chosen_where_one_case_is_wanted(file):
    with pytest.raises(InputError, match="has the variants plain, jumping; choose one"):
        mfpde.load_case(file)
    with pytest.raises(InputError, match="no variant 'jumpin'; did you mean 'jumping'"):
        mfpde.load_case(file, variant="jumpin")
    assert mfpde.load_case(file, variant="jumping").dynamics.birth_death == 2.0
