"""Killed above V_b, cloned below, filled up from mu_b or thinned."""

import numpy as np

from mfpde.lagrangian.born import Refilled


class Reservoir(Refilled):
    """With a reservoir from which units are filled up."""

    clones = True

    def weighed(self, weights: np.ndarray, excess: np.ndarray, dt: float) -> tuple[np.ndarray, float]:
        """A share by which the mean is above V_b."""
        return weights, -float(np.expm1(-self.alpha * max(weights @ excess, 0.0) * dt))


SCHEME = Reservoir
