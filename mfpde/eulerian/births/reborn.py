"""-alpha (V - Vbar) mu + alpha/2 int |V - Vbar| dmu (mu_b - mu): what is killed is reborn from mu_b.

The process of arXiv:1902.01843 at constant population; mu_b has an amplitude of its own, so E may rise.
"""

from mfpde.eulerian.backend import Field
from mfpde.eulerian.reaction import Reaction
from mfpde.eulerian.state import State


class Reborn(Reaction):
    """The Fisher-Rao flow between two halves of births."""

    proven = False

    def step(self, state: State, dt: float) -> Field:
        """The field after dt."""
        assert self.births is not None
        before = self.states.of(self._renew(state, dt / 2))
        return self._renew(self.states.of(self.clone(before, dt)), dt / 2)

    def _renew(self, state: State, dt: float) -> Field:
        """Heun for d_t m = s (mu_b - m), s = alpha/2 int |V - Vbar| dm: killed at rate alpha (V - Vbar)+,
        reborn from mu_b.
        """
        start = self._killing(state)
        trial = self.states.of(self.blended(state, start * dt))
        return self.blended(state, (start + self._killing(trial)) / 2 * dt)

    def _killing(self, state: State) -> float:
        mean = self.energy.mean_potential(state.moments)
        return (
            self.alpha
            * self.backend.spread(state.field, self.states.potential(state.moments.linear), mean, 1)
            / 2
        )


SCHEME = Reborn
