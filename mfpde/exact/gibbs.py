"""The steady state of diffusion in a fixed potential, which the fluxes of Scharfetter and Gummel keep on the
mesh itself.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.case import Case
from mfpde.exact.state import ExactState, Solution, expect
from mfpde.measures.mesh import Mesh
from mfpde.models.kinds import as_potential
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class Gibbs:
    """exp(-V / tau) / Z on the cells of a mesh."""

    density: np.ndarray  #: cell averages on the mesh
    energy: float

    def at(self, time: float) -> ExactState:
        """The steady state, whatever the time: errors against it vanish only as the solution settles."""
        return ExactState(energy=self.energy, density=self.density)


def build_gibbs(case: Case, model: Problem, mesh: Mesh) -> Gibbs:
    """The steady state of a case.

    Raises:
        InputError: the case has another steady state, or many.
    """
    potential = as_potential(model)
    expect(case, potential is not None, "model.kind = 'potential'")
    assert potential is not None
    dynamics = case.dynamics
    expect(case, potential.interaction is None, "a case without model.interaction")
    expect(case, dynamics.tau > 0, "dynamics.diffusion > 0")
    expect(
        case,
        not dynamics.birth_death or dynamics.reaction == "entropic",
        "dynamics.birth_death = 0 or dynamics.reaction = 'entropic': a plain reaction has another steady"
        " state",
    )
    for c in model.parameters.free:
        expect(
            case,
            c.mobility > 0,
            f"parameters.{c.name}.mobility > 0: what cannot move does not forget its start",
        )
    v = potential.on_mesh(mesh).penalty_z.reshape(mesh.shape)
    weight = np.exp(-(v - v.min()) / dynamics.tau)
    density = weight / np.sum(weight * mesh.volumes)
    return Gibbs(density, 2 * float(np.sum(v * density * mesh.volumes)))


SOLUTION = Solution(
    build_gibbs,
    example={
        "time": 20.0,
        "model": {"kind": "potential", "external": "(x^2 - 1)^2/4"},
        "parameters": {"x": {"domain": [-3, 3], "cells": 24, "initial": {"law": "normal", "std": 0.5}}},
        "dynamics": {"diffusion": 0.5},
    },
    of_mesh=True,
)
