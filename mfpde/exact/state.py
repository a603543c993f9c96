"""What an exact solution tells at one time, and how a case is refused that it does not apply to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.laws.normal import Normal
from mfpde.measures.mesh import Mesh
from mfpde.models.kinds import as_potential
from mfpde.models.parameters import Component
from mfpde.models.potential import Potential
from mfpde.models.problem import Problem

#: a normal law conditioned on an interval this many standard deviations wide to each side is as good as the
#: whole law
WHOLE = 6.0


@dataclass(frozen=True)
class ExactState:
    """What is known exactly at one time; None, or absent, where it is not."""

    prediction: np.ndarray | None = None  #: f(x_l) of a network (L,)
    energy: float | None = None  #: E
    mean: np.ndarray | None = None  #: (free components,)
    covariance: np.ndarray | None = None  #: (free components, free components)
    #: cell averages on the mesh, where the solution is exact for the mesh itself
    density: np.ndarray | None = None
    #: distribution functions of marginals by axis name; on a circle, the mass from the low end of the domain
    #: to x
    cdfs: Mapping[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)


class Exact(Protocol):
    """An exact solution of a case."""

    def at(self, time: float) -> ExactState:
        """What is known at a time."""


@dataclass(frozen=True)
class Solution:
    """An exact solution of a kind of case: how it is built, and a case that has it."""

    build: Callable[[Case, Problem, Mesh], Exact]
    #: tables of a small case, which tests solve on meshes that become finer
    example: Mapping[str, Any]
    of_mesh: bool = False  #: whether it is exact for every mesh, so that the time step alone errs


def expect(case: Case, holds: bool, needed: str) -> None:
    """Refuse a case that its exact solution does not apply to.

    Arguments:
        needed: what the solution needs, with the key to change.
    Raises:
        InputError: it does not hold.
    """
    assert case.exact is not None
    if not holds:
        raise InputError(f"{case.path}: exact.solution: '{case.exact.solution}' needs {needed}")


def expect_no(case: Case, *, birth_death: bool = False, diffusion: bool = False) -> None:
    """Refuse a reaction, or diffusion, in a case whose exact solution knows none.

    Raises:
        InputError: the case has what is named.
    """
    dynamics = case.dynamics
    expect(
        case,
        not (birth_death and dynamics.birth_death),
        f"dynamics.birth_death = 0, got {dynamics.birth_death}",
    )
    expect(case, not (diffusion and dynamics.diffusion), f"dynamics.diffusion = 0, got {dynamics.tau:g}")


def only_parameter(case: Case, model: Problem) -> tuple[Potential, Component]:
    """The potential of a case, and its only parameter.

    Raises:
        InputError: it is no potential, or one of several parameters.
    """
    potential, components = as_potential(model), model.parameters.components
    one = potential is not None and len(components) == 1
    expect(case, one, "model.kind = 'potential' with one parameter")
    assert potential is not None
    return potential, components[0]


def is_whole_normal(component: Component) -> bool:
    """Whether a component starts from a normal law that is not cut off in any way that matters."""
    law = component.law
    if not isinstance(law, Normal):
        return False
    return law.low <= law.mean - WHOLE * law.std and law.high >= law.mean + WHOLE * law.std
