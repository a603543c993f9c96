"""Huber's loss: (f - y)^2 / 2 up to a distance of delta, from there on a line; robust against outliers.

Huber, Ann. Math. Statist. 35 (1964) 73, doi:10.1214/aoms/1177703732.
"""

import numpy as np

from mfpde.models.loss import Loss


class Huber(Loss):
    """Huber's loss with the width model.huber_delta."""

    risk = "2 mean l(f - f*), l(e) = e^2 / 2 up to delta and a line from there"
    curvature_bound = 1.0
    is_smooth = False

    def _clipped(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.clip(f - y, -self.spec.huber_delta, self.spec.huber_delta)

    def value(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """c (e - c / 2) for an error e clipped to c."""
        clipped = self._clipped(f, y)
        return np.sum(clipped * (f - y - clipped / 2), axis=-2)

    def slope(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The error, clipped at delta."""
        return self._clipped(f, y)

    def curvature(self, f: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        """g where the error is below delta, else 0."""
        return np.where(np.abs(f - y) < self.spec.huber_delta, g, 0.0)

    def conjugate(self, p: np.ndarray, y: np.ndarray) -> np.ndarray:
        """p y + p^2 / 2, for |p| <= delta."""
        return np.sum(p * (y + p / 2), axis=0)

    def opencl(self) -> str:
        """The error, clipped at delta."""
        delta = f"((double){self.spec.huber_delta!r})"
        return f"#define LOSS_SLOPE(f, y) clamp((double)((f) - (y)), -{delta}, {delta})\n"


LOSS = Huber
