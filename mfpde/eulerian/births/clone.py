"""-alpha (V - Vbar) mu: mass is killed where V is above its mean and grows where it is below."""

from mfpde.eulerian.backend import Field
from mfpde.eulerian.reaction import Reaction
from mfpde.eulerian.state import State


class Clone(Reaction):
    """The Fisher-Rao flow."""

    identity = "-alpha Var V"

    def step(self, state: State, dt: float) -> Field:
        """The field after dt."""
        return self.clone(state, dt)


SCHEME = Clone
