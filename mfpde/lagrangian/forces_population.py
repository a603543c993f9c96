"""What moves units under a population loss: pair sums over the units of a network and over the teacher's,
readably.

The reference for kernels/population_units.cl; `forces_population_opencl` drives that.
"""

import numpy as np

from mfpde.lagrangian.forces_numpy import network_rates
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.models.network import Network
from mfpde.models.population import PopulationFeatures
from mfpde.threads import each


class NumpyPopulation(NumpyBackend):
    """Units see each other, and the teacher's, through the kernel."""

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(network, ladder, precision, weight_rate)
        self.network, self.features = network, population(network)

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """f of every network by its coefficients (networks, r)."""
        return predictions(self.network, self.ladder, state, self.weights(state))

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        features, space = self.features, self.space
        rate = np.empty(state.shape, self.dtype)
        charges = (self.weights(state) * space.a(state)[0]).astype(self.dtype, copy=False)
        teacher, its_charges = features.units.astype(self.dtype), -features.amplitudes.astype(self.dtype)

        def move(where: slice) -> None:
            z = space.z(state[:, where])
            h, gradient = features.kernel.pull(
                z, np.concatenate([z, teacher]), np.concatenate([charges[where], its_charges])
            )
            made = network_rates(self.network, state[:, where], h[None], gradient[None], self.factor)
            rate[:, where] = self.allowed(made, state[:, where])

        each(move, [where for *_, where in self.ladder.networks()])
        return rate


def population(network: Network) -> PopulationFeatures:
    """The features of a network under a population loss."""
    assert isinstance(network.features, PopulationFeatures)
    return network.features


def predictions(network: Network, ladder: Ladder, state: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """f of every network by its coefficients (networks, r), for a state (components + 1, units)."""
    space, state = network.parameters, state.astype(np.float64)
    charges = weights * space.a(state)[0]
    networks = [where for *_, where in ladder.networks()]
    return np.array([network.features.of_sum(space.z(state[:, where]), charges[where]) for where in networks])
