"""The health of a run: what must hold, whether it held, and what the user should be told."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mfpde.case import Case
from mfpde.errors import RunError
from mfpde.measures.cells import missed_mean
from mfpde.metrics.effective_number import of_networks as effective_units
from mfpde.metrics.resolution import MIN_CELLS
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.walls import touches_wall
from mfpde.models.births import births_laws
from mfpde.models.model import Model
from mfpde.models.potential import unmoved
from mfpde.monitors.causes import remedy

if TYPE_CHECKING:
    from mfpde.simulation import Simulation

WALL_MASS = 1e-6
SAVED = ("resolution_time", "hand_off_time", "stationary_at", "initial_energy", "initial_wall")
#: share of the energy lost so far by which the dissipation identity may be missed
BALANCE = 0.05


@dataclass
class Health:
    """What was noticed; every warning is said once, when it first applies."""

    finished: bool = False
    failure: str | None = None
    warnings: dict[str, str] = field(default_factory=dict)  #: kind -> message
    resolution_time: float | None = None
    hand_off_time: float | None = None
    stationary_at: float | None = None  #: when the run ended because its density was stationary
    initial_energy: float | None = None
    #: mass in the outermost cells at the start, per axis
    initial_wall: dict[str, float] = field(default_factory=dict)

    def checkpoint(self) -> dict[str, Any]:
        """What was noticed so far; for `restore`."""
        return {"warnings": dict(self.warnings)} | {name: getattr(self, name) for name in SAVED}

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        for name, value in saved.items():
            setattr(self, name, value)

    def failed(self, reason: str) -> None:
        """The run stopped before its end."""
        self.finished, self.failure = False, reason

    def check(self, simulation: "Simulation", time: float) -> list[str]:
        """New warnings at this output time."""
        before = set(self.warnings)
        if time == 0:
            self._check_intervals(simulation.case)
            for name in unmoved(simulation.case):
                self._warn(
                    f"unmoved {name}",
                    f"parameters.{name} is in no formula of [model], and nothing else moves it: is its name"
                    " as meant?",
                )
        if simulation.solver is not None:
            if self.initial_energy is None:
                self._check_start(simulation, simulation.solver)
            self._check_density(simulation.solver, simulation.model, time)
        if simulation.flow is not None:
            self._check_networks(simulation, time)
        return [message for kind, message in self.warnings.items() if kind not in before]

    def stop_at_walls(self, simulation: "Simulation", time: float) -> None:
        """End a run that its walls make.

        Raises:
            RunError: most of the mass that was not there at the start, or most units, lie at a wall.
        """
        limit, solver = simulation.case.eulerian.wall_limit, simulation.solver
        shares = {} if solver is None else {name: ("mass", mass) for name, mass in solver.wall_mass.items()}
        if "networks" in simulation.shown:
            shares |= {
                f"{name} (units)": ("share of the units", share)
                for name, share in wall_shares(simulation).items()
            }
        if not self.initial_wall:
            self.initial_wall = {name: share for name, (_, share) in shares.items()}
        for name, (what, share) in shares.items():
            first = self.initial_wall.get(name, 0.0)
            if share - first > limit * (1 - first):
                axis = name.split()[0]
                raise RunError(
                    f"at time {time:g} a {what} of {share:.2g} lies in the outermost cells of {axis} or on"
                    f" its walls (eulerian.wall_limit = {limit:g}), so the walls make the solution;"
                    f" {remedy(simulation.model, axis)}"
                )

    def _warn(self, kind: str, message: str) -> None:
        self.warnings.setdefault(kind, message)

    def _check_intervals(self, case: Case) -> None:
        """Intervals of outputs that a shortened run does not reach."""
        longer = case.longer_than_run
        if not longer:
            return
        if "output.every" not in longer:
            stored = "the density is stored at the start and the end alone"
        elif case.output_fields_every > case.time:
            stored = "the start and the end alone are stored"
        else:
            stored = "nothing is stored between the times of output.fields_every"
        keys = " and ".join(f"{key} = {value:g}" for key, value in longer.items())
        self._warn("intervals", f"{keys}: longer than the run (time = {case.time:g}), so {stored}")

    def _check_start(self, simulation: "Simulation", solver) -> None:
        """Laws that the mesh cannot hold as they are."""
        components = simulation.model.parameters.free
        given = [
            ("initial", [c.law for c in components]),
            ("births'", births_laws(simulation.case, simulation.model.parameters) or []),
        ]
        for kind, laws in given:
            for axis, law in zip(solver.mesh.axes, laws, strict=False):
                if missed := missed_mean(axis, law):
                    self._warn(
                        f"{kind} mean {axis.name}",
                        f"the {kind} {law.describe()} of {axis.name} has its mean, {law.first_moment:g},"
                        " nearer to a wall than the centre of the outermost cell, where the density puts it,"
                        f" off by {missed:.1e}; use more parameters.{axis.name}.cells, or widen the domain",
                    )

    def _check_density(self, solver, model: Model, time: float) -> None:
        for name, mass in solver.wall_mass.items():
            if mass > WALL_MASS:
                self._warn(
                    f"wall {name}",
                    f"at time {time:g} a mass of {mass:.1e} lies in the outermost cells of {name}: the wall"
                    f" matters; {remedy(model, name)}",
                )
        narrow = min(solver.blobs, key=lambda name: solver.blobs[name])
        if solver.carrier is not None:
            self.hand_off_time = solver.carrier.since
            self._warn(
                "hand-off",
                f"at time {solver.carrier.since:g} a blob was narrower than three cells: points carry the"
                " density on, mu shows their masses in cells",
            )
        elif solver.blobs[narrow] < MIN_CELLS and self.resolution_time is None:
            self.resolution_time = time
            width = float(next(axis.widths.max() for axis in solver.mesh.axes if axis.name == narrow))
            self._warn(
                "resolution",
                (
                    f"at time 0 the density is narrower in {narrow} than {MIN_CELLS:g} cells: its mean is"
                    f" that of its law, its second moment up to {width**2 / 4:.1e} (a quarter of a cell"
                    f" squared) too large, and W1 is known to a cell; use more parameters.{narrow}.cells"
                    if time == 0
                    else (
                        f"at time {time:g} the density has a blob in {narrow} narrower than {MIN_CELLS:g}"
                        " cells: from now on trust weak quantities (f, energy, W1) rather than the density;"
                        f" more parameters.{narrow}.cells postpone this"
                    )
                ),
            )
        if self.initial_energy is None:
            self.initial_energy = solver.state.energy
        lost = self.initial_energy - solver.state.energy
        if (
            solver.stepper.claim == "energy"
            and solver.carrier is None
            and lost > 1e-6
            and abs(lost - solver.dissipated) > BALANCE * lost
        ):
            self._warn(
                "balance",
                f"at time {time:g} the energy lost ({lost:.3g}) and the energy dissipated"
                f" ({solver.dissipated:.3g}) differ by more than {BALANCE:.0%}: reduce eulerian.max_step or"
                " use more cells",
            )

    def _check_networks(self, simulation: "Simulation", time: float) -> None:
        networks: NetworksView = simulation.shown["networks"]
        for name, share in wall_shares(simulation).items():
            if share > WALL_MASS:
                self._warn(
                    f"units at wall {name}",
                    f"at time {time:g} {share:.1e} of all units sit on a wall of {name};"
                    f" {remedy(simulation.model, name)}",
                )
        if networks.flow.birth_death is None and simulation.case.dynamics.birth_death:
            effective = effective_units(networks) / networks.ladder.sizes
            if effective.min() < 0.1:
                self._warn(
                    "weights",
                    f"at time {time:g} the weights of a network leave fewer than a tenth of its units"
                    " effective",
                )

    def summary(self, simulation: "Simulation") -> dict[str, Any]:
        """What is stored in the file and shown by `inspect`."""
        solver = simulation.solver
        summary: dict[str, Any] = {
            "finished": self.finished,
            "failure": self.failure,
            "warnings": list(self.warnings.values()),
            "resolution_time": self.resolution_time,
            "hand_off_time": self.hand_off_time,
        }
        if simulation.case.stationary is not None:
            # it may have gone on after
            ended = "stationary" if solver is not None and self.stationary_at == solver.time else "time"
            summary |= {"ended_by": ended if self.finished else None, "stationary_at": self.stationary_at}
        if solver is not None:
            summary["eulerian"] = {
                "steps": solver.steps,
                "steps_by_limit": dict(solver.limits),
                "redone": solver.redone,
                "mass_drift": solver.mass_drift,
                "mass_corrections": solver.corrections,
                "mass_corrected": solver.corrected,
                "minimum_density": solver.least,
                "largest_energy_rise": solver.energy_rise,
                "dissipated_energy": solver.dissipated,
                "decreasing_by_proof": solver.stepper.claim,
            }
            diffusion = solver.stepper.diffusion
            if diffusion is not None:
                scheme = "scharfetter_gummel" if diffusion.together else "strang"
                summary["eulerian"] |= {"diffusion_scheme": scheme, "damped_sweeps": diffusion.damped}
        if simulation.flow is not None:
            flow = simulation.flow
            summary["lagrangian"] = {"steps": flow.steps, "rejected": flow.rejected}
            if flow.birth_death is not None:
                summary["lagrangian"] |= {
                    "killed": int(flow.birth_death.killed.sum()),
                    "cloned": int(flow.birth_death.cloned.sum()),
                }
        return summary


def wall_shares(simulation: "Simulation") -> dict[str, float]:
    """The share of all units that sit on a wall, per component that has some."""
    networks: NetworksView = simulation.shown["networks"]
    walled = {
        c.name: (k, c.domain)
        for k, c in enumerate(networks.components)
        if c.domain is not None and c.free and not c.periodic
    }
    return {
        name: float(np.mean(touches_wall(networks.state[k], domain))) for name, (k, domain) in walled.items()
    }
