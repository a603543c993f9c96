"""Both sides of a case at one time: built, advanced, measured, and put into checkpoints. It does not know who
asks.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.device.choice import choose
from mfpde.device.needs import needs_of
from mfpde.errors import InputError
from mfpde.eulerian.solver import Solver, build_solver
from mfpde.handoff import check_hand_off, hand_off_if_narrow, restore_carrier
from mfpde.lagrangian.characteristics import build_characteristics, node_count
from mfpde.lagrangian.descent import Descent, build_descent
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.fluctuations import Fluctuations, FollowedTangent, build_fluctuations
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.memory import check_memory
from mfpde.metrics import measure
from mfpde.metrics.shown import Shown, shown
from mfpde.metrics.views.companions import CompanionsView
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.descent import DescentView
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView
from mfpde.metrics.views.prediction import PredictionView
from mfpde.models import Model, build_model
from mfpde.models.network import Network
from mfpde.monitors.blame import blaming_cells, blaming_units
from mfpde.monitors.grid_error import Companions, build_companions
from mfpde.monitors.health import Health
from mfpde.sides import DENSITY, Parts, Turn, Watch, flow_of, parts_of, solver_facts
from mfpde.store.layout import Layout, describe
from mfpde.store.reserved import check_names


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
    device: Any = None  #: None for NumPy
    notes: tuple[str, ...] = ()  #: what the user should know of how the device was chosen, and of memory
    shown: Shown = field(default_factory=dict)  #: at the last frame
    health: Health = field(default_factory=Health)
    heading: float = 0.0  #: the time of the last call of `advance`, which a checkpoint may have interrupted
    fingerprint: dict[str, float] = field(default_factory=dict)  #: of what was built, at time 0

    def look(self) -> None:
        """Show what there is at the present time; the solver keeps what the progress tells of it."""
        self.shown = shown(self.model, self._views())
        if self.solver is not None:
            density = self.shown["density"]
            self.solver.wall_mass, self.solver.blobs = density.wall_mass, density.blobs

    def frame(self, with_fields: bool) -> dict[str, Any]:
        """Everything that is stored at the present time, by path in the file."""
        self.look()
        return measure(self.shown, with_fields)

    def layout(self) -> Layout:
        """What is stored of it."""
        return describe(shown(self.model, self._views()))

    def _views(self) -> dict[str, Any]:
        """What its sides show."""
        views: dict[str, Any] = {}
        if self.solver is not None:
            views["density"] = DensityView(self.solver)
            if self.companions is not None:
                views["companions"] = CompanionsView(self.companions, self.solver)
        if self.nodes is not None:
            views["nodes"] = NodesView(self.model, self.nodes, self.jump_rate)
        if self.fluctuations is not None:
            views["prediction"] = PredictionView(self.fluctuations, self.jump_rate > 0)
        if self.flow is not None and self.ladder is not None:
            kept = self.case.output.snapshot_replicates
            views["networks"] = NetworksView(self.model, self.ladder, self.flow, kept)
        if self.descent is not None:
            views["descent"] = DescentView(self.descent)
        return views

    @property
    def data_notes(self) -> tuple[str, ...]:
        """What the user should know of how the data were read."""
        return self.model.data.notes if isinstance(self.model, Network) else ()

    @property
    def jump_rate(self) -> float:
        """alpha if units jump, else 0."""
        return self.case.dynamics.birth_death if self.case.lagrangian.reaction == "birth_death" else 0.0

    @property
    def is_stationary(self) -> bool:
        """Whether the case asks for a stationary density, and has one: its rates over the last step are below
        the tolerance.
        """
        tolerance, solver = self.case.stationary, self.solver
        if tolerance is None or solver is None or solver.carrier is not None:
            return False
        return bool(solver.density_rate < tolerance and solver.energy_rate < tolerance)

    @property
    def solvers(self) -> list[Solver]:
        """That of the density and those of its companions."""
        return (
            []
            if self.solver is None
            else [self.solver, *(self.companions.solvers if self.companions else [])]
        )

    @property
    def particles(self) -> dict[str, Flow | Fluctuations | Descent]:
        """What moves by characteristics, each once, in the order in which it is advanced."""
        sides: dict[str, Any] = {
            "nodes": self.nodes,
            "fluctuations": self.fluctuations,
            "descent": self.descent,
            "networks": self.flow,
        }
        if self.fluctuations is not None and self.nodes is self.fluctuations.full.flow:
            del sides["nodes"]
        return {name: side for name, side in sides.items() if side is not None}

    @property
    def sides(self) -> dict[str, Parts]:
        """What takes turns in `advance`, in that order: the parts of each, with the time that they have
        reached.
        """
        found: dict[str, Parts] = {}
        if (density := self.solver) is not None:
            found[DENSITY] = {
                DENSITY: lambda: density.time if density.carrier is None else density.carrier.time
            }
        if self.companions is not None:
            solvers = self.companions.solvers
            found["companions"] = {
                f"coarser mesh {k} of {len(solvers)}": partial(getattr, s, "time")
                for k, s in enumerate(solvers, 1)
            }
        units = self.ladder.units if self.ladder is not None else []
        return found | {name: parts_of(side, name, list(units)) for name, side in self.particles.items()}

    def advance(self, until: float, watch: Watch) -> None:
        """Bring all sides to a time; hand the density over to points when it has become narrow. A checkpoint
        may be taken in every `watch`.
        """
        sides, solver = self.sides, self.solver
        if solver is not None:
            if self.heading != until:  # else this was decided before the checkpoint
                hand_off_if_narrow(self.case, self.solvers, self.device)
            self.heading = until
            with blaming_cells(solver):
                solver.advance(until, Turn(sides[DENSITY], until, watch, partial(solver_facts, solver)))
        facts = {} if solver is None else solver_facts(solver)
        if self.companions is not None:
            self.companions.advance(until, self._turn(sides["companions"], until, watch, facts))
        for name, side in self.particles.items():
            with blaming_units(flow_of(side), self.model):
                side.advance(until, self._turn(sides[name], until, watch, facts))

    def _turn(self, parts: Parts, until: float, watch: Watch, facts: dict[str, Any]) -> Turn:
        """The turn of a side begins, which is told at once: its first step may take long."""
        turn = Turn(parts, until, watch, lambda: facts)
        turn()
        return turn

    def checkpoint(self) -> dict[str, Any]:
        """All that a simulation built anew needs to go on bit by bit from here, also in the middle of
        `advance`; for `restore`.
        """
        return {
            "heading": self.heading,
            "solvers": [solver.checkpoint() for solver in self.solvers],
            "particles": {name: side.checkpoint() for name, side in self.particles.items()},
            "companions": self.companions.checkpoint() if self.companions is not None else None,
            "health": self.health.checkpoint(),
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.heading = saved["heading"]
        # runs of 0.1 had fewer companions: those that are missing catch up from time 0
        for solver, its in zip(self.solvers, saved["solvers"], strict=False):
            restore_carrier(self.case, solver, its, self.device)
            solver.restore(its)
        for name, side in self.particles.items():
            side.restore(saved["particles"][name])
        if self.companions is not None and saved.get("companions") is not None:
            self.companions.restore(saved["companions"])
        self.health.restore(saved["health"])

    def _fingerprint(self) -> dict[str, float]:
        """Numbers that tell whether this was built, to the last bit, like another one: energies, and
        checksums of V at units.
        """
        flows = {
            "nodes": self.nodes,
            "networks": self.flow,
            "descent": self.descent.flow if self.descent else None,
        }
        checked = {
            name: zlib.crc32(flow.potential().tobytes()) for name, flow in flows.items() if flow is not None
        }
        return checked | {f"energy {k}": solver.state.energy for k, solver in enumerate(self.solvers)}


def output_times(
    case: Case, ends: Sequence[float] = (), stationary: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Times at which something is stored, and which of them store fields.

    The start and the end are always stored, with fields.

    Arguments:
        ends: times to which a run was extended after its end; every one is stored.
        stationary: when the run ended before its time, being stationary, before it was extended.
    """
    every, fields_every = case.output_every, case.output_fields_every
    first_end = case.time if stationary is None else stationary
    last = max(first_end, *ends) if ends else first_end
    if last / min(every, fields_every) > 100_000:
        raise InputError(
            f"{case.path}: output.every: more than 100000 frames would be stored; choose a longer interval"
        )
    same = 1e-9 * min(every, fields_every)
    series, fields = (np.arange(1, int(last / step) + 1) * step for step in (every, fields_every))
    candidates = [(float(t), False) for t in series] + [
        (float(t), True) for t in (0.0, *fields, first_end, *ends)
    ]
    times: list[float] = []
    stored: list[bool] = []
    for t, with_fields in sorted(candidates):
        if times and t - times[-1] < same:  # multiples of both intervals differ by rounding
            stored[-1] = stored[-1] or with_fields
        else:
            times.append(float(f"{t:.15g}"))  # 0.3 rather than 3 * 0.1
            stored.append(with_fields)
    found = np.array(times)
    for end in (first_end, *ends):  # exactly, not as a rounded multiple
        found[np.argmin(np.abs(found - end))] = end
    return found, np.array(stored)


def build_simulation(
    case: Case,
    device: str | None = None,
    data: Dataset | None = None,
    saved: dict[str, Any] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Simulation:
    """Both sides of a case at time 0, or at a checkpoint.

    Arguments:
        device: number or part of the name of an OpenCL device, or "numpy"; the first that can be trusted if
            None.
        data: what a network learns, if it is known already; else the case tells where to read it.
        saved: a checkpoint of a simulation of the same case.
        tell: told what takes time before the run begins.
    Raises:
        InputError: anything wrong with the case, its data or the device.
    """
    if saved is None:  # a run that an earlier version began goes on
        check_names(case)
    model = build_model(case, data)
    check_hand_off(case)
    if not (case.eulerian.enabled or case.lagrangian.units or node_count(case, model) or case.descent.steps):
        raise InputError(
            f"{case.path}: nothing to do: eulerian.enabled is false and lagrangian.units is empty; expected"
            " one of them to change"
        )
    choice = choose(case.eulerian.backend, device, needs_of(case), tell)
    chosen = choice.device
    tight = check_memory(case, model, chosen)
    solver = build_solver(case, model, chosen) if case.eulerian.enabled else None
    known = model.data if isinstance(model, Network) else None
    companions = (
        build_companions(case, chosen, known, solver)
        if solver is not None and case.eulerian.error_estimate
        else None
    )
    ladder = flow = None
    if case.lagrangian.units:
        ladder = Ladder(
            case.lagrangian.units,
            case.lagrangian.replicate_counts(),
            case.lagrangian.seed,
            case.lagrangian.common,
        )
        flow = build_flow(case, model, ladder, chosen)
    fluctuations = build_fluctuations(
        case, model, chosen, None if saved is None else saved["particles"].get("fluctuations")
    )
    nodes = _build_nodes(case, model, fluctuations, chosen)
    descent = build_descent(case, model, chosen)
    simulation = Simulation(
        case,
        model,
        solver,
        ladder,
        flow,
        companions,
        nodes,
        fluctuations,
        descent,
        chosen,
        notes=(*choice.notes, *tight),
    )
    simulation.fingerprint = simulation._fingerprint()
    if saved is not None:
        simulation.restore(saved)
    return simulation


def _build_nodes(case: Case, model: Model, fluctuations: Fluctuations | None, device) -> Flow | None:
    """The nodes a case asks for; those of the tangent, if there is one, serve."""
    if fluctuations is not None and isinstance(fluctuations.full, FollowedTangent):
        return fluctuations.full.flow
    count = node_count(case, model)
    return (
        build_characteristics(case, model, count, device, tolerance=case.characteristics.tolerance)
        if count
        else None
    )
