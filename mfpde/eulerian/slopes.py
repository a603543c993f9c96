"""Limited slopes times cell width (Carrillo, Chertock & Huang 2015, arXiv:1402.4252), as in
kernels/slopes.cl.

All are clipped to |s| <= 2 rho, so that both edge values of a cell are nonnegative; positivity and energy
dissipation need no more. Each is a function of the difference quotients to the left, to the right and
central, times cell width."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Differences:
    """Difference quotients of three consecutive cell averages, times cell width; formed when they are asked
    for.

    Arguments:
        factors: what differences are multiplied with, see `Axis.slope_factors`; None for those of uniform
            axes.
    """

    left: np.ndarray
    centre: np.ndarray
    right: np.ndarray
    factors: Sequence[np.ndarray] | None

    def below(self) -> np.ndarray:
        """To the left."""
        return self._scaled(self.centre - self.left, 0)

    def above(self) -> np.ndarray:
        """To the right."""
        return self._scaled(self.right - self.centre, 1)

    def central(self) -> np.ndarray:
        """Over both distances together."""
        return self._scaled(self.right - self.left, 2)

    def _scaled(self, difference: np.ndarray, which: int) -> np.ndarray:
        if self.factors is not None:
            difference *= self.factors[which]
        elif which == 2:
            difference *= 0.5
        return difference


def _minmod(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    low, high = np.minimum(a, b), np.maximum(a, b)
    np.maximum(low, 0, out=low)
    low += np.minimum(high, 0, out=high)
    return low


def _mc(d: Differences) -> np.ndarray:
    steeper = _minmod(d.below(), d.above())
    steeper *= 2
    return _minmod(steeper, d.central())


def _vanleer(d: Differences) -> np.ndarray:
    below, above = d.below(), d.above()
    product = np.maximum(below * above, 0)
    return 2 * product / np.where(product > 0, below + above, 1)


SLOPES: dict[str, Callable[[Differences], np.ndarray]] = {
    "upwind": lambda d: np.zeros_like(d.centre),
    "fromm": lambda d: d.central(),
    "mc": _mc,
    "minmod": lambda d: _minmod(d.below(), d.above()),
    "vanleer": _vanleer,
}


def limited_half_slope(
    scheme: str, left: np.ndarray, centre: np.ndarray, right: np.ndarray, factors: Sequence[np.ndarray] | None
) -> np.ndarray:  # fmt: skip
    """Half the slope times cell width, from three consecutive cell averages, clipped to |s| <= 2 centre: what
    the edges differ by from the centre.
    """
    slope = SLOPES[scheme](Differences(left, centre, right, factors))
    slope *= 0.5
    np.minimum(slope, centre, out=slope)
    return np.maximum(slope, -centre, out=slope)
