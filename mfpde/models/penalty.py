"""The penalty r(theta) = r_a(a) + kappa |z|^2 of a unit theta = (a, z): E = loss + 2 int r dmu.

r_a is one formula; its derivatives and its OpenCL code follow from it. With several amplitudes, r_a is summed
over them.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from mfpde.case import schema
from mfpde.expressions import evaluate, opencl_function
from mfpde.kinds import PENALTIES

_A = sympy.Symbol("a", real=True)
#: amplitudes at which the infimum of a h + r_a(a) is looked for
SEARCHED = np.concatenate([-np.logspace(4, -6, 2001), [0.0], np.logspace(-6, 4, 2001)])
FINER = 401  #: and how many between the best of them and its neighbours


@dataclass(frozen=True)
class Penalty(ABC):
    """A penalty with the numbers that a case gives it; `penalties` holds the formulas."""

    spec: schema.Penalty

    @abstractmethod
    def formula(self, a: sympy.Symbol) -> sympy.Expr:
        """r_a of one amplitude."""

    @property
    def kink(self) -> float:
        """lambda, if r_a has a kink lambda |a| that holds units at a = 0; else 0."""
        return 0.0

    @property
    def is_smooth(self) -> bool:
        """Whether r_a has a second derivative everywhere."""
        return True

    @cached_property
    def _formulas(self) -> list[sympy.Expr]:
        """r_a and its first two derivatives; the first is 0 at a kink."""
        value = self.formula(_A)
        slope = sympy.diff(value, _A)
        return [value, slope, sympy.diff(slope, _A)]

    @property
    def confinement(self) -> float:
        """kappa."""
        return self.spec.confinement

    def amplitude(self, a: np.ndarray) -> np.ndarray:
        """r_a(a), elementwise."""
        return evaluate(self._formulas[0], {"a": a})

    def slope(self, a: np.ndarray) -> np.ndarray:
        """r_a'(a), elementwise; 0 at a kink."""
        return evaluate(self._formulas[1], {"a": a})

    def curvature(self, a: np.ndarray) -> np.ndarray:
        """r_a''(a), elementwise, of a smooth penalty."""
        return evaluate(self._formulas[2], {"a": a})

    def rest(self, z: np.ndarray) -> np.ndarray:
        """kappa |z|^2 for z of shape (..., components of z)."""
        return self.confinement * np.sum(z**2, axis=-1)

    def infimum(self, h: np.ndarray, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
        """inf over a in [low, high] of a h + r_a(a), for every h (...): what certificates of
        optimality need.
        """
        a = np.unique(np.clip(SEARCHED, low, high))
        h, best, lowest = np.asarray(h, float), np.zeros(np.shape(h), int), np.full(np.shape(h), np.inf)
        for i, penalty in enumerate(np.broadcast_to(self.amplitude(a), a.shape)):
            value = a[i] * h + penalty
            best = np.where(value < lowest, i, best)
            np.minimum(lowest, value, out=lowest)
        left, right = a[np.maximum(best - 1, 0)], a[np.minimum(best + 1, a.size - 1)]
        for part in np.linspace(0, 1, FINER):  # between the neighbours of the best, where it is flat
            between = left + part * (right - left)
            np.minimum(lowest, between * h + self.amplitude(between), out=lowest)
        return lowest

    def opencl(self) -> str:
        """Source of ``amplitude_penalty(a, &value, &slope)``."""
        value, slope, _ = self._formulas
        return opencl_function("amplitude_penalty", [_A], [("value", value), ("slope", slope)])

    def curvature_opencl(self) -> str:
        """Source of ``amplitude_penalty_curvature(a, &slope, &curvature)``."""
        _, slope, curvature = self._formulas
        return opencl_function(
            "amplitude_penalty_curvature", [_A], [("slope", slope), ("curvature", curvature)]
        )


def build_penalty(spec: schema.Penalty) -> Penalty:
    """The penalty a case describes."""
    return PENALTIES[spec.kind](spec)
