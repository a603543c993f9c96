"""Killed above V_b and born from mu_b."""

import numpy as np

from mfpde.lagrangian.born import Refilled


class Threshold(Refilled):
    """Births without clones."""

    clones = False

    def weighed(self, weights: np.ndarray, excess: np.ndarray, dt: float) -> tuple[np.ndarray, float]:
        """Weights below V_b have not grown; V held over the step."""
        kept = weights * np.exp(self.alpha * np.minimum(excess, 0) * dt)
        killing = weights @ np.maximum(excess, 0)
        return kept / kept.sum(), -float(np.expm1(-self.alpha * killing * dt))


SCHEME = Threshold
