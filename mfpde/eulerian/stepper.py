"""One step in time: Strang splitting of transport (SSP-RK2) and reaction (exponential Heun), with the step chosen so that
positivity and energy decay are guaranteed, and redone at half length when a stage breaks a bound.

Bounds (proofs in docs/numerics.md):

* positivity: dt * sum_k max(u+, |u-|) / dx_k <= 1/2 in every cell, at both stages;
* energy: a forward Euler stage has E(m + dt m') - E(m) = -2 dt D + dt^2 |f'|^2 exactly, so it dissipates iff
  dt <= 2 D / |f'|^2. E is convex in m, and SSP-RK2 is a convex combination of Euler steps.

With diffusion the functional that decays is the free energy E + 2 tau int mu log mu, and it does so for Scharfetter-Gummel sweeps
without reaction or with the entropic one; only then is it claimed, and a step that raises it redone.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfpde.case import schema
from mfpde.errors import RunError
from mfpde.eulerian.backend import Backend, Field, Potential, Rate
from mfpde.eulerian.diffusion import Diffusion
from mfpde.models.model import Model, Moments

POSITIVITY_BOUND = 0.5
MAX_HALVINGS = 30
REACTION_CHANGE = 0.1  #: of log m in a step, typically
SHORTEST = 1e-8  #: of max_step: a run of shorter steps would not end


class Limits(NamedTuple):
    """Largest steps at a state, by reason."""

    positivity: float
    energy: float


class State(NamedTuple):
    """A field with its moments, its energy and, with diffusion, its entropy int mu log mu (else 0)."""

    field: Field
    moments: Moments
    energy: float
    entropy: float = 0.0


@dataclass(frozen=True)
class Step:
    """What one step did."""

    state: State
    dt: float
    limit: str  #: what set dt: "positivity", "energy", "reaction", "max_step", "output", or "redo" after a step was redone
    halvings: int
    least: float  #: min(0, smallest density met)
    dissipated: float  #: dt (2 int |grad V|^2 dmu + 2 alpha Var V), by the rule of the transport stages; NaN with diffusion


class _Refused(Exception):
    """A stage broke a bound: the step must be shorter."""


class Stepper:
    """Advances a field by single steps on any backend."""

    def __init__(
        self, backend: Backend, model: Model, settings: schema.Eulerian, dynamics: schema.Dynamics,
        births: Field | None = None, diffusion: Diffusion | None = None,
    ):  # fmt: skip
        self.backend, self.model, self.settings = backend, model, settings
        self.alpha, self.births, self.diffusion = dynamics.birth_death, births, diffusion
        self.tau = dynamics.diffusion
        self.entropic = self.tau if dynamics.reaction == "entropic" else 0.0  #: tau of the reaction -alpha (V + tau log mu - mean)
        self.heats = diffusion is not None and not diffusion.together
        self.rounding = 256 * np.finfo(settings.precision).eps * (1.0 + model.scale + 64 * self.tau)

    @property
    def claim(self) -> str:
        """What is proved to decay, and enforced: "energy", "free energy" or "none"."""
        if self.births is not None or self.heats or (self.tau and self.alpha and not self.entropic):
            return "none"  # a source; a splitting; a reaction whose Cov(V, V + tau log mu) has no sign
        return "free energy" if self.tau else "energy"

    def functional(self, state: State) -> float:
        """E, or with diffusion the free energy E + 2 tau int mu log mu."""
        return state.energy + 2 * self.tau * state.entropy

    def state(self, field: Field) -> State:
        """Moments and energy of a field.

        Raises:
            RunError: one of them is not finite.
        """
        moments = self.backend.moments(field)
        energy = self.model.energy_of(moments)
        entropy = self.backend.entropy(field) if self.tau else 0.0
        if not (np.isfinite(energy) and np.isfinite(moments.mass) and np.isfinite(entropy)):
            raise RunError("the density is no longer finite (energy or mass is not a number)")
        return State(field, moments, energy, entropy)

    def limits(self, rate: Rate, change: Moments) -> Limits:
        """Steps allowed by positivity and by the energy for an Euler stage along a rate with these moments."""
        curvature = self.model.curvature(change)
        energy = 2 * rate.dissipation / curvature if curvature > 0 else np.inf
        # near equilibrium both vanish and their quotient is rounding
        if rate.dissipation <= np.finfo(self.settings.precision).tiny:
            energy = np.inf
        return Limits(POSITIVITY_BOUND / rate.courant if rate.courant > 0 else np.inf, energy)

    def step(self, state: State, remaining: float, longest: float = np.inf) -> Step:
        """The longest admissible step that passes neither `remaining` nor `longest`.

        Raises:
            RunError: the step collapsed, or the density or energy stopped being finite.
        """
        first = self._slope(state.field, state.moments.linear)
        limits = self.limits(*first)
        parts = 2 if self.alpha or self.heats else 1  # then transport goes in two halves around these
        choices = {
            "positivity": parts * limits.positivity * self.settings.cfl / POSITIVITY_BOUND,
            "energy": parts * limits.energy * self.settings.energy_safety,
            "max_step": self.settings.max_step,
            "reaction": self._reaction_step(state),
            "redo": longest,
        }
        limit = min(choices, key=lambda name: choices[name])
        if choices[limit] < SHORTEST * self.settings.max_step:
            raise RunError(
                f"the time step collapsed to {choices[limit]:.1e}, set by {limit}: velocities are too large for the mesh; "
                "use a narrower domain, a weaker penalty, or a bounded activation"
            )
        # equal steps to the output time, rather than a sliver at the end
        steps = np.ceil(remaining / choices[limit] * (1 - 1e-12))
        dt, limit = (remaining, "output") if steps <= 1 else (remaining / steps, limit)
        for halvings in range(MAX_HALVINGS):
            try:
                new, least, dissipated = self._try(state, first, dt)
                return Step(new, dt, limit, halvings, least, dissipated)
            except _Refused:
                dt, limit = dt / 2, "redo"
        raise RunError(f"the time step collapsed to {dt:.1e}: every shorter step still raised the energy or broke positivity")

    def _reaction_step(self, state: State) -> float:
        """The step in which log m changes by REACTION_CHANGE, typically."""
        deviation = np.sqrt(self._variance(state)) if self.alpha else 0.0
        return REACTION_CHANGE / (self.alpha * deviation) if deviation > 0 else np.inf

    def _slope(self, field: Field, linear: np.ndarray) -> tuple[Rate, Moments]:
        """The transport rate of a field whose linear moments are known, and the moments of that rate."""
        rate = self.backend.rate(field, self.backend.potential(self.model.source(linear)))
        if not np.isfinite(rate.courant):
            raise RunError("a velocity is no longer finite")
        return rate, self.backend.moments(rate.field)

    def _try(self, state: State, first: tuple[Rate, Moments], dt: float) -> tuple[State, float, float]:
        if not (self.alpha or self.heats):
            field, least, dissipated = self._transport(state, first, dt)
        else:
            field, least, dissipated = self._transport(state, first, dt / 2)
            after, dissipated_between = self._between(field, dt)
            field, least_too, dissipated_too = self._transport(after, None, dt / 2)
            least, dissipated = min(least, least_too), dissipated + dissipated_between + dissipated_too
        new = self.state(field)
        if self.claim != "none" and self.functional(new) > self.functional(state) + self.rounding:
            raise _Refused
        return new, least, dissipated if not self.tau else float("nan")

    def _between(self, field: Field, dt: float) -> tuple[State, float]:
        """Heat, reaction, or the reaction between two halves of the heat; and what the reaction dissipates."""
        dissipated = 0.0
        if self.diffusion is not None and self.heats:
            field = self.diffusion.heat(field, dt / 2 if self.alpha else dt)
        if self.alpha:
            before = self.state(field)
            after = self.state(self._react(before, dt))
            dissipated = dt * (self._variance(before) + self._variance(after)) * self.alpha
            field = after.field
            if self.diffusion is not None and self.heats:
                field = self.diffusion.heat(field, dt / 2)
        return self.state(field), dissipated

    def _variance(self, state: State) -> float:
        """Var V under the measure; of V + tau log mu if the reaction is entropic."""
        potential, mean = self._potential(state)
        return self.backend.spread(state.field, potential, mean + self.entropic * state.entropy, 2, self.entropic)

    def _potential(self, state: State) -> tuple[Potential, float]:
        """V of a state, and its mean."""
        return self.backend.potential(self.model.source(state.moments.linear)), self.model.mean_potential(state.moments)

    def _transport(self, state: State, first: tuple[Rate, Moments] | None, dt: float) -> tuple[Field, float, float]:
        """SSP-RK2 (Heun): r1 = r + dt L(r), result (r + r1 + dt L(r1)) / 2; also the energy it dissipates.

        Arguments:
            first: the slope at the state, if it is known.
        """
        if self.diffusion is not None and self.diffusion.together:
            return self._drift(state, dt), 0.0, float("nan")
        rate, change = first or self._slope(state.field, state.moments.linear)
        self._check(rate, change, dt)
        euler, least = self.backend.combine(0.0, state.field, 1.0, state.field, dt, rate.field)
        # these moments are linear in the field, so those of the stage need no new sum over the mesh
        second, second_change = self._slope(euler, state.moments.linear + dt * change.linear)
        self._check(second, second_change, dt)
        field, least_too = self.backend.combine(0.5, state.field, 0.5, euler, dt, second.field)
        return field, min(least, least_too), dt * (rate.dissipation + second.dissipation)

    def _drift(self, state: State, dt: float) -> Field:
        """Scharfetter-Gummel sweeps with V at the middle of the step, from a first-order prediction."""
        assert self.diffusion is not None
        potential = self.backend.potential(self.model.source(state.moments.linear))
        if len(state.moments.linear):
            middle = self.diffusion.predict(state.field, potential, dt / 2)
            potential = self.backend.potential(self.model.source(self.backend.moments(middle).linear))
        return self.diffusion.drift(state.field, potential, dt)

    def _check(self, rate: Rate, change: Moments, dt: float) -> None:
        limits = self.limits(rate, change)
        if dt > limits.positivity or dt > limits.energy:
            raise _Refused

    def _react(self, state: State, dt: float) -> Field:
        """Exponential Heun for d_t m = -alpha (V - Vbar) m, between half steps of births; the mass stays what it was."""
        if self.births is None:
            return self._react_clones(state, dt)
        before = self.state(self._react_births(state, dt / 2))
        return self._react_births(self.state(self._react_clones(before, dt)), dt / 2)

    def _react_births(self, state: State, dt: float) -> Field:
        """Heun for d_t m = s (mu_b - m), s = alpha/2 int |V - Vbar| dm: killed at rate alpha (V - Vbar)+, reborn from mu_b."""
        assert self.births is not None
        start = self._killing(state)
        trial = self.state(self._blend_births(state, start * dt))
        return self._blend_births(state, (start + self._killing(trial)) / 2 * dt)

    def _killing(self, state: State) -> float:
        potential, mean = self._potential(state)
        return self.alpha * self.backend.spread(state.field, potential, mean, 1) / 2

    def _blend_births(self, state: State, exponent: float) -> Field:
        share = -np.expm1(-exponent)
        return self.backend.blend(1 - share, state.field, share * state.moments.mass, self.births)

    def _react_clones(self, state: State, dt: float) -> Field:
        trial = self._react_frozen(state, state.moments.linear, dt)
        middle = (state.moments.linear + self.backend.moments(trial).linear) / 2
        return self._react_frozen(state, middle, dt)

    def _react_frozen(self, state: State, linear: np.ndarray, dt: float) -> Field:
        """m exp(-alpha dt (V - Vbar)) for V frozen at linear moments, scaled to the mass of m; exact for the entropic reaction too."""
        mean = self.model.mean_potential(state.moments)  # any shift near the mean will do, since the mass is restored
        potential = self.backend.potential(self.model.source(linear))
        power = np.exp(-self.alpha * self.entropic * dt)
        strength = (1 - power) / self.entropic if self.entropic else self.alpha * dt
        field = self.backend.react(state.field, potential, strength, mean, power)
        mass = self.backend.moments(field).mass
        if not (np.isfinite(mass) and mass > 0):
            raise _Refused  # the exponential left the range of numbers: far too long a step
        return self.backend.blend(0.0, field, state.moments.mass / mass, field)
