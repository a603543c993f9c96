"""A wrapped Cauchy law on a circle, moved and reweighted by a fixed cosine.

With V = s cos, theta' = s sin theta has tan(theta / 2) = exp(s t) tan(theta_0 / 2), and log mu' = -(1 +
alpha) s cos theta along it. A mobility M multiplies the time, and divides alpha.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfpde.case import Case
from mfpde.exact.circle import TURN, on_circle
from mfpde.exact.formulas import multiple_of
from mfpde.exact.state import ExactState, Solution, expect, expect_no
from mfpde.laws import Law
from mfpde.laws.uniform import Uniform
from mfpde.laws.wrapped_cauchy import WrappedCauchy
from mfpde.measures.mesh import Mesh
from mfpde.models.problem import Problem

NODES = 512  #: of the quadrature, twice: at equal angles, and at equal masses of the initial law
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(16)

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class CosineCircle:
    """A wrapped Cauchy law carried and reweighted by V = s cos.

    A point that started at theta_0 has gained the weight (e^-T cos^2(theta_0/2) + e^T
    sin^2(theta_0/2))^(alpha / M), T = s M t; masses are integrals over theta_0, where nothing concentrates.
    """

    name: str
    low: float  #: of the domain
    start: WrappedCauchy
    strength: float  #: s
    mobility: float
    alpha: float

    def at(self, time: float) -> ExactState:
        """Distribution function and energy 2 int V dmu."""
        turn = self.strength * self.mobility * time

        def weight(start: np.ndarray) -> np.ndarray:
            falling, rising = _halves(start, turn)
            return _cauchy_density(self.start, start) * (falling + rising) ** (self.alpha / self.mobility)

        def cosine(start: np.ndarray) -> np.ndarray:
            falling, rising = _halves(start, turn)
            return (falling - rising) / (falling + rising)

        nodes = self._nodes()
        upto = np.concatenate([[0.0], np.cumsum(_integral(weight, nodes[:-1], nodes[1:]))])
        total = upto[-1]
        mean = np.sum(_integral(lambda s: weight(s) * cosine(s), nodes[:-1], nodes[1:])) / total

        def mass(x: np.ndarray) -> np.ndarray:
            start = _foot(x, turn)
            turns = np.floor((start - nodes[0]) / TURN)
            rest = start - TURN * turns
            cell = np.clip(np.searchsorted(nodes, rest, side="right") - 1, 0, len(nodes) - 2)
            return turns + (upto[cell] + _integral(weight, nodes[cell], rest)) / total

        return ExactState(
            energy=2 * self.strength * float(mean),
            cdfs={self.name: lambda x: mass(x) - mass(np.array(self.low))},
        )

    def _nodes(self) -> np.ndarray:
        equal = self.start.mean + np.linspace(-np.pi, np.pi, NODES + 1)
        return np.union1d(equal, self.start.quantile(np.arange(1, NODES) / NODES))


def _foot(x: np.ndarray, turn: float) -> np.ndarray:
    """Where what is at x started: tan(start / 2) = e^-T tan(x / 2), continued to the unrolled circle."""
    whole = TURN * np.round(x / TURN)
    return whole + 2 * np.arctan(np.exp(-turn) * np.tan((x - whole) / 2))


def _halves(start: np.ndarray, turn: float) -> tuple[np.ndarray, np.ndarray]:
    """e^-T cos^2(start / 2) and e^T sin^2(start / 2), both divided by e^|T| against overflow."""
    return (
        np.exp(-turn - abs(turn)) * np.cos(start / 2) ** 2,
        np.exp(turn - abs(turn)) * np.sin(start / 2) ** 2,
    )


def _cauchy_density(law: WrappedCauchy, x: np.ndarray) -> np.ndarray:
    # 1 + r^2 - 2 r cos, without its cancellation near the peak
    return (1 - law.r**2) / (TURN * ((1 - law.r) ** 2 + 4 * law.r * np.sin((x - law.mean) / 2) ** 2))


def _integral(function: Function, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Gauss-Legendre integrals over intervals, elementwise."""
    half = (np.asarray(high) - low) / 2
    return half * (function(np.expand_dims(low + half, -1) + np.expand_dims(half, -1) * _POINTS) @ _WEIGHTS)


def _initial(law: Law, low: float) -> WrappedCauchy | None:
    """The initial law as a wrapped Cauchy law; uniform on the circle is r = 0."""
    if isinstance(law, Uniform) and abs(law.low - low) < 1e-9 and abs(law.high - low - TURN) < 1e-9:
        return WrappedCauchy(low + np.pi, 0.0)
    return law if isinstance(law, WrappedCauchy) else None


def build_cosine_circle(case: Case, model: Problem, mesh: Mesh) -> CosineCircle:
    """The wrapped Cauchy law of a case in a cosine potential.

    Raises:
        InputError: the case is another one.
    """
    expect_no(case, diffusion=True)
    potential, c, cosine = on_circle(case, model)
    strength = multiple_of(potential.external.expression, cosine)
    expect(case, potential.interaction is None, "a case without model.interaction")
    expect(case, bool(strength), f"model.external = '{cosine}', or a multiple of it")
    expect(case, c.mobility > 0, f"parameters.{c.name}.mobility > 0")
    assert strength is not None
    assert c.domain is not None
    start = _initial(c.law, c.domain[0])
    expect(
        case,
        start is not None,
        f"a law in parameters.{c.name}.initial that is wrapped_cauchy, or uniform on the whole circle",
    )
    assert start is not None
    return CosineCircle(c.name, c.domain[0], start, strength, c.mobility, case.dynamics.alpha)


SOLUTION = Solution(
    build_cosine_circle,
    example={
        "model": {"kind": "potential", "external": "cos(s)"},
        "parameters": {
            "s": {
                **{"domain": [0, 6.283185307179586], "cells": 64, "periodic": True},
                "initial": {"law": "wrapped_cauchy", "mean": 1.0, "r": 0.4},
            }
        },
        "dynamics": {"birth_death": 1.0},
    },
)
