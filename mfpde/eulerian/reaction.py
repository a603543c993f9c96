"""The reaction d_t m = -alpha (V - Vbar) m by the exponential Heun method, and what schemes of births share.

The schemes (`births`) are its subclasses. Every one is positive, keeps the mass, and is of second order. So
is `unbalanced`, for measures of any mass.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from mfpde.case import schema
from mfpde.eulerian.backend import Backend, Field, Potential
from mfpde.eulerian.state import Refused, State, States
from mfpde.models.energy import Moments

REACTION_CHANGE = 0.1  #: of log m in a step, typically
#: of the time until births end, what a step may take; and of the step without that limit, what it takes at
#: least
SHARE_OF_BIRTHS, SHORTEST = 0.2, 0.005
#: a time over which nothing but rounding is nonlinear
NUDGE = 1e-6


class Reaction(ABC):
    """Birth and death at rate alpha; of V, or of V + tau log mu if `entropic` is tau. Nothing happens if
    alpha is 0.

    Arguments:
        births: mu_b, of mass 1; None if nothing is born from a law of its own.
    """

    #: whether E is proved to decay along it
    proven: ClassVar[bool] = True
    #: what it does to E where that is proved, for documents: dE/dt / 2
    identity: ClassVar[str] = ""

    def __init__(self, backend: Backend, states: States, dynamics: schema.Dynamics, births: Field | None):
        self.backend, self.states, self.energy = backend, states, states.energy
        self.births, rate = births, dynamics.birth_death
        self.alpha = 0.0 if isinstance(rate, str) else rate  #: at present
        self.entropic = dynamics.tau if dynamics.reaction == "entropic" else 0.0
        self.rate = (dynamics.births and dynamics.births.rate) or 0.0

    @abstractmethod
    def step(self, state: State, dt: float) -> Field:
        """The field after dt; its mass stays what it was.

        Raises:
            Refused: the exponential left the range of numbers.
        """

    def decay(self, state: State) -> float:
        """-dE/dt / (2 alpha) by the reaction, without what births do to E if that is not in `proven`."""
        return self.variance(state)

    def dissipated(self, before: State, after: State, dt: float) -> float:
        """Half of the energy that it has taken over dt, by the trapezoidal rule."""
        return dt * (self.decay(before) + self.decay(after)) * self.alpha

    def longest_step(self, state: State, change: Moments | None = None) -> float:
        """The step in which log m changes by `REACTION_CHANGE`, typically.

        Arguments:
            change: moments of the rate of transport, if they are known.
        """
        deviation = np.sqrt(self.decay(state)) if self.alpha else 0.0
        return REACTION_CHANGE / (self.alpha * deviation) if deviation > 0 else np.inf

    def variance(self, state: State) -> float:
        """Var V under the measure; of V + tau log mu if entropic."""
        mean = self.energy.mean_potential(state.moments) + self.entropic * state.entropy
        return self.backend.spread(
            state.field, self.states.potential(state.moments.linear), mean, 2, self.entropic
        )

    def birth_level(self, potential: Potential) -> float:
        """V_b = int V dmu_b."""
        parts = [self.backend.spread(self.births, potential, 0.0, 1, above=above) for above in (True, False)]
        return 2 * parts[0] - parts[1]

    def clone(self, state: State, dt: float) -> Field:
        """Units are killed and cloned, and nothing else is born."""
        trial = self.frozen(state, state.moments.linear, dt)
        middle = (state.moments.linear + self.backend.moments(trial).linear) / 2
        return self.frozen(state, middle, dt)

    def frozen(self, state: State, linear: np.ndarray, dt: float) -> Field:
        """m exp(-alpha dt (V - Vbar)) for V frozen at linear moments, scaled to the mass of m; exact for the
        entropic reaction too.
        """
        # any shift near the mean will do, since the mass is restored
        mean = self.energy.mean_potential(state.moments)
        power = np.exp(-self.alpha * self.entropic * dt)
        strength = (1 - power) / self.entropic if self.entropic else self.alpha * dt
        field = self.backend.react(state.field, self.states.potential(linear), strength, mean, power)
        return self.scaled(field, self.mass_of(field), state.moments.mass)

    def blended(self, state: State, exponent: float) -> Field:
        """The field after it has decayed to mu_b by this exponent."""
        assert self.births is not None
        share = -np.expm1(-exponent)
        return self.backend.blend(1 - share, state.field, share * state.moments.mass, self.births)

    def scaled(self, field: Field, mass: float, wanted: float) -> Field:
        """A field with the mass that is wanted."""
        return self.backend.blend(0.0, field, wanted / mass, field)

    def mass_of(self, field: Field) -> float:
        """Its mass.

        Raises:
            Refused: it is no positive number.
        """
        mass = self.backend.moments(field).mass
        if not (np.all(np.isfinite(mass)) and np.all(mass > 0)):
            raise Refused
        return mass


class Refilled(Reaction):
    """Mass decays as exp(-alpha t (V - V_b)), V_b = int V dmu_b, and what is then lacking comes from mu_b;
    what is too much is taken away in proportion.
    """

    #: whether the decay is that of the positive part of V - V_b alone, so that there is never too much
    above: ClassVar[bool]

    def step(self, state: State, dt: float) -> Field:
        """The exponential Heun method."""
        trial = self._refilled(state, state.moments.linear, dt)
        middle = (state.moments.linear + self.backend.moments(trial).linear) / 2
        return self._refilled(state, middle, dt)

    def longest_step(self, state: State, change: Moments | None = None) -> float:
        """Births end when Vbar falls below V_b, and mass that is born early may grow to be all there is. So
        steps are shorter than the time that is left until then by transport, unless they would stand still.
        """
        longest = super().longest_step(state)
        if change is None:
            return longest
        moments, mean = state.moments, self.energy.mean_potential(state.moments)
        left = mean - self.birth_level(self.states.potential(moments.linear))
        linear, penalty = moments.linear + NUDGE * change.linear, moments.penalty + NUDGE * change.penalty
        slope = (self.energy.mean_potential(moments._replace(linear=linear, penalty=penalty)) - mean) / NUDGE
        if left <= 0 or slope >= 0:
            return longest
        return min(longest, max(SHARE_OF_BIRTHS * left / -slope, SHORTEST * longest))

    def _refilled(self, state: State, linear: np.ndarray, dt: float) -> Field:
        """For V frozen at linear moments; what is born has decayed for half of the step."""
        potential, strength = self.states.potential(linear), self.alpha * dt
        level = self.birth_level(potential)
        left = self.backend.react(state.field, potential, strength, level, above=self.above)
        mass = self.mass_of(left)
        lacking = state.moments.mass - mass
        if lacking <= 0:
            return self.scaled(left, mass, state.moments.mass)
        born = self.backend.react(self.births, potential, strength / 2, level, above=self.above)
        return self.backend.blend(1.0, left, lacking / self.mass_of(born), born)
