"""One step in time: Strang splitting of transport (SSP-RK2) and reaction (exponential Heun), with the step chosen so that
positivity and energy decay are guaranteed, and redone at half length when a stage breaks a bound.

Bounds (proofs in docs/numerics.md):

* positivity: dt * sum_k max(u+, |u-|) / dx_k <= 1/2 in every cell that holds mass, at both stages;
* energy: a forward Euler stage has E(m + dt m') - E(m) = -2 dt D + dt^2 |f'|^2 exactly, so it dissipates iff
  dt <= 2 D / |f'|^2. E is convex in m, and SSP-RK2 is a convex combination of Euler steps. The bound of the first stage chooses dt;
  that the whole step dissipates is then measured.

With diffusion the functional that decays is the free energy E + 2 tau int mu log mu, and it does so for Scharfetter-Gummel sweeps
without reaction or with the entropic one; only then is it claimed, and a step that raises it redone.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfpde.case import schema
from mfpde.errors import RunError
from mfpde.eulerian.backend import Backend, Field, Rate
from mfpde.eulerian.diffusion import Diffusion
from mfpde.eulerian.reaction import Reaction
from mfpde.eulerian.state import Refused, State, States
from mfpde.models.energy import Energy, Moments

POSITIVITY_BOUND = 0.5
MAX_HALVINGS = 30
SHORTEST = 1e-8  #: of max_step: a run of shorter steps would not end


class Limits(NamedTuple):
    """Largest steps at a state, by reason."""

    positivity: float
    energy: float


@dataclass(frozen=True)
class Step:
    """What one step did."""

    state: State
    dt: float
    limit: str  #: what set dt: "positivity", "energy", "reaction", "max_step", "output", or "redo" after a step was redone
    halvings: int
    least: float  #: min(0, smallest density met)
    dissipated: float  #: dt (2 int |grad V|^2 dmu + 2 alpha Var V), by the rule of the transport stages; NaN with diffusion


class Stepper:
    """Advances a field by single steps on any backend.

    Arguments:
        scale: size of the energy, for tolerances of rounding.
    """

    def __init__(
        self, backend: Backend, energy: Energy, scale: float, settings: schema.Eulerian, dynamics: schema.Dynamics,
        births: Field | None = None, diffusion: Diffusion | None = None,
    ):  # fmt: skip
        self.backend, self.energy, self.settings, self.diffusion = backend, energy, settings, diffusion
        self.tau = dynamics.diffusion
        self.states = States(backend, energy, self.tau > 0)
        self.reaction = Reaction(backend, self.states, dynamics, births)
        self.alpha = dynamics.birth_death
        self.heats = diffusion is not None and not diffusion.together
        self.rounding = 256 * np.finfo(settings.precision).eps * (1.0 + scale + 64 * self.tau)

    @property
    def claim(self) -> str:
        """What is proved to decay, and enforced: "energy", "free energy" or "none"."""
        if self.reaction.births is not None or self.heats or (self.tau and self.alpha and not self.reaction.entropic):
            return "none"  # a source; a splitting; a reaction whose Cov(V, V + tau log mu) has no sign
        return "free energy" if self.tau else "energy"

    def functional(self, state: State) -> float:
        """E, or with diffusion the free energy E + 2 tau int mu log mu."""
        return state.energy + 2 * self.tau * state.entropy

    def limits(self, rate: Rate, change: Moments) -> Limits:
        """Steps allowed by positivity and by the energy for an Euler stage along a rate with these moments."""
        curvature = self.energy.curvature(change)
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
        first = self._slope(state)
        limits = self.limits(*first)
        parts = 2 if self.alpha or self.heats else 1  # then transport goes in two halves around these
        choices = {
            "positivity": parts * limits.positivity * self.settings.cfl / POSITIVITY_BOUND,
            "energy": parts * limits.energy * self.settings.energy_safety,
            "max_step": self.settings.max_step,
            "reaction": self.reaction.longest_step(state),
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
            except Refused:
                dt, limit = dt / 2, "redo"
        raise RunError(f"the time step collapsed to {dt:.1e}: every shorter step still raised the energy or broke positivity")

    def _slope(self, state: State) -> tuple[Rate, Moments]:
        """The transport rate of a state, and the moments of that rate."""
        rate = self.backend.rate(state.field, self.states.potential(state.moments.linear))
        if not (np.isfinite(rate.courant) and np.isfinite(rate.dissipation)):
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
        new = self.states.of(field)
        if self.claim != "none" and self.functional(new) > self.functional(state) + self.rounding:
            raise Refused
        return new, least, dissipated if not self.tau else float("nan")

    def _between(self, field: Field, dt: float) -> tuple[State, float]:
        """Heat, reaction, or the reaction between two halves of the heat; and what the reaction dissipates."""
        if not self.alpha:
            assert self.diffusion is not None
            return self.states.of(self.diffusion.heat(field, dt)), 0.0
        heat = self.diffusion.heat if self.diffusion is not None and self.heats else None
        before = self.states.of(heat(field, dt / 2) if heat else field)
        after = self.states.of(self.reaction.step(before, dt))
        dissipated = dt * (self.reaction.variance(before) + self.reaction.variance(after)) * self.alpha
        return (self.states.of(heat(after.field, dt / 2)) if heat else after), dissipated

    def _transport(self, state: State, first: tuple[Rate, Moments] | None, dt: float) -> tuple[Field, float, float]:
        """SSP-RK2 (Heun): r1 = r + dt L(r), result (r + r1 + dt L(r1)) / 2; also the energy it dissipates.

        Arguments:
            first: the slope at the state, if it is known.
        """
        if self.diffusion is not None and self.diffusion.together:
            return self._drift(state, dt), 0.0, float("nan")
        rate, change = first or self._slope(state)
        limits = self.limits(rate, change)
        if dt > limits.positivity or dt > limits.energy:
            raise Refused
        euler, least = self.backend.combine(0.0, state.field, 1.0, state.field, dt, rate.field)
        # these moments are linear in the field, so those of the stage need no new sum over the mesh
        potential = self.states.potential(state.moments.linear + dt * change.linear)
        stage = self.backend.stage(state.field, euler, potential, dt)
        if not (np.isfinite(stage.courant) and np.isfinite(stage.dissipation)):
            raise RunError("a velocity is no longer finite")
        if dt * stage.courant > POSITIVITY_BOUND:
            raise Refused
        return stage.field, min(least, stage.least), dt * (rate.dissipation + stage.dissipation)

    def _drift(self, state: State, dt: float) -> Field:
        """Scharfetter-Gummel sweeps with V at the middle of the step, from a first-order prediction."""
        assert self.diffusion is not None
        potential = self.states.potential(state.moments.linear)
        if len(state.moments.linear):
            middle = self.diffusion.predict(state.field, potential, dt / 2)
            potential = self.states.potential(self.backend.moments(middle).linear)
        return self.diffusion.drift(state.field, potential, dt)
