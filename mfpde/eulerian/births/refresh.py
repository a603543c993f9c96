"""-alpha (V - Vbar) mu + rate (mu_b - mu): mass is cloned, and a share of it is replaced all the time.

E rises by it while Vbar < V_b, so that it keeps above its minimum by something of the order of the rate.
"""

import numpy as np

from mfpde.eulerian.backend import Field
from mfpde.eulerian.reaction import REACTION_CHANGE, Reaction
from mfpde.eulerian.state import State
from mfpde.models.energy import Moments


class Refresh(Reaction):
    """Cloning between two halves of refreshment, which is exact."""

    proven = False
    identity = "-alpha Var V - rate (Vbar - V_b)"

    def step(self, state: State, dt: float) -> Field:
        """The field after dt."""
        before = self.states.of(self.blended(state, self.rate * dt / 2))
        return self.blended(self.states.of(self.clone(before, dt)), self.rate * dt / 2)

    def dissipated(self, before: State, after: State, dt: float) -> float:
        """With what refreshment takes."""
        return super().dissipated(before, after, dt) + dt * self.rate * (
            self._excess(before) + self._excess(after)
        )

    def longest_step(self, state: State, change: Moments | None = None) -> float:
        """Not longer than refreshment allows."""
        return min(super().longest_step(state, change), REACTION_CHANGE / self.rate)

    def _excess(self, state: State) -> float:
        """Vbar - V_b."""
        potential = self.states.potential(state.moments.linear)
        return float(np.sum(self.energy.mean_potential(state.moments))) - self.birth_level(potential)


SCHEME = Refresh
