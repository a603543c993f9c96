"""Sparse spikes: a nonnegative measure found from a blurred image of it."""

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.models.spikes import Spikes, build_spikes


def build(case: Case, data: Dataset | None = None) -> Spikes:
    """The spikes a case describes; they have no data."""
    return build_spikes(case)


BUILD = build
