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
#: amplitudes beyond which nobody looks for the least of a h + r_a(a)
FARTHEST = 1e12
BISECTIONS = 200


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

    @property
    def growth(self) -> float:
        """The slope of r_a towards infinite a: a h + r_a(a) is bounded below for |h| up to that."""
        near, far = (float(self.slope(np.array(a))) for a in (FARTHEST / 2, FARTHEST))
        return far if far <= near * (1 + 1e-9) else np.inf

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

    def confinement_at(self, factor: float) -> float:
        """kappa where lambda is this many times its own."""
        return self.confinement

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

    def minimiser(self, h: np.ndarray, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
        """Where a h + r_a(a) is least for a in [low, high], for every h (...); infinite where it falls for
        ever. Penalties are convex, so that their slopes are bisected for -h.
        """
        left = np.full(np.shape(h), max(low, -FARTHEST))
        right = np.full(np.shape(h), min(high, FARTHEST))
        for _ in range(BISECTIONS):
            middle = (left + right) / 2
            rises = self.slope(middle) + h > 0
            right, left = np.where(rises, middle, right), np.where(rises, left, middle)
        found = (left + right) / 2
        # at a kink, which bisection only nears, and at ends
        for a in (0.0, low, high):
            if low <= a <= high and np.isfinite(a):
                found = np.where(
                    a * h + self.amplitude(np.array(a)) <= found * h + self.amplitude(found), a, found
                )
        falls = (np.abs(found) > FARTHEST / 2) & (np.maximum(-low, high) > FARTHEST)
        return np.where(falls, np.copysign(np.inf, found), found)

    def infimum(self, h: np.ndarray, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
        """inf over a in [low, high] of a h + r_a(a), for every h (...), -inf where it falls for ever: what
        certificates of optimality need.
        """
        a = self.minimiser(h, low, high)
        reached = np.isfinite(a)
        at = np.where(reached, a, 0.0)
        return np.where(reached, at * h + self.amplitude(at), -np.inf)

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
    """The penalty a case describes; for lambda = 1 where lambda changes in time, see `annealing`."""
    if isinstance(spec.strength, str):
        spec = spec.model_copy(update={"strength": 1.0})
    return PENALTIES[spec.kind](spec)
