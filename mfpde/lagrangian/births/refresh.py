"""Cloned, and replaced by draws of mu_b at a rate of its own."""

from collections.abc import Callable

import numpy as np

from mfpde.lagrangian.born import Born
from mfpde.models.problem import Cloud
from mfpde.randomness import generator


class Refresh(Born):
    """The process of clones, then refreshment."""

    def typical_rate(self, potential: np.ndarray, cloud: Callable[[], Cloud] | None = None) -> float:
        """Of clones, or of refreshment if that is larger."""
        return max(super().typical_rate(potential), self.rate)

    def jump(
        self,
        state: Callable[[], np.ndarray],
        potential: np.ndarray,
        dt: float,
        step: int,
        balanced: bool = False,
        cloud: Callable[[], Cloud] | None = None,
    ) -> np.ndarray | None:
        """The state after the jumps of one reaction step, or None if there were none."""
        moved = super().jump(state, potential, dt, step, balanced)
        for network, units, replicate, where in self.ladder.networks():
            random = generator(self.ladder.seed, "births", units, replicate, step)
            fresh = np.flatnonzero(random.random(units) < -np.expm1(-self.rate * dt))
            if len(fresh):
                moved = state() if moved is None else moved
                self.draw_into(moved[:, where], fresh, random)
                self.born[network] += len(fresh)
        return moved

    def weighed(self, weights: np.ndarray, excess: np.ndarray, dt: float) -> tuple[np.ndarray, float]:
        """A share by the rate."""
        return weights, -float(np.expm1(-self.rate * dt))


SCHEME = Refresh
