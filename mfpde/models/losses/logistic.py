"""l = log(1 + exp(-y f)) for y = -1 or 1: the cross-entropy of two classes whose odds are exp(f)."""

import numpy as np
from scipy.special import expit

from mfpde.models.loss import Loss


class Logistic(Loss):
    """The logistic loss."""

    curvature_bound = 0.25
    targets = "two classes"

    def value(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """log(1 + exp(-y f))."""
        return np.sum(np.logaddexp(0.0, -y * f), axis=-2)

    def slope(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """-y / (1 + exp(y f))."""
        return -y * expit(-y * f)

    def curvature(self, f: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        """s (1 - s) g, s the probability of a class."""
        return expit(f) * expit(-f) * g

    def opencl(self) -> str:
        """-y / (1 + exp(y f)); an infinite exponential gives 0."""
        return "#define LOSS_SLOPE(f, y) (-(y) / (1 + exp((y) * (f))))\n"


LOSS = Logistic
