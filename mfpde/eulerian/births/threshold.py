"""-alpha (V - V_b)+ mu + alpha K mu_b, V_b = int V dmu_b, K = int (V - V_b)+ dmu.

Killed where V is above V_b, and all of that is born from mu_b; nothing is cloned.
"""

from mfpde.eulerian.reaction import Refilled
from mfpde.eulerian.state import State


class Threshold(Refilled):
    """Births without cloning."""

    above = True
    identity = "-alpha int ((V - V_b)+)^2 dmu <= 0"

    def decay(self, state: State) -> float:
        """int ((V - V_b)+)^2 dmu."""
        potential = self.states.potential(state.moments.linear)
        return self.backend.spread(state.field, potential, self.birth_level(potential), 2, above=True)


SCHEME = Threshold
