"""The reaction without a mass constraint: d_t m = -alpha V m, of problems whose measures have any mass."""

import numpy as np

from mfpde.eulerian.backend import Field
from mfpde.eulerian.reaction import REACTION_CHANGE, Reaction
from mfpde.eulerian.state import State
from mfpde.models.energy import Moments


class Unbalanced(Reaction):
    """Mass is killed where V is positive and grows where it is negative; nothing is scaled back."""

    identity = "-alpha int V^2 dmu"

    def step(self, state: State, dt: float) -> Field:
        """The field after dt."""
        return self.clone(state, dt)

    def longest_step(self, state: State, change: Moments | None = None) -> float:
        """The step in which log m changes by `REACTION_CHANGE`, typically."""
        deviation = np.sqrt(self.variance(state)) if self.alpha else 0.0
        if state.moments.mass > 0:
            deviation /= np.sqrt(state.moments.mass)
        return REACTION_CHANGE / (self.alpha * deviation) if deviation > 0 else np.inf

    def variance(self, state: State) -> float:
        """int V^2 dmu."""
        return self.backend.spread(state.field, self.states.potential(state.moments.linear), 0.0, 2)

    def frozen(self, state: State, linear: np.ndarray, dt: float) -> Field:
        """m exp(-alpha dt V) for V frozen at linear moments."""
        return self.backend.react(state.field, self.states.potential(linear), self.alpha * dt, 0.0)
