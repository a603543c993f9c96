"""One step in time: Strang splitting of transport (SSP-RK2) and reaction (exponential Heun), with the step
chosen so that positivity and energy decay are guaranteed, and redone at half length when a stage breaks a
bound. Steps with reaction or diffusion are chosen by an estimate of their error too (`step_control`);
implicit steps, which are positive at every length, by it alone.

Bounds (proofs in docs/numerics.md):

* positivity: dt * sum_k max(u+, |u-|) / dx_k <= 1/2 in every cell that mass leaves, at both stages;
* energy: a forward Euler stage has E(m + dt m') - E(m) <= -2 dt D + dt^2 C, where C = |f'|^2 times the
  curvature bound of the loss (and equal for the square), so it dissipates if dt <= 2 D / C. E is convex in m,
  and SSP-RK2 is a convex combination of Euler steps. The bound of the first stage chooses dt; that the whole
  step dissipates is then measured.

With diffusion the functional that decays is the free energy E + 2 tau int mu log mu, and it does so for
Scharfetter-Gummel sweeps without reaction or with the entropic one; only then is it claimed, and a step that
raises it redone.
"""

import numpy as np

from mfpde.case import schema
from mfpde.errors import RunError
from mfpde.eulerian.backend import Backend, Field, Rate
from mfpde.eulerian.diffusion import Diffusion
from mfpde.eulerian.reaction import Reaction
from mfpde.eulerian.state import Refused, State, States
from mfpde.eulerian.step_control import StepControl
from mfpde.eulerian.steps import REMEDIES, Limits, Step, Taken, TooLong
from mfpde.eulerian.unbalanced import Unbalanced
from mfpde.expressions.schedule import Schedule, constant
from mfpde.kinds import BIRTHS
from mfpde.models.energy import Energy, Moments

POSITIVITY_BOUND = 0.5
MAX_HALVINGS = 30
#: of the longest step, or of the way to the next output: a run of shorter steps would not end
SHORTEST = 1e-8
#: the rate of transport at a state, and its moments, if they are known
First = tuple[Rate, Moments] | None


class Stepper:
    """Advances a field by single steps on any backend.

    Arguments:
        scale: size of the energy, for tolerances of rounding.
        fraction: of the step that would be chosen, which is taken instead: 1/2 tells the error of the step.
        balanced: whether the reaction conserves mass.
    """

    def __init__(
        self,
        backend: Backend,
        energy: Energy,
        scale: float,
        settings: schema.Eulerian,
        dynamics: schema.Dynamics,
        births: Field | None = None,
        diffusion: Diffusion | None = None,
        fraction: float = 1.0,
        alpha: Schedule | None = None,
        balanced: bool = True,
    ):
        self.backend, self.energy, self.settings, self.diffusion = backend, energy, settings, diffusion
        self.fraction, self.tau = fraction, dynamics.tau
        self.states = States(backend, energy, self.tau > 0)
        kind = BIRTHS[dynamics.scheme] if balanced else Unbalanced
        self.reaction: Reaction = kind(backend, self.states, dynamics, births)
        self.schedule = alpha or constant(dynamics.alpha)
        self.alpha, self.time = self.schedule.largest, 0.0  #: time at which the next step starts
        self.implicit = diffusion is not None and diffusion.together
        self.heats = diffusion is not None and not diffusion.together
        #: of the error of steps that are not of transport alone, whose own bounds keep them short
        self.control = None
        if self.alpha or self.tau:
            self.control = StepControl(settings.tolerance, settings.precision, self.implicit, fraction)
        self.rounding = 256 * np.finfo(settings.precision).eps * (1.0 + scale + 64 * self.tau)

    def at(self, time: float) -> None:
        """What is measured next is at a time."""

    @property
    def longest(self) -> float:
        """The longest step the case allows."""
        unlimited = np.inf if self.implicit else schema.LONGEST_STEP
        return unlimited if self.settings.max_step is None else self.settings.max_step

    @property
    def claim(self) -> str:
        """What is proved to decay, and enforced: "energy", "free energy" or "none"."""
        reaction = self.reaction
        unsigned = self.tau and (reaction.births is not None or (self.alpha and not reaction.entropic))
        if not reaction.proven or self.heats or unsigned:
            return "none"  # a source; a splitting; a reaction whose Cov(V, V + tau log mu) has no sign
        if self.energy.guarantee == "none":
            return "none"
        return f"free {self.energy.guarantee}" if self.tau else self.energy.guarantee

    def functional(self, state: State) -> float:
        """E, or with diffusion the free energy E + 2 tau int mu log mu."""
        return state.energy + 2 * self.tau * state.entropy

    def limits(self, rate: Rate, change: Moments) -> Limits:
        """Steps allowed by positivity and by the energy for an Euler stage along a rate with its moments."""
        curvature = self.energy.curvature_bound(change)
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
        first = None if self.implicit else self._slope(state)
        self.reaction.alpha = self.schedule(self.time)
        choices = self._choices(state, first) | {"redo": longest}
        limit = min(choices, key=lambda name: choices[name])
        # steps chosen by their error grow when the density has settled, and need only move time at all
        shortest = np.finfo(np.float64).eps if limit == "accuracy" else SHORTEST
        if choices[limit] < shortest * min(self.longest, remaining):
            raise RunError(
                f"the time step collapsed to {choices[limit]:.1e}, set by {limit}:"
                f" {REMEDIES.get(limit, REMEDIES['positivity'])}"
            )
        # equal steps to the output time, rather than a sliver at the end
        steps = np.ceil(remaining / (self.fraction * choices[limit]) * (1 - 1e-12))
        dt, limit = (remaining, "output") if steps <= 1 else (remaining / steps, limit)
        halvings = 0
        for tries in range(MAX_HALVINGS):
            try:
                new = self._controlled(state, first, dt)
                return Step(
                    new.state, dt, limit, halvings, new.least, new.dissipated, rejected=tries - halvings
                )
            except TooLong:
                assert self.control is not None
                steps = np.ceil(remaining / (self.fraction * self.control.longest))
                dt, limit = remaining / steps, "accuracy"
            except Refused:
                dt, limit, halvings = dt / 2, "redo", halvings + 1
        raise RunError(
            f"the time step collapsed to {dt:.1e}: every shorter step still raised the energy, broke"
            " positivity or erred too much"
        )

    def _choices(self, state: State, first: First) -> dict[str, float]:
        """The longest steps at a state, by what sets them."""
        choices = {
            "max_step": self.longest,
            "reaction": self.reaction.longest_step(state, first and first[1]),
        }
        if first is not None:
            limits = self.limits(*first)
            parts = 2 if self.alpha or self.heats else 1  # then transport goes in two halves around these
            choices |= {
                "positivity": parts * limits.positivity * self.settings.cfl / POSITIVITY_BOUND,
                "energy": parts * limits.energy * self.settings.energy_safety,
            }
        return choices | ({"accuracy": self.control.longest} if self.control is not None else {})

    def _controlled(self, state: State, first: First, dt: float) -> Taken:
        """A step whose error passed, where it was due to be estimated.

        Raises:
            TooLong: its error is too large.
        """
        whole = self._try(state, first, dt)
        if self.control is None:
            return whole
        if not self.control.due(dt):
            self.control.passed()
            return whole
        middle = self._try(state, first, dt / 2)
        halves = self._try(middle.state, None, dt / 2, dt / 2)
        change = self.backend.distance(state.field, halves.state.field) if self.implicit else np.inf
        if not self.control.allows(dt, self.backend.distance(whole.state.field, halves.state.field), change):
            raise TooLong
        if not self.control.always:
            return whole
        return Taken(halves.state, min(middle.least, halves.least), middle.dissipated + halves.dissipated)

    def _slope(self, state: State) -> tuple[Rate, Moments]:
        """The transport rate of a state, and its moments."""
        rate = self.backend.rate(state.field, self.states.potential(state.moments.linear))
        if not (np.isfinite(rate.courant) and np.isfinite(rate.dissipation)):
            raise RunError("a velocity is no longer finite")
        return rate, self.backend.moments(rate.field)

    def _try(self, state: State, first: First, dt: float, since: float = 0.0) -> Taken:
        self.reaction.alpha = self.schedule(self.time + since + dt / 2)
        if not (self.alpha or self.heats):
            field, least, dissipated = self._transport(state, first, dt)
        else:
            field, least, dissipated = self._transport(state, first, dt / 2)
            after, dissipated_between = self._between(field, dt)
            field, least_too, dissipated_too = self._transport(after, None, dt / 2)
            least, dissipated = min(least, least_too), dissipated + dissipated_between + dissipated_too
        new = self.states.of(field)
        allowed = self.rounding * (1 + abs(state.energy))
        if self.claim != "none" and self.functional(new) > self.functional(state) + allowed:
            raise Refused
        return Taken(new, least, dissipated if not self.tau else float("nan"))

    def _between(self, field: Field, dt: float) -> tuple[State, float]:
        """Heat, reaction, or the reaction between two halves of the heat; and what the reaction
        dissipates.
        """
        if not self.alpha:
            assert self.diffusion is not None
            return self.states.of(self.diffusion.heat(field, dt)), 0.0
        heat = self.diffusion.heat if self.diffusion is not None and self.heats else None
        before = self.states.of(heat(field, dt / 2) if heat else field)
        after = self.states.of(self.reaction.step(before, dt))
        dissipated = self.reaction.dissipated(before, after, dt)
        return (self.states.of(heat(after.field, dt / 2)) if heat else after), dissipated

    def _transport(self, state: State, first: First, dt: float) -> tuple[Field, float, float]:
        """SSP-RK2 (Heun): r1 = r + dt L(r), result (r + r1 + dt L(r1)) / 2; also the energy it dissipates.

        Arguments:
            first: the slope at the state, if it is known.
        """
        if self.implicit:
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
