"""Units that feel what their problem itself says of them, on the host: for problems without kernels of their
own.
"""

import numpy as np

from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.models.problem import ProblemOfUnits


class OwnForces(NumpyBackend):
    """The problem gives -grad V and V of the units of one network; a device, if there is one, is not used."""

    def __init__(
        self, problem: ProblemOfUnits, ladder: Ladder, precision: str, weight_rate: float, device=None
    ):
        super().__init__(problem, ladder, precision, weight_rate)
        self.problem = problem

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """f of every network by its coordinates (networks, r); nothing without a function."""
        weights = self.weights(state)
        parts = [where for *_, where in self.ladder.networks()]
        return np.array([weights[where] @ self.problem.unit_functions(state[:, where]) for where in parts])

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        weights, rate = self.weights(state), np.empty(state.shape)
        for *_, where in self.ladder.networks():
            theta = self.space.theta(state[:, where]).astype(np.float64)
            rate[:, where] = self.problem.unit_rates(theta, weights[where])
        return self.allowed(rate, state)
