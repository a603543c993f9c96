"""What moves units in stochastic gradient descent: V of a minibatch, drawn anew for every network at every
step.

Data are drawn with replacement, with the probabilities of their weights; under a population loss every x is
new (one-pass SGD). Either way the gradient is unbiased. Cost is that of B data per unit and step, on the
host."""

from typing import NamedTuple

import numpy as np

from mfpde.lagrangian.forces_numpy import feature_pull, network_rates
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.models.network import Network
from mfpde.models.population import PopulationNetwork
from mfpde.models.shallow import preactivations
from mfpde.randomness import generator


class Batch(NamedTuple):
    """B pairs, each with the same weight."""

    x: np.ndarray  #: (B, d)
    y: np.ndarray  #: (B,)
    weight: float


def draw_batch(model: Network | PopulationNetwork, size: int, random: np.random.Generator) -> Batch:
    """B independent pairs of what the model learns."""
    if isinstance(model, PopulationNetwork):
        x = model.kernel.inputs(random, size)
        return Batch(x, model.amplitudes @ model.activation.value(preactivations(model.units, x)), 1 / size)
    total = model.data.weights.sum()
    drawn = random.choice(len(model.data.y), size, p=model.data.weights / total)
    return Batch(model.data.x[drawn], model.data.y[drawn], float(total) / size)


class Minibatches(NumpyBackend):
    """Networks of one width. Velocities are those of the minibatch of step `step`, which whoever steps
    counts.
    """

    name = "minibatches"

    def __init__(self, model: Network | PopulationNetwork, ladder: Ladder, size: int):
        super().__init__(model, ladder, "float64", 0.0, model.penalty.strength if model.has_kink else 0.0)
        self.model, self.size, self.step = model, size, 0

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """Not those of the minibatch, which nobody asks for."""
        raise TypeError("minibatches see no more of f than a few data")

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V of the minibatch of this step, and its V."""
        model, count = self.model, len(self.ladder.sizes)
        keys = [(units, replicate) for _, units, replicate, _ in self.ladder.networks()]
        drawn = [
            draw_batch(model, self.size, generator(self.ladder.seed, "batch", *key, self.step))
            for key in keys
        ]
        x, y = np.array([b.x for b in drawn]), np.array([b.y for b in drawn])
        units = state.shape[1] // count
        a, z = state[0].reshape(count, units), state[1:-1].T.reshape(count, units, -1)
        f = (a[:, None] @ model.activation.value(preactivations(z, x)))[:, 0] / units
        h, gradient = feature_pull(model, z, x, drawn[0].weight * (f - y))
        rate = network_rates(
            model,
            state[0],
            z.reshape(state.shape[1], -1),
            h.ravel(),
            gradient.reshape(state.shape[1], -1),
            self.kink,
        )
        return self.allowed(rate, state)
