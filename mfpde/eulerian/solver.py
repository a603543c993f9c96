"""The density in time: steps to an output time, with the invariants watched and the limits of the steps
counted.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mfpde.errors import RunError
from mfpde.eulerian.carrier import Carrier
from mfpde.eulerian.state import State
from mfpde.eulerian.stepper import Stepper
from mfpde.eulerian.steps import Step
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments
from mfpde.models.problem import Problem

#: of a solver, besides its state and counts, what a checkpoint holds
SAVED = (
    "time", "steps", "redone", "mass_drift", "least", "energy_rise", "dissipated", "last_dt", "longest",
    "wall_mass", "blobs", "last_limit",
    "corrections", "corrected", "density_rate", "energy_rate",
)  # fmt: skip
GROWTH = 1.5  #: of the step after one that had to be redone
#: mass is brought back to 1 where it has drifted by this much, by precision
KEPT_MASS = {"float64": 5e-13, "float32": 1e-5}
#: units of rounding, per cell along an axis, by which mass may change in a step: sweeps carry mass from cell
#: to cell a few times per axis
MASS_ROUNDING = 16


@dataclass
class Solver:
    """A density on a mesh at one time; after a hand-off, on points."""

    stepper: Stepper
    model: Problem
    mesh: Mesh
    state: State
    time: float = 0.0
    steps: int = 0
    redone: int = 0
    mass_drift: float = 0.0  #: largest |mass - 1| met
    corrections: int = 0  #: times that the mass was brought back to 1
    corrected: float = 0.0  #: sum of |mass - 1| over those times
    least: float = 0.0  #: smallest density met, or 0
    energy_rise: float = 0.0  #: largest rise of the energy (with diffusion, of the free energy) in one step
    dissipated: float = 0.0  #: time integral of 2 int |grad V|^2 dmu + 2 alpha Var V
    last_dt: float = float("nan")
    has_gibbs: bool = False  #: whether its stationary states are Gibbs states, see `has_gibbs_states`
    conserves_mass: bool = True  #: whether mass is 1 at all times; else it is what the reaction makes it
    watches_rates: bool = False  #: whether it is asked if the density is stationary
    #: L1 norm of the change of the density over the last step, per unit time; if it is watched
    density_rate: float = float("nan")
    #: |change| of the energy (with diffusion, of the free energy), likewise
    energy_rate: float = float("nan")
    longest: float = float("inf")  #: longest step to try next: short after a step was redone, then growing
    wall_mass: dict[str, float] = field(default_factory=dict)  #: per axis, at the last output
    #: width of the narrowest peak per axis in cells, at the last output
    blobs: dict[str, float] = field(default_factory=dict)
    last_limit: str = "-"
    limits: Counter = field(default_factory=Counter)
    carrier: Carrier | None = None
    features_error: float = 0.0  #: the largest distance of a feature from its compressed form, in L2(nu)

    def checkpoint(self) -> dict[str, Any]:
        """All that a solver built anew needs to go on bit by bit from here, also in the middle of `advance`;
        for `restore`.

        The moments are not formed again from the density: sums in another order would differ in rounding.
        """
        saved: dict[str, Any] = {name: getattr(self, name) for name in SAVED}
        state, diffusion = self.state, self.stepper.diffusion
        saved |= {"limits": dict(self.limits), "damped": diffusion.damped if diffusion is not None else 0}
        if self.stepper.control is not None:
            saved["control"] = self.stepper.control.checkpoint()
        saved |= {"moments": state.moments._asdict(), "energy": state.energy, "entropy": state.entropy}
        if self.carrier is not None:
            return saved | {"carrier": self.carrier.checkpoint()}
        return saved | {"density": np.asarray(self.density(), self.stepper.settings.precision)}

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint; a carrier is restored before, see `mfpde.sides.hand_off`."""
        for name in SAVED:  # runs of 0.1 lack some
            setattr(self, name, saved.get(name, getattr(self, name)))
        self.limits = Counter(saved["limits"])
        if self.stepper.control is not None and "control" in saved:
            self.stepper.control.restore(saved["control"])
        if self.stepper.diffusion is not None:
            self.stepper.diffusion.damped = saved["damped"]
        field = (
            self.stepper.backend.upload(np.asarray(saved["density"], np.float64))
            if self.carrier is None
            else None
        )
        self.state = State(field, Moments(**saved["moments"]), saved["energy"], saved["entropy"])
        self.stepper.at(self.time)

    def advance(self, until: float, watch: Callable[["Solver"], None] | None = None) -> None:
        """Step to a time; `watch` is called after every step, and may take a checkpoint.

        Raises:
            RunError: an invariant broke; the message names it.
        """
        if self.carrier is not None:
            self.carrier.advance(until, None if watch is None else lambda: watch(self))
            before, self.state, self.time = self.state, self.carrier.state(), until
            self.energy_rise = max(self.energy_rise, self.state.energy - before.energy)
            return
        while self.time < until:  # the last step ends there exactly
            self.stepper.time = self.time
            step = self.stepper.step(self.state, until - self.time, self.longest)
            self.energy_rise = max(
                self.energy_rise, self.stepper.functional(step.state) - self.stepper.functional(self.state)
            )
            self._take(step)
            self.time = until if step.limit == "output" else self.time + step.dt
            self._account(step)
            if watch is not None:
                watch(self)

    def _take(self, step: Step) -> None:
        """The state after a step; mass that rounding has made or lost over many of them is given back to
        every cell in proportion.

        Raises:
            RunError: the mass changed by more than rounding can.
        """
        before, mass, precision = (
            self.state.moments.mass,
            step.state.moments.mass,
            self.stepper.settings.precision,
        )
        if not self.conserves_mass:
            self._watch_rates(step)
            self.state = step.state
            return
        self.mass_drift = max(self.mass_drift, abs(mass - 1))
        allowed = MASS_ROUNDING * float(np.finfo(precision).eps) * sum(self.mesh.shape)
        if abs(mass - before) > allowed or abs(mass - 1) > KEPT_MASS[precision] + allowed:
            raise RunError(
                f"the mass became {mass:.17g} (it was {before:.17g}) in a step to time"
                f" {self.time + step.dt:g}; rounding can change it by {allowed:.1e}"
            )
        self._watch_rates(step)
        self.state = step.state
        if abs(mass - 1) > KEPT_MASS[precision]:
            self.corrections, self.corrected = self.corrections + 1, self.corrected + abs(mass - 1)
            backend = self.stepper.backend
            self.state = self.stepper.states.of(
                backend.blend(0.0, step.state.field, 1 / mass, step.state.field)
            )

    def _watch_rates(self, step: Step) -> None:
        if self.watches_rates:
            functional = self.stepper.functional
            self.density_rate = self.stepper.backend.distance(self.state.field, step.state.field) / step.dt
            self.energy_rate = abs(functional(step.state) - functional(self.state)) / step.dt

    def _account(self, step: Step) -> None:
        self.steps += 1
        self.redone += step.halvings + step.rejected
        self.last_dt = step.dt
        self.longest = GROWTH * float(step.dt if step.halvings else self.longest)
        self.dissipated += step.dissipated
        self.last_limit = step.limit
        self.limits[step.limit] += 1
        self.least = min(self.least, step.least)
        if self.least < -self.stepper.backend.undershoot:
            raise RunError(f"the density became negative ({self.least:.1e}) at time {self.time:g}")

    @property
    def prediction(self) -> np.ndarray:
        """f at the data (L,); empty for a potential."""
        return (
            self.carrier.prediction
            if self.carrier is not None
            else self.stepper.energy.prediction(self.state.moments.linear)
        )

    def gibbs_residual(self) -> float:
        """L1 distance of the density from exp(-V/tau)/Z of its own V, in [0, 2]: 0 for a self-consistent
        Gibbs state.
        """
        backend, state = self.stepper.backend, self.state
        ones, potential = (
            backend.upload(np.ones(self.mesh.shape)),
            self.stepper.states.potential(state.moments.linear),
        )
        gibbs = backend.react(
            ones, potential, 1 / self.stepper.tau, self.stepper.energy.mean_potential(state.moments)
        )
        mass = backend.moments(gibbs).mass
        if not (np.isfinite(mass) and mass > 0):
            return 2.0  # far from where the density is, by more than exponentials can tell
        return backend.distance(state.field, backend.blend(0.0, gibbs, 1 / mass, gibbs))

    def density(self) -> np.ndarray:
        """Cell averages of mu on the host, float64."""
        return (
            self.carrier.density()
            if self.carrier is not None
            else self.stepper.backend.download(self.state.field)
        )
