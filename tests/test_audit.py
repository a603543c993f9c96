"""The audit of bounds: what it counts, and a few of its smallest cases."""

import numpy as np
import pytest

from validation.audit import Entry, audit, holds, sections, summary, table
from validation.audit_cases import OTHERS, TUNED
from validation.page import keep_section, section


def entries(ratios, tuned=True):
    return [Entry("case", tuned, 1.0 + k, "energy", 3.0, ratio, 1.0) for k, ratio in enumerate(ratios)]


def test_it_fails_where_bounds_do_not_cover():
    assert holds(entries([1.0] * 19 + [0.5]))
    assert not holds(entries([1.0] * 18 + [0.9] * 2))  # too many short ones
    assert not holds(entries([1.0] * 39 + [0.49]))  # one is far too short
    assert not holds(entries([3.1] * 20))  # too long to be of use


def test_it_counts_bounds_and_groups():
    found = entries([1.0, 2.0]) + entries([4.0], tuned=False)
    assert summary(found) == (3, 2, 1.0, 1.0, 2.0)
    assert {name: len(chosen) for name, chosen in sections(found).items()} == {
        "all": 3,
        "cases that constants were chosen on": 2,
        "other cases": 1,
        "energy": 3,
        "blobs wider than 2.5 cells": 3,
    }
    assert "| all | 3 | 2 | 100.0% | 1.00 | 2.00 |" in table(found, 0, 1.0)


def test_its_section_of_the_page_is_kept_by_the_others(tmp_path):
    page = tmp_path / "validation.md"
    page.write_text("# Page\n\n## Error bounds\n\nold\n\n## Last\n\nend\n")
    keep_section(page, ["## Error bounds", "", "new"])
    assert section(page, "## Error bounds") == ["## Error bounds", "", "new"]
    assert "old" not in page.read_text()
    assert page.read_text().endswith("end\n")
    keep_section(page, ["## More", "more"])
    assert section(page, "## More") == ["## More", "more"]


def test_there_are_cases_enough_and_none_twice():
    assert not set(TUNED) & set(OTHERS)
    cells = [
        max(p.cells for p in build(name).parameters.values() if p.fixed is None)
        for name, build in (TUNED | OTHERS).items()
    ]
    assert min(cells) <= 20
    assert max(cells) >= 129


@pytest.mark.parametrize("name", ["contraction, 64", "Kuramoto, no noise, 97"])
def test_bounds_cover_in_the_smallest_cases(name):
    found, _ = audit(name, (TUNED | OTHERS)[name](name), name in TUNED)
    ratios = np.array([entry.ratio for entry in found])
    assert len(ratios) >= 10
    assert ratios.min() >= 1
    assert np.median(ratios) < 5
