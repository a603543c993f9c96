"""One loop: advance both sides to the next output time, measure, write. It does not know which side is which."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError, RunError
from mfpde.eulerian.solver import Solver, build_solver
from mfpde.handoff import check_hand_off, hand_off_if_narrow
from mfpde.lagrangian.characteristics import build_characteristics, node_count
from mfpde.lagrangian.descent import Descent, build_descent
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.fluctuations import SPECTRUM, Fluctuations, FollowedTangent, build_fluctuations
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import Model, build_model
from mfpde.models.shallow import ShallowNetwork
from mfpde.monitors.frames import Snapshot, measure_density, measure_distances, measure_gaps, measure_networks
from mfpde.monitors.grid_error import Companions, build_companions
from mfpde.monitors.health import Health
from mfpde.monitors.nodes import measure_nodes
from mfpde.store.layout import Parts, describe
from mfpde.store.provenance import now, provenance
from mfpde.store.writer import Writer, check_output


class Reporter(Protocol):
    """Who is told how a run goes."""

    def progress(self, time: float, end: float, facts: dict[str, Any]) -> None:
        """Called often: after steps of the density and after the networks caught up."""

    def warn(self, message: str) -> None:
        """Called once for every thing the user should know."""


class Silent:
    """Tells nobody."""

    def progress(self, time: float, end: float, facts: dict[str, Any]) -> None:
        """Nothing."""

    def warn(self, message: str) -> None:
        """Nothing; warnings are also stored in the file."""


@dataclass
class Simulation:
    """Both sides of a case, at one time."""

    case: Case
    model: Model
    solver: Solver | None
    ladder: Ladder | None
    flow: Flow | None
    companions: Companions | None = None
    nodes: Flow | None = None  #: the mean field carried by quadrature nodes
    fluctuations: Fluctuations | None = None
    descent: Descent | None = None
    device: Any = None
    snapshot: Snapshot | None = None  #: of the networks, at the last frame
    health: Health = field(default_factory=Health)

    def frame(self, with_fields: bool) -> dict[str, Any]:
        """Everything that is stored at the present time, by path in the file."""
        values: dict[str, Any] = {}
        density = None
        if self.solver is not None:
            density = self.solver.density()
            values |= measure_density(self.solver, density, with_fields)
            if self.companions is not None:
                values |= {f"eulerian/{name}": value for name, value in self.companions.estimate(self.solver).items()}
        if self.nodes is not None:
            values |= measure_nodes(self.model, self.nodes, self.jump_rate)
        if self.fluctuations is not None:
            values |= {f"fluctuations/{name}": value for name, value in self.fluctuations.measure().items()}
        limit = self.solver.prediction if self.solver is not None else values.get("characteristics/prediction")
        if self.flow is not None and self.ladder is not None:
            shown = self.case.output.snapshot_replicates if with_fields else 0
            networks, self.snapshot = measure_networks(self.model, self.ladder, self.flow, shown)
            values |= networks
            if limit is not None and isinstance(self.model, ShallowNetwork):
                values |= measure_gaps(self.model, self.ladder, self.snapshot, limit)
            if self.solver is not None and density is not None:
                values |= measure_distances(self.model, self.ladder, self.snapshot, self.solver.mesh, density, with_fields)
        if self.descent is not None:
            values |= self.descent.measure(limit)
        return values

    @property
    def jump_rate(self) -> float:
        """alpha if units jump, else 0."""
        return self.case.dynamics.birth_death if self.case.lagrangian.reaction == "birth_death" else 0.0

    @property
    def parts(self) -> Parts:
        """What the run has besides a density and a ladder."""
        return Parts(self.nodes is not None, self.jump_rate > 0, SPECTRUM if self.fluctuations is not None else 0)

    def advance(self, until: float, report: Reporter) -> None:
        """Bring both sides to a time; hand the density over to points when it has become narrow."""
        if self.solver is not None:
            hand_off_if_narrow(self.case, [self.solver, *(self.companions.solvers if self.companions else [])], self.device)
            self.solver.advance(until, lambda s: report.progress(s.time, self.case.time, solver_facts(s)))
        if self.companions is not None:
            self.companions.advance(until)
        for side in (self.nodes, self.fluctuations, self.descent):
            if side is not None:
                side.advance(until)
        if self.flow is not None:
            self.flow.advance(until)
            report.progress(until, self.case.time, {} if self.solver is None else solver_facts(self.solver))


def solver_facts(solver: Solver) -> dict[str, Any]:
    """What the progress line shows."""
    walls = solver.wall_mass or {"": 0.0}
    return {
        "step": solver.steps,
        "energy": solver.state.energy,
        "drift": solver.mass_drift,
        "wall": max(walls.values()),
        "dt": solver.last_dt,
        "limit": solver.last_limit,
    }


def output_times(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Times at which something is stored, and which of them store fields.

    The start and the end are always stored, with fields.
    """
    every, fields_every = case.output_every, case.output_fields_every
    if case.time / min(every, fields_every) > 100_000:
        raise InputError(f"{case.path}: output.every: more than 100000 frames would be stored; choose a longer interval")
    same = 1e-9 * min(every, fields_every)
    series, fields = (np.arange(1, int(case.time / step) + 1) * step for step in (every, fields_every))
    candidates = [(float(t), False) for t in series] + [(float(t), True) for t in (0.0, *fields, case.time)]
    times: list[float] = []
    stored: list[bool] = []
    for t, with_fields in sorted(candidates):
        if times and t - times[-1] < same:  # multiples of both intervals differ by rounding
            stored[-1] = stored[-1] or with_fields
        else:
            times.append(round(t, 12))
            stored.append(with_fields)
    times[-1] = case.time
    return np.array(times), np.array(stored)


def build_simulation(case: Case, device: str | None = None) -> Simulation:
    """Both sides of a case at time 0.

    Arguments:
        device: number or part of the name of an OpenCL device; the first if None.
    Raises:
        InputError: anything wrong with the case, its data or the device.
    """
    model = build_model(case)
    check_hand_off(case)
    if not (case.eulerian.enabled or case.lagrangian.units or node_count(case, model) or case.descent.steps):
        raise InputError(f"{case.path}: nothing to do: eulerian.enabled is false and lagrangian.units is empty")
    chosen = None
    if case.eulerian.backend != "numpy":
        from mfpde.device.runtime import choose_device

        chosen = choose_device(device)
    elif device is not None:
        raise InputError(f"--device {device}: the backend '{case.eulerian.backend}' uses no OpenCL device")
    solver = build_solver(case, model, chosen) if case.eulerian.enabled else None
    companions = build_companions(case, chosen) if solver is not None and case.eulerian.error_estimate else None
    ladder = flow = None
    if case.lagrangian.units:
        ladder = Ladder(case.lagrangian.units, case.lagrangian.replicate_counts(), case.lagrangian.seed, case.lagrangian.common)
        flow = build_flow(case, model, ladder, chosen)
    fluctuations = build_fluctuations(case, model, chosen)
    nodes = _build_nodes(case, model, fluctuations, chosen)
    descent = build_descent(case, model, chosen)
    return Simulation(case, model, solver, ladder, flow, companions, nodes, fluctuations, descent, chosen)


def _build_nodes(case: Case, model: Model, fluctuations: Fluctuations | None, device) -> Flow | None:
    """The nodes a case asks for; those of the tangent, if there is one, serve."""
    if fluctuations is not None and isinstance(fluctuations.full, FollowedTangent):
        return fluctuations.full.flow
    count = node_count(case, model)
    return build_characteristics(case, model, count, device, tolerance=case.characteristics.tolerance) if count else None


def simulate(case: Case, output: Path, overwrite: bool = False, device: str | None = None, report: Reporter | None = None) -> bool:
    """Run a case and write its file.

    Returns:
        True if the run reached its end, False if it was interrupted; the file is complete up to its last frame.
    Raises:
        InputError: before anything is written.
        RunError: an invariant broke; frames before it are in the file.
    """
    report = report or Silent()
    check_output(output, overwrite)
    times, stored = output_times(case)
    simulation = build_simulation(case, device)
    mesh = simulation.solver.mesh if simulation.solver else None
    facts = provenance(simulation.device.describe() if simulation.device else None, simulation.model.digest())
    attributes = {
        "title": case.title,
        "case": case.text,
        "case_resolved": case.resolved(),
        "case_file": case.path.name,
        "variant": case.variant,
        "parameters": simulation.model.parameters.names,
    } | facts
    writer = Writer(output, describe(case, simulation.model, mesh, simulation.ladder, simulation.parts), attributes, overwrite)
    try:
        with _interruptible(report) as interrupted:
            return _loop(simulation, writer, report, times, stored, interrupted)
    finally:
        writer.close()


def _loop(simulation: Simulation, writer: Writer, report: Reporter, times, stored, interrupted: Callable[[], bool]) -> bool:
    health = simulation.health
    for time, with_fields in zip(times, stored, strict=True):
        try:
            if time > 0:
                simulation.advance(float(time), report)
        except RunError as error:
            health.failed(str(error))
            writer.attribute("health", health.summary(simulation))
            raise RunError(f"{error}; {writer.path} holds the frames before it") from None
        writer.write_frame(float(time), simulation.frame(bool(with_fields)), bool(with_fields))
        for message in health.check(simulation, float(time)):
            report.warn(message)
        health.finished = bool(time == times[-1])
        writer.attribute("health", health.summary(simulation))
        if interrupted() and not health.finished:
            health.failed(f"interrupted at time {time:g}")
            writer.attribute("health", health.summary(simulation))
            return False
    writer.attribute("ended", now())
    return True


@contextmanager
def _interruptible(report: Reporter) -> Iterator[Callable[[], bool]]:
    """Ctrl-C or SIGTERM asks the run to stop after the present frame; a second one stops it at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def handle(number, frame):
        asked.set()
        report.warn("stopping after this frame; press Ctrl-C again to stop at once")
        restore()

    for number in previous:
        signal.signal(number, handle)
    try:
        yield asked.is_set
    finally:
        restore()
