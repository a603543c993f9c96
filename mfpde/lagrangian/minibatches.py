"""What moves units in stochastic gradient descent: V of a minibatch, drawn anew for every network at every
step.

Data are drawn with replacement, with the probabilities of their weights; under a population loss every x is
new (one-pass SGD). Either way the gradient is unbiased. Cost is that of B data per unit and step, on the
host.
"""

import numpy as np

from mfpde.lagrangian.forces_numpy import network_rates
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.models.network import Network
from mfpde.randomness import generator


class Minibatches(NumpyBackend):
    """Networks of one width. Velocities are those of the minibatch of step `step`, which whoever steps
    counts.
    """

    name = "minibatches"

    def __init__(self, network: Network, ladder: Ladder, size: int):
        super().__init__(network, ladder, "float64", 0.0)
        self.network, self.size, self.step = network, size, 0

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """Not those of the minibatch, which nobody asks for."""
        raise TypeError("minibatches see no more of f than a few data")

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V of the minibatch of this step, and its V."""
        network, count = self.network, len(self.ladder.sizes)
        keys = [(units, replicate) for _, units, replicate, _ in self.ladder.networks()]
        seed, features = self.ladder.seed, network.features
        drawn = [features.draw(self.size, generator(seed, "batch", *key, self.step)) for key in keys]
        x, y = np.array([b.x for b in drawn]), np.array([b.y for b in drawn])
        a = self.space.a(state)
        a, z = a.reshape(len(a), count, -1), self.space.z(state).reshape(count, -1, len(self.space.rest))
        values = features.values(z, x)
        f = np.stack([(of_one[:, None] @ values)[:, 0] for of_one in a], axis=1) / z.shape[1]
        slopes = drawn[0].weight * features.loss.slope(f, y)
        found = [features.pull(z, x, slopes[:, output]) for output in range(len(a))]
        h = np.array([pull.ravel() for pull, _ in found])
        gradient = np.array([slope.reshape(state.shape[1], -1) for _, slope in found])
        return self.allowed(network_rates(network, state, h, gradient), state)
