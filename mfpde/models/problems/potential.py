"""An energy by formulas."""

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.models.potential import Potential, build_potential


def build(case: Case, data: Dataset | None = None) -> Potential:
    """The potential a case describes; it has no data."""
    return build_potential(case)


BUILD = build
