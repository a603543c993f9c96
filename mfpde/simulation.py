"""All sides of a case at one time: built, advanced, measured, and put into checkpoints. It does not know who
asks, nor which sides there are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.device.choice import choose
from mfpde.device.needs import needs_of
from mfpde.errors import InputError
from mfpde.memory import check_memory
from mfpde.metrics import measure
from mfpde.metrics.shown import Shown, shown
from mfpde.models import Problem, build_model
from mfpde.models.changing import note
from mfpde.monitors.health import Health
from mfpde.sides import Side, Start, build_sides
from mfpde.sides.turns import Turn, Watch
from mfpde.store.layout import Layout, describe
from mfpde.store.reserved import check_names


@dataclass
class Simulation:
    """The sides of a case, at one time."""

    case: Case
    model: Problem
    sides: list[Side]  #: in the order in which they take turns
    device: Any = None  #: None for NumPy
    notes: tuple[str, ...] = ()  #: what the user should know of how the device was chosen, and of memory
    shown: Shown = field(default_factory=dict)  #: at the last frame
    health: Health = field(default_factory=Health)
    heading: float = 0.0  #: the time of the last call of `advance`, which a checkpoint may have interrupted

    def __post_init__(self) -> None:
        found = [side.fingerprint() for side in self.sides]
        #: of what was built, at time 0: numbers that tell whether it was, to the last bit, like another one
        self.fingerprint = {name: number for numbers in found for name, number in numbers.items()}

    @property
    def time(self) -> float:
        """Of the side that is farthest behind."""
        return min(side.time for side in self.sides)

    @property
    def facts(self) -> dict[str, Any]:
        """What the progress tells of all sides."""
        return {name: fact for side in self.sides for name, fact in side.facts().items()}

    @property
    def data_notes(self) -> tuple[str, ...]:
        """What the user should know of how the data were read."""
        data = self.model.data
        return data.notes if data is not None else ()

    def advance(self, until: float, watch: Watch) -> None:
        """Bring all sides to a time. A checkpoint may be taken in every `watch`."""
        if self.heading != until:  # else this was done before the checkpoint
            for side in self.sides:
                side.head_for(until)
            self.heading = until
        for side in self.sides:
            side.advance(until, Turn(side.parts(), until, watch, lambda: self.facts))

    def frame(self, with_fields: bool) -> dict[str, Any]:
        """Everything that is stored at the present time, by path in the file."""
        self.shown = self._show()
        for side in self.sides:
            side.remember(self.shown)
        return measure(self.shown, with_fields)

    def layout(self) -> Layout:
        """What is stored of it."""
        return describe(self._show())

    def _show(self) -> Shown:
        return shown(self.model, {name: view for side in self.sides for name, view in side.views().items()})

    def check(self, time: float) -> list[str]:
        """New warnings at this output time."""
        before = set(self.health.warnings)
        if time == 0:
            self.health.check_case(self.case)
            if changes := note(self.case):
                self.health.warn("changing", changes)
        for side in self.sides:
            side.check(self.health, self.shown, time)
        return [message for kind, message in self.health.warnings.items() if kind not in before]

    def stop_at_walls(self, time: float) -> None:
        """End a run that its walls make.

        Raises:
            RunError: most of the mass that was not there at the start, or most units, lie at a wall.
        """
        shares = {name: share for side in self.sides for name, share in side.wall_shares(self.shown).items()}
        self.health.stop_at_walls(shares, self.case.eulerian.wall_limit, self.model, time)

    def summary(self) -> dict[str, Any]:
        """The health of the run, as it is stored in the file and shown by `inspect`."""
        summary = self.health.summary(self.case.stationary is not None, self.time)
        return summary | {name: table for side in self.sides for name, table in side.summary().items()}

    @property
    def is_stationary(self) -> bool:
        """Whether the case asks for a stationary density, and has one: its rates over the last step are below
        the tolerance.
        """
        tolerance = self.case.stationary
        return tolerance is not None and any(side.is_stationary(tolerance) for side in self.sides)

    def rates(self, judged: str) -> str:
        """How fast the density still changes; empty where there is none.

        Arguments:
            judged: what is to be said of these rates.
        """
        return "; ".join(rates for side in self.sides if (rates := side.rates(judged)))

    def checkpoint(self) -> dict[str, Any]:
        """All that a simulation built anew needs to go on bit by bit from here, also in the middle of
        `advance`; for `restore`.
        """
        saved: dict[str, Any] = {"heading": self.heading, "solvers": [], "particles": {}, "companions": None}
        for side in self.sides:
            side.save(saved)
        return saved | {"health": self.health.checkpoint()}

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.heading = saved["heading"]
        for side in self.sides:
            side.restore(saved)
        self.health.restore(saved["health"])


def build_simulation(
    case: Case,
    device: str | None = None,
    data: Dataset | None = None,
    saved: dict[str, Any] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Simulation:
    """All sides of a case at time 0, or at a checkpoint.

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
    choice = choose(case.eulerian.backend, device, needs_of(case), tell)
    tight = check_memory(case, model, choice.device)
    sides = build_sides(Start(case, model, choice.device, saved))
    if not sides:
        raise InputError(
            f"{case.path}: nothing to do: eulerian.enabled is false and lagrangian.units is empty; expected"
            " one of them to change"
        )
    simulation = Simulation(case, model, sides, choice.device, notes=(*choice.notes, *tight))
    if saved is not None:
        simulation.restore(saved)
    return simulation
