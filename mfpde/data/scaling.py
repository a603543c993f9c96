"""Standardisation, and columns that are too large, too small or too even for it."""

from dataclasses import dataclass

import numpy as np

from mfpde.errors import InputError

#: relative spread of a column below which its differences are rounding
ROUNDING = 64 * np.finfo(np.float64).eps
#: of a number whose square has all its digits, in each precision; sums of many squares too
LARGEST = {"float64": 1e150, "float32": 1e15}
#: standard deviations below this are divided by with an error
LEAST_SCALE = 1e-290


@dataclass(frozen=True)
class Scaling:
    """v -> (v - shift) / scale, per column."""

    shift: np.ndarray
    scale: np.ndarray

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Back to the units of the file."""
        return values * self.scale + self.shift


def standardize(columns: np.ndarray, weights: np.ndarray, names: list[str]) -> tuple[np.ndarray, Scaling]:
    """Columns (L, d) with weighted mean 0 and weighted variance 1, so that a row of weight 2 counts as the
    row twice.

    Raises:
        InputError: a column that is constant up to rounding, or too large or too small to be scaled.
    """
    size = np.abs(columns).max(axis=0)
    spread = columns.max(axis=0) / 2 - columns.min(axis=0) / 2  # half of it cannot overflow
    for name, least, largest in zip(names, spread, size, strict=True):
        if least <= ROUNDING / 2 * largest:
            raise InputError(
                f"data.standardize: column '{name}' is constant, up to rounding, at {largest:g} in size, so"
                " it has no scale"
            )
        if largest > LARGEST["float64"]:
            raise InputError(
                f"data.standardize: column '{name}' holds numbers of size {largest:g}, whose squares"
                " overflow; write it in other units"
            )
        if least < LEAST_SCALE:
            raise InputError(
                f"data.standardize: column '{name}' spreads over {2 * least:g} alone, too little to be"
                " scaled; write it in other units"
            )
    # a power of 2, which changes no digit; squares of what is left neither overflow nor vanish
    unit = np.exp2(np.round(np.log2(spread)))
    given = columns / unit
    if np.ptp(weights) == 0:
        shift, scale = given.mean(axis=0), given.std(axis=0)
    else:
        share = weights / weights.sum()
        shift = share @ given
        scale = np.sqrt(share @ (given - shift) ** 2)
    return (given - shift) / scale, Scaling(shift * unit, scale * unit)


def check_size(columns: np.ndarray, names: list[str], precision: str, can_be_scaled: bool) -> None:
    """Refuse numbers whose squares overflow in the precision of the run.

    Arguments:
        can_be_scaled: whether the user may ask for standardisation.
    Raises:
        InputError: with the column.
    """
    for name, largest in zip(names, np.abs(columns).max(axis=0), strict=True):
        if largest > LARGEST[precision]:
            advice = (
                "write data.standardize = true, or use other units" if can_be_scaled else "use other units"
            )
            raise InputError(
                f"data: '{name}' holds numbers of size {largest:g}, whose squares overflow in {precision};"
                f" {advice}"
            )
