"""A wrapped Cauchy law on a circle, moved by itself.

With W = s cos, V = s r cos(theta - mean) under a wrapped Cauchy law of length r, which stays one (Ott &
Antonsen, arXiv:0806.0004); r' = -s r E sin^2(theta - mean) = -s r (1 - r^2) / 2, so r^-2 - 1 grows like
exp(s t). A mobility multiplies the time.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.case import Case
from mfpde.exact.circle import on_circle
from mfpde.exact.formulas import is_zero, multiple_of
from mfpde.exact.state import ExactState, Solution, expect, expect_no
from mfpde.laws.wrapped_cauchy import WrappedCauchy
from mfpde.measures.mesh import Mesh
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class CauchyCircle:
    """A wrapped Cauchy law that attracts (s < 0) or spreads (s > 0) itself by W = s cos."""

    name: str
    low: float  #: of the domain
    start: WrappedCauchy
    strength: float  #: s
    mobility: float

    def length(self, time: float) -> float:
        """r at a time."""
        square = self.start.r**2
        return float(np.sqrt(square / (square + (1 - square) * np.exp(self.strength * self.mobility * time))))

    def at(self, time: float) -> ExactState:
        """Distribution function and energy s r^2."""
        r = self.length(time)
        law = WrappedCauchy(self.start.mean, min(r, float(np.nextafter(1, 0))))
        return ExactState(
            energy=self.strength * r**2, cdfs={self.name: lambda x: law.cdf(x) - law.cdf(np.array(self.low))}
        )


def build_cauchy_circle(case: Case, model: Problem, mesh: Mesh) -> CauchyCircle:
    """The self-interacting wrapped Cauchy law of a case.

    Raises:
        InputError: the case is another one.
    """
    expect_no(case, birth_death=True, diffusion=True)
    potential, c, cosine = on_circle(case, model)
    strength = (
        None if potential.interaction is None else multiple_of(potential.interaction.expression, cosine)
    )
    expect(case, is_zero(potential.external.expression), "a case without model.external")
    expect(case, strength is not None, f"model.interaction = '{cosine}', or a multiple of it")
    expect(case, isinstance(c.law, WrappedCauchy), f"a wrapped_cauchy law in parameters.{c.name}.initial")
    assert strength is not None
    assert c.domain is not None
    assert isinstance(c.law, WrappedCauchy)
    return CauchyCircle(c.name, c.domain[0], c.law, strength, c.mobility)


SOLUTION = Solution(
    build_cauchy_circle,
    example={
        "model": {"kind": "potential", "interaction": "-cos(s)"},
        "parameters": {
            "s": {
                **{"domain": [0, 6.283185307179586], "cells": 64, "periodic": True},
                "initial": {"law": "wrapped_cauchy", "mean": 2.0, "r": 0.4},
            }
        },
    },
)
