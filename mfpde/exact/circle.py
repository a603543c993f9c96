"""A potential on a circle of length 2 pi, in multiples of its cosine."""

import numpy as np
import sympy

from mfpde.case import Case
from mfpde.exact.state import expect
from mfpde.models.kinds import as_potential
from mfpde.models.parameters import Component
from mfpde.models.potential import Potential
from mfpde.models.problem import Problem

TURN = 2 * np.pi


def on_circle(case: Case, model: Problem) -> tuple[Potential, Component, sympy.Expr]:
    """The potential, its only parameter, and its cosine.

    Raises:
        InputError: it is no potential, or not on a circle of length 2 pi.
    """
    potential = as_potential(model)
    expect(
        case,
        potential is not None and len(model.parameters.components) == 1,
        "model.kind = 'potential' with one parameter",
    )
    assert potential is not None
    (c,) = model.parameters.components
    circle = c.periodic and c.domain is not None and abs(c.domain[1] - c.domain[0] - TURN) < 1e-9
    expect(case, circle, f"parameters.{c.name}.periodic = true with a domain of length 2 pi")
    return potential, c, sympy.cos(sympy.Symbol(c.name, real=True))
