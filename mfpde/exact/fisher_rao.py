"""Reaction alone: nothing moves and masses only change their weight, exactly so for the mesh itself.

mu_t = mu_0 exp(-alpha int_0^t V ds) / Z. As V = amplitude h + r with h linear in the source (of a network,
weights (f - f*)), the exponent needs only R = int_0^t source ds, which solves an ordinary differential
equation: R' = source[mu_t(R, t)].
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.case import Case
from mfpde.exact.state import ExactState, Solution, expect, expect_no
from mfpde.exact.trajectory import Trajectory
from mfpde.measures.mesh import Mesh
from mfpde.models.mesh_potential import MeshPotential
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class FisherRao:
    """The reweighted initial density of a mesh."""

    model: Problem
    mesh: Mesh
    arrays: MeshPotential
    start: np.ndarray  #: masses of the cells at time 0 (Na, Nz)
    alpha: float

    def at(self, time: float) -> ExactState:
        """Density, energy, and the prediction of a network."""
        masses = self.masses(self._trajectory.at(time), time)
        moments, energy = self.arrays.moments(masses), self.arrays.energy
        prediction = energy.prediction(moments.linear) if self.model.function is not None else None
        return ExactState(
            prediction, energy.value(moments), density=masses.reshape(self.mesh.shape) / self.mesh.volumes
        )

    def masses(self, integral: np.ndarray, time: float) -> np.ndarray:
        """Masses of the cells (Na, Nz) from R and the time."""
        exponent = np.where(self.start > 0, -self.alpha * self.arrays.values(integral, time), -np.inf)
        masses = self.start * np.exp(exponent - exponent.max())
        return masses / masses.sum()

    @cached_property
    def _trajectory(self) -> Trajectory:
        def rate(time: float, integral: np.ndarray) -> np.ndarray:
            return self.arrays.energy.source(self.arrays.moments(self.masses(integral, time)).linear)

        return Trajectory(rate, np.zeros_like(self.arrays.moments(self.start).linear), rtol=1e-11)


def build_fisher_rao(case: Case, model: Problem, mesh: Mesh) -> FisherRao:
    """The reweighted density of a case.

    Raises:
        InputError: something moves, or nothing reacts.
    """
    expect_no(case, diffusion=True)
    expect(case, bool(case.dynamics.birth_death), "dynamics.birth_death > 0")
    for c in model.parameters.free:
        expect(case, c.mobility == 0, f"parameters.{c.name}.mobility = 0: nothing may move")
    arrays = model.on_mesh(mesh)
    masses = mesh.average_density([c.law for c in model.parameters.free]) * mesh.volumes
    return FisherRao(model, mesh, arrays, masses.reshape(len(arrays.amplitude), -1), case.dynamics.alpha)


SOLUTION = Solution(
    build_fisher_rao,
    example={
        "model": {"kind": "potential", "external": "cos(x)", "interaction": "x^2/8"},
        "parameters": {
            "x": {"domain": [-4, 4], "cells": 32, "mobility": 0.0, "initial": {"law": "normal", "std": 0.8}}
        },
        "dynamics": {"birth_death": 2.0},
    },
    of_mesh=True,
)
