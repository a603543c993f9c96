"""Steps whose lambda or tau changes in time.

Every step holds lambda and tau at their values in its middle, and is then, to second order, a step of the
gradient flow of the energy with these; the heat is that of the mean of tau over the step, exactly. What is
measured at the end of a step is so with the lambda and tau of that time. No functional is claimed to decay.
"""

from dataclasses import dataclass, replace

from mfpde.case import schema
from mfpde.eulerian.backend import Backend, Field
from mfpde.eulerian.diffusion import Diffusion
from mfpde.eulerian.state import State
from mfpde.eulerian.step_control import StepControl
from mfpde.eulerian.stepper import First, Stepper
from mfpde.eulerian.steps import Step, Taken
from mfpde.expressions.schedule import Schedule, constant
from mfpde.measures.mesh import Mesh
from mfpde.models.changing import at_time
from mfpde.models.energy import Energy
from mfpde.models.network import Network


class Annealing:
    """The penalty of a backend, r = fixed + lambda(t) scaled."""

    def __init__(self, backend: Backend, network: Network, mesh: Mesh):
        assert network.strength is not None
        self.backend, self.strength = backend, network.strength
        none, one = (network_with(network, value).penalties(mesh) for value in (0.0, 1.0))
        self.fixed, self.scaled = none, tuple(b - a for a, b in zip(none, one, strict=True))

    def __call__(self, time: float) -> None:
        """Make it that of a time."""
        strength = self.strength(time)
        of_a, of_z = (a + strength * b for a, b in zip(self.fixed, self.scaled, strict=True))
        self.backend.set_penalty(of_a, of_z)


def network_with(network: Network, strength: float) -> Network:
    """A network with this lambda."""
    return at_time(Network(network.parameters, network.features, network.penalty, constant(strength)), 0.0)


@dataclass(frozen=True)
class Rates:
    """What changes in time."""

    alpha: Schedule
    tau: Schedule
    penalty: Annealing | None  #: None if lambda is a number


class AnnealedDiffusion(Diffusion):
    """Diffusion whose heat is that of `ratio` times its tau."""

    ratio = 1.0

    def heat(self, field: Field, dt: float) -> Field:
        """The heat flow over the integral of tau."""
        return super().heat(field, self.ratio * dt)


class AnnealedStepper(Stepper):
    """Advances a field while lambda or tau change."""

    def __init__(
        self,
        backend: Backend,
        mesh: Mesh,
        energy: Energy,
        scale: float,
        settings: schema.Eulerian,
        dynamics: schema.Dynamics,
        rates: Rates,
        births: Field | None = None,
        together: bool = False,
        fraction: float = 1.0,
    ):
        self.rates, first = rates, rates.tau(0.0)
        self.first = first  #: tau of the backend
        diffusion = AnnealedDiffusion(backend, mesh, first, together) if first else None
        given = dynamics.model_copy(update={"diffusion": first})
        super().__init__(
            backend, energy, scale, settings, given, births, diffusion, fraction, alpha=rates.alpha
        )
        if self.control is None:  # nothing else sees how fast lambda changes
            self.control = StepControl(settings.tolerance, settings.precision, self.implicit, fraction)
        self.at(0.0)

    @property
    def claim(self) -> str:
        """Nothing."""
        return "none"

    def at(self, time: float) -> None:
        """Make lambda and tau those of a time."""
        self.tau = self.rates.tau(time)
        if self.rates.penalty is not None:
            self.rates.penalty(time)

    def step(self, state: State, remaining: float, longest: float = float("inf")) -> Step:
        """As of `Stepper`; measured at its end."""
        self.at(self.time)
        if self.rates.penalty is None:
            step = super().step(state, remaining, longest)
            self.at(self.time + step.dt)
            return step
        step = super().step(self.states.of(state.field), remaining, longest)
        self.at(self.time + step.dt)
        return replace(step, state=self.states.of(step.state.field))

    def _try(self, state: State, first: First, dt: float, since: float = 0.0) -> Taken:
        start = self.time + since
        self.at(start + dt / 2)
        if isinstance(self.diffusion, AnnealedDiffusion) and not self.rates.tau.constant:
            self.diffusion.ratio = self.rates.tau.mean(start, start + dt) / self.first
        if self.rates.penalty is None:
            return super()._try(state, first, dt, since)
        return super()._try(self.states.of(state.field), None, dt, since)
