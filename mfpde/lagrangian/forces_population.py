"""What moves units under a population loss: pair sums over the units of a network and over the teacher's,
readably.

The reference for kernels/population_units.cl; `forces_population_opencl` drives that.
"""

import numpy as np

from mfpde.lagrangian.forces_numpy import network_rates
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.models.population import PopulationNetwork
from mfpde.threads import each


class NumpyPopulation(NumpyBackend):
    """Units see each other, and the teacher's, through the kernel."""

    def __init__(self, network: PopulationNetwork, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(
            network, ladder, precision, weight_rate, network.penalty.strength if network.has_kink else 0.0
        )
        self.network = network

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """f of every network by its coefficients (networks, r)."""
        return self.network.predictions(
            state, self.weights(state), [where for *_, where in self.ladder.networks()]
        )

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        model = self.network
        rate = np.empty(state.shape, self.dtype)
        charges = (self.weights(state) * state[0]).astype(self.dtype, copy=False)
        teacher, its_charges = model.units.astype(self.dtype), -model.amplitudes.astype(self.dtype)

        def move(where: slice) -> None:
            a, z = state[0, where], state[1:-1, where].T
            h, gradient = model.kernel.pull(
                z, np.concatenate([z, teacher]), np.concatenate([charges[where], its_charges])
            )
            rate[:, where] = self.allowed(network_rates(model, a, z, h, gradient, self.kink), state[:, where])

        each(move, [where for *_, where in self.ladder.networks()])
        return rate
