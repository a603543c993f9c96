"""Limiters: which slope a density has within a cell, from the difference quotients to the left, to the right
and central (Carrillo, Chertock & Huang 2015, arXiv:1402.4252).

To add one, add a file with ``LIMITER = Limiter(...)``; its name is then a choice of eulerian.scheme. Whatever
it gives is clipped afterwards so that both edge values of a cell are nonnegative; positivity and energy
dissipation need no more.
"""

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


def nearer_zero(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The number nearer to 0 where both have one sign, else 0; MINMOD in kernels."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    np.maximum(low, 0, out=low)
    low += np.minimum(high, 0, out=high)
    return low


@dataclass(frozen=True)
class Limiter:
    """A slope times cell width, for NumPy and for OpenCL; tests hold them together to rounding."""

    slope: Callable[[Differences], np.ndarray]  #: into a new array
    #: statements that return it from `below`, `above_` and `central`, of type realv; scalars are `(real)2`
    opencl: str

    def source(self) -> str:
        """Definition of ``limited_slope``, for kernels/slopes.cl."""
        arguments = "const realv below, const realv above_, const realv central"
        return f"static inline realv limited_slope({arguments})\n{{\n    {self.opencl}\n}}\n"
