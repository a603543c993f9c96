"""Points that attract each other with W = s |x - y|: a uniform law shrinks and becomes a point in finite
time.

V' = s (2 F - 1) for the distribution function F, which is constant along characteristics. Under a uniform law
on [m - c, m + c] 2 F - 1 = (x - m) / c, so x - m shrinks by the same factor everywhere and the half-width is
c - M s t.
"""

from dataclasses import dataclass

import sympy

from mfpde.case import Case
from mfpde.exact.formulas import is_zero, multiple_of
from mfpde.exact.state import ExactState, Solution, expect, expect_no, only_parameter
from mfpde.expressions.functions import absolute
from mfpde.laws import Law
from mfpde.laws.point import Point
from mfpde.laws.uniform import Uniform
from mfpde.measures.mesh import Mesh
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class Collapse:
    """A uniform law that collapses to its centre."""

    name: str
    start: Uniform
    strength: float  #: s
    mobility: float

    def at(self, time: float) -> ExactState:
        """Distribution function and energy s E|X - Y| = 2 s c / 3."""
        centre = (self.start.low + self.start.high) / 2
        half = max(0.0, (self.start.high - self.start.low) / 2 - self.mobility * self.strength * time)
        law: Law = Uniform(centre - half, centre + half) if half > 0 else Point(centre)
        return ExactState(energy=2 * self.strength * half / 3, cdfs={self.name: law.cdf})


def build_collapse(case: Case, model: Problem, mesh: Mesh) -> Collapse:
    """The collapse of a case.

    Raises:
        InputError: the case is another one.
    """
    expect_no(case, birth_death=True, diffusion=True)
    potential, c = only_parameter(case, model)
    pair = potential.interaction.expression if potential.interaction is not None else sympy.Integer(0)
    strength = multiple_of(pair, absolute(sympy.Symbol(c.name, real=True)))
    expect(case, is_zero(potential.external.expression), "a case without model.external")
    expect(
        case,
        strength is not None and strength > 0,
        f"model.interaction = 'abs({c.name})', or a positive multiple of it",
    )
    expect(case, not c.periodic, f"walls, but parameters.{c.name}.periodic = true")
    expect(case, isinstance(c.law, Uniform), f"a uniform law in parameters.{c.name}.initial")
    assert strength is not None
    assert isinstance(c.law, Uniform)
    return Collapse(c.name, c.law, strength, c.mobility)


SOLUTION = Solution(
    build_collapse,
    example={
        "time": 0.5,
        "model": {"kind": "potential", "interaction": "abs(x)"},
        "parameters": {"x": {"domain": [-1.5, 1.5], "cells": 63, "initial": {"law": "uniform"}}},
    },
)
