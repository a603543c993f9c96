"""The reaction d_t m = -alpha (V - Vbar) m by the exponential Heun method, with births in between if there
are any; without mass constraint d_t m = -alpha V m.
"""

import numpy as np

from mfpde.case import schema
from mfpde.eulerian.backend import Backend, Field
from mfpde.eulerian.state import Refused, State, States

REACTION_CHANGE = 0.1  #: of log m in a step, typically


class Reaction:
    """Birth and death at rate alpha; of V, or of V + tau log mu if `entropic` is tau. Nothing happens if
    alpha is 0.

    Arguments:
        balanced: whether as much dies as is born, so that mass is conserved.
    """

    def __init__(
        self,
        backend: Backend,
        states: States,
        dynamics: schema.Dynamics,
        births: Field | None,
        balanced: bool = True,
    ):
        self.balanced = balanced
        self.backend, self.states, self.energy = backend, states, states.energy
        self.alpha, self.births = dynamics.birth_death, births
        self.entropic = dynamics.diffusion if dynamics.reaction == "entropic" else 0.0

    def longest_step(self, state: State) -> float:
        """The step in which log m changes by `REACTION_CHANGE`, typically."""
        deviation = np.sqrt(self.variance(state)) if self.alpha else 0.0
        if not self.balanced and state.moments.mass > 0:
            deviation /= np.sqrt(state.moments.mass)
        return REACTION_CHANGE / (self.alpha * deviation) if deviation > 0 else np.inf

    def variance(self, state: State) -> float:
        """Var V under the measure; of V + tau log mu if entropic. Without mass constraint int V^2 dmu."""
        mean = 0.0
        if self.balanced:
            mean = self.energy.mean_potential(state.moments) + self.entropic * state.entropy
        return self.backend.spread(
            state.field, self.states.potential(state.moments.linear), mean, 2, self.entropic
        )

    def step(self, state: State, dt: float) -> Field:
        """The field after dt; its mass stays what it was, if the reaction is balanced.

        Raises:
            Refused: the exponential left the range of numbers.
        """
        if self.births is None:
            return self._clone(state, dt)
        before = self.states.of(self._renew(state, dt / 2))
        return self._renew(self.states.of(self._clone(before, dt)), dt / 2)

    def _renew(self, state: State, dt: float) -> Field:
        """Heun for d_t m = s (mu_b - m), s = alpha/2 int |V - Vbar| dm: killed at rate alpha (V - Vbar)+,
        reborn from mu_b.
        """
        start = self._killing(state)
        trial = self.states.of(self._blend_births(state, start * dt))
        return self._blend_births(state, (start + self._killing(trial)) / 2 * dt)

    def _killing(self, state: State) -> float:
        mean = self.energy.mean_potential(state.moments)
        return (
            self.alpha
            * self.backend.spread(state.field, self.states.potential(state.moments.linear), mean, 1)
            / 2
        )

    def _blend_births(self, state: State, exponent: float) -> Field:
        assert self.births is not None
        share = -np.expm1(-exponent)
        return self.backend.blend(1 - share, state.field, share * state.moments.mass, self.births)

    def _clone(self, state: State, dt: float) -> Field:
        trial = self.frozen(state, state.moments.linear, dt)
        middle = (state.moments.linear + self.backend.moments(trial).linear) / 2
        return self.frozen(state, middle, dt)

    def frozen(self, state: State, linear: np.ndarray, dt: float) -> Field:
        """m exp(-alpha dt (V - Vbar)) for V frozen at linear moments, scaled to the mass of m; exact for the
        entropic reaction too. Without mass constraint m exp(-alpha dt V).
        """
        if not self.balanced:
            return self.backend.react(state.field, self.states.potential(linear), self.alpha * dt, 0.0)
        # any shift near the mean will do, since the mass is restored
        mean = self.energy.mean_potential(state.moments)
        power = np.exp(-self.alpha * self.entropic * dt)
        strength = (1 - power) / self.entropic if self.entropic else self.alpha * dt
        field = self.backend.react(state.field, self.states.potential(linear), strength, mean, power)
        mass = self.backend.moments(field).mass
        if not (np.all(np.isfinite(mass)) and np.all(mass > 0)):
            raise Refused
        return self.backend.blend(0.0, field, state.moments.mass / mass, field)
