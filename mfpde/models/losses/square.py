"""l = (f - y)^2 / 2: the risk is |f - f*|^2 in L2(nu)."""

import numpy as np

from mfpde.models.loss import Loss


class Square(Loss):
    """Half the squared distance."""

    risk = "|f - f*|^2"
    curvature_bound = 1.0

    def value(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(f - y)^2 / 2."""
        return np.sum((f - y) ** 2, axis=-2) / 2

    def slope(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """f - y."""
        return f - y

    def curvature(self, f: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        """g."""
        return g

    def conjugate(self, p: np.ndarray, y: np.ndarray) -> np.ndarray:
        """p y + p^2 / 2."""
        return np.sum(p * (y + p / 2), axis=0)

    def opencl(self) -> str:
        """f - y."""
        return "#define LOSS_SLOPE(f, y) ((f) - (y))\n"


LOSS = Square
