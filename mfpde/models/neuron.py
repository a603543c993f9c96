"""phi(z; x) = sigma(<w, x> + b), z = (w1, ..., wd[, b]): the formulas of a hidden unit, at any inputs."""

import numpy as np

from mfpde.activations import Activation
from mfpde.models.remainders import reach_of, remainder_of


def preactivations(z: np.ndarray, x: np.ndarray) -> np.ndarray:
    """<w, x_l> + b of shape (..., N, L), for z (..., N, components of z) and x (..., L, d)."""
    d = x.shape[-1]
    t = z[..., :d] @ x.swapaxes(-1, -2)
    return t + z[..., d:] if z.shape[-1] > d else t


class Neuron:
    """What a hidden unit computes; for classes that know its activation."""

    activation: Activation
    has_bias: bool  #: whether z ends with b

    def values(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """sigma (..., N, L)."""
        return self.activation.value(preactivations(z, x))

    def slopes(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """sigma' times the inputs, and times 1 for the bias (..., N, L, components of z)."""
        slope = self.activation.slope(preactivations(z, x))
        return slope[..., None] * self.prepare(x)[..., None, :, :]

    def prepare(self, x: np.ndarray) -> np.ndarray:
        """What the gradient of a preactivation by z is: the input, and 1 for a bias (..., L, components of
        z).
        """
        ones = np.ones((*x.shape[:-1], 1), x.dtype)
        return np.concatenate([x, ones], axis=-1) if self.has_bias else x

    def pull(self, z: np.ndarray, x: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """h and its gradient, from inputs of every network."""
        value, slope = self.activation.with_slope(preactivations(z, x))
        directions = residual[..., None] * self.prepare(x)
        return (value @ residual[..., None])[..., 0], slope @ directions

    def remainder(self, centre: np.ndarray, radius: np.ndarray, x: np.ndarray) -> np.ndarray:
        """By how much sigma may leave its tangent (N, L); see `FeatureMap`."""
        t, d = preactivations(centre, x), preactivations(radius, np.abs(x))
        return remainder_of(self.activation, reach_of(np.abs(t) + d))(t, d)
