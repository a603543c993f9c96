"""A constant force: every law keeps its shape and moves with a constant velocity.

With V = c x, theta' = -M c, so mu_t is mu_0 shifted by -M c t, and the energy is 2 c E theta.
"""

from dataclasses import dataclass

import sympy

from mfpde.case import Case
from mfpde.exact.formulas import multiple_of
from mfpde.exact.state import ExactState, Solution, expect, expect_no, only_parameter
from mfpde.laws import Law
from mfpde.measures.mesh import Mesh
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class Drift:
    """A law that moves as a whole."""

    name: str
    start: Law
    force: float  #: c
    mobility: float

    def at(self, time: float) -> ExactState:
        """Distribution function and energy."""
        shift = -self.mobility * self.force * time
        energy = 2 * self.force * (self.start.first_moment + shift)
        return ExactState(energy=energy, cdfs={self.name: lambda x: self.start.cdf(x - shift)})


def build_drift(case: Case, model: Problem, mesh: Mesh) -> Drift:
    """The moving law of a case.

    Raises:
        InputError: the case is another one.
    """
    expect_no(case, birth_death=True, diffusion=True)
    potential, c = only_parameter(case, model)
    force = multiple_of(potential.external.expression, sympy.Symbol(c.name, real=True))
    expect(
        case,
        bool(force) and potential.interaction is None,
        f"model.external = '{c.name}', or a multiple of it",
    )
    expect(case, not c.periodic, f"walls, but parameters.{c.name}.periodic = true")
    assert force is not None
    return Drift(c.name, c.law, force, c.mobility)


SOLUTION = Solution(
    build_drift,
    example={
        "model": {"kind": "potential", "external": "x/2"},
        "parameters": {"x": {"domain": [-4, 4], "cells": 48, "initial": {"law": "normal", "std": 0.6}}},
    },
)
