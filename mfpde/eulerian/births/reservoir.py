"""-alpha (V - V_b) mu + alpha (Vbar - V_b)+ mu_b - alpha (Vbar - V_b)- mu, V_b = int V dmu_b.

Killed where V is above V_b and cloned where it is below; what is lacking comes from the reservoir mu_b, what
is too much is thinned uniformly. This is what the authors' notebook of arXiv:1902.01843 does, where V_b = 0.
"""

from mfpde.eulerian.reaction import Refilled
from mfpde.eulerian.state import State


class Reservoir(Refilled):
    """With a reservoir from which mass is filled up."""

    above = False
    identity = "-alpha (int (V - V_b)^2 dmu - ((Vbar - V_b)-)^2) <= 0"

    def decay(self, state: State) -> float:
        """int (V - V_b)^2 dmu - ((Vbar - V_b)-)^2: Var V once the mean is below V_b."""
        potential = self.states.potential(state.moments.linear)
        level, mean = self.birth_level(potential), self.energy.mean_potential(state.moments)
        return self.backend.spread(state.field, potential, mean if mean < level else level, 2)


SCHEME = Reservoir
