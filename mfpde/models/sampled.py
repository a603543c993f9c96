"""Coordinates of functions of L2(nu) where no few features span the others: their values at inputs drawn from
nu.

In high dimension the kernels of units have too many directions of about equal weight for a basis of features
(`nystroem`), which would lose what it does not span. Values at Q inputs lose nothing on average: (1/Q) sum_q
g(x_q)^2 is unbiased for |g|^2. Inputs come in orthogonal frames with both signs, which on the sphere is exact
for polynomials of degree up to 3 (under N(0, I), whose lengths are random, for odd ones); orthogonal
Monte-Carlo, Yu et al. 2016, arXiv:1610.09072. Forces on units do not use them: they are exact.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.activations import Activation
from mfpde.models.neuron import preactivations
from mfpde.models.population_kernels import PopulationKernel
from mfpde.randomness import generator

#: inputs: square norms then err by about 1 % in dimension 16, see tests/test_population.py
COUNT = 2048
#: features formed at once
BLOCK = 1 << 22


@dataclass(frozen=True)
class SampledInputs:
    """The inputs; the coordinates of g are g(x_q) / sqrt(Q)."""

    activation: Activation
    x: np.ndarray  #: (Q, d)

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Coordinates of phi(., z), shape (N, Q), for z of shape (N, components of z)."""
        return self.activation.value(preactivations(z, self.x)) / np.sqrt(len(self.x))

    def of_sum(self, z: np.ndarray, charges: np.ndarray) -> np.ndarray:
        """Coordinates of sum_j charges_j phi(., z_j), shape (Q,)."""
        rows = max(1, BLOCK // len(self.x))
        return np.sum([charges[i : i + rows] @ self(z[i : i + rows]) for i in range(0, len(z), rows)], axis=0)


def sample_inputs(activation: Activation, kernel: PopulationKernel, count: int = COUNT) -> SampledInputs:
    """About `count` inputs of the law of a kernel, the same every time: frames of d orthogonal directions and
    their opposites.
    """
    random, d = generator(0, "inputs", 1), kernel.dimension
    frames = -(-count // (2 * d))
    directions = np.linalg.qr(random.standard_normal((frames, d, d)))[0].swapaxes(1, 2).reshape(-1, d)
    if kernel.law == "gaussian":
        directions *= np.linalg.norm(random.standard_normal((len(directions), d)), axis=1, keepdims=True)
    return SampledInputs(activation, np.stack([directions, -directions], axis=1).reshape(-1, d))
