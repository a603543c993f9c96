"""l = log(1 + exp(-y f)) for y = -1 or 1: the cross-entropy of two classes whose odds are exp(f)."""

import numpy as np
from scipy.special import expit, xlogy

from mfpde.models.classes import cross_entropy
from mfpde.models.loss import Loss

TARGETS = "two classes"  #: what it takes: -1 and +1


class Logistic(Loss):
    """The logistic loss."""

    risk = "2 mean log(1 + exp(-y f))"
    curvature_bound = 0.25

    def value(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """log(1 + exp(-y f))."""
        return cross_entropy(f, y)

    def slope(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """-y / (1 + exp(y f))."""
        return -y * expit(-y * f)

    def curvature(self, f: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        """s (1 - s) g, s the probability of a class."""
        return expit(f) * expit(-f) * g

    def conjugate(self, p: np.ndarray, y: np.ndarray) -> np.ndarray:
        """u log u + (1 - u) log(1 - u) with u = -p y, in [0, 1]."""
        u = np.clip(-p * y, 0.0, 1.0)
        return np.sum(xlogy(u, u) + xlogy(1 - u, 1 - u), axis=0)

    def opencl(self) -> str:
        """-y / (1 + exp(y f)); an infinite exponential gives 0."""
        return "#define LOSS_SLOPE(f, y) (-(y) / (1 + exp((y) * (f))))\n"


LOSS = Logistic
