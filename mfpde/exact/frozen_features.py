"""A network in which only a moves: f follows a linear equation, exactly so for the mesh's own quadrature of
the law nu of z.

a' = -M (h(z) + 2 lambda a) gives f' = -K (f - f*) - 2 lambda M f,  K_lm = M int phi(x_l, z) phi(x_m, z) dnu
weights_m.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.exact.state import ExactState, Solution, expect, expect_no
from mfpde.measures.mesh import Mesh
from mfpde.models.feature_coupling import Features
from mfpde.models.kinds import as_network, perceptrons
from mfpde.models.network import Network
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class FrozenFeatures:
    """f in the eigenvectors of K, which is symmetric in the coordinates sqrt(weights) f."""

    network: Network
    data: Dataset
    rates: np.ndarray  #: eigenvalues of K (L,)
    modes: np.ndarray  #: eigenvectors (L, L)
    start: np.ndarray  #: f at time 0 (L,)
    shrinkage: float  #: 2 lambda M
    confined: float  #: int kappa |z|^2 dnu

    def at(self, time: float) -> ExactState:
        """The prediction, and the energy if a has no penalty."""
        root = np.sqrt(self.data.weights)
        start, target = self.modes.T @ (root * self.start), self.modes.T @ (root * self.data.y)
        decay = self.rates + self.shrinkage
        # a mode that does not move has no limit of its own
        limit = np.divide(self.rates, decay, out=np.zeros_like(decay), where=decay > 0) * target
        prediction = self.modes @ (limit + np.exp(-decay * time) * (start - limit)) / root
        energy = None if self.shrinkage else float(self.network.risk.loss(prediction) + 2 * self.confined)
        return ExactState(prediction, energy)


def build_frozen_features(case: Case, model: Problem, mesh: Mesh) -> FrozenFeatures:
    """The linear solution of a case.

    Raises:
        InputError: the case is another one.
    """
    expect_no(case, birth_death=True, diffusion=True)
    features, network = perceptrons(model), as_network(model)
    expect(case, features is not None, "model.kind = 'network' with data points, under the square loss")
    assert features is not None
    assert network is not None
    amplitude, *rest = model.parameters.components
    expect(case, amplitude.free and amplitude.mobility > 0, "a free parameters.a with mobility > 0")
    for c in rest:
        expect(case, not c.free or c.mobility == 0, f"parameters.{c.name}.mobility = 0: only a may move")
    penalty = network.penalty.spec
    expect(
        case,
        penalty.weight == 0 or penalty.power == 2,
        f"model.penalty.power = 2 or model.penalty.lambda = 0, got power = {penalty.power:g}",
    )
    arrays = model.on_mesh(mesh)
    assert isinstance(arrays.coupling, Features)
    matrix = arrays.coupling.matrix
    masses = mesh.average_density([c.law for c in model.parameters.free]) * mesh.volumes
    masses = masses.reshape(len(arrays.amplitude), -1)
    nu = masses.sum(axis=0)
    data = features.data
    root = np.sqrt(data.weights)
    rates, modes = np.linalg.eigh(
        amplitude.mobility * (root[:, None] * (matrix.T @ (nu[:, None] * matrix)) * root)
    )
    start = matrix.T @ (arrays.amplitude @ masses)
    # K is not negative; its small eigenvalues may be, by rounding
    return FrozenFeatures(
        network,
        data,
        np.maximum(rates, 0.0),
        modes,
        start,
        2 * penalty.weight * amplitude.mobility,
        float(nu @ arrays.penalty_z),
    )


SOLUTION = Solution(
    build_frozen_features,
    example={
        "data": {"teacher": "sin(x0)", "inputs": {"law": "grid", "low": -2, "high": 2, "points": 8}},
        "model": {"bias": False},
        "parameters": {
            "a": {"domain": [-6, 6], "cells": 17, "initial": {"law": "normal"}},
            "w": {"domain": [-4, 4], "cells": 12, "mobility": 0.0, "initial": {"law": "normal", "std": 0.8}},
        },
    },
    of_mesh=True,
)
