"""The loop of a run: advance both sides to the next output time, measure, write, and keep checkpoints."""

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mfpde.device.failures import device_failures
from mfpde.errors import HeldError, RunError, StorageError
from mfpde.runs.estimate import Estimate
from mfpde.runs.report import Reporter
from mfpde.runs.signals import Asked, listening
from mfpde.runs.times import output_times
from mfpde.simulation import Simulation
from mfpde.store.checkpoints import Checkpoints
from mfpde.store.names import HeldOpen
from mfpde.store.provenance import now
from mfpde.store.writer import Writer

#: what is measured at an output, without and with densities, as it is called in the progress
MEASURING = {False: "measuring", True: "measuring densities and distances"}
#: share of the time of a run that checkpoints by the clock may take
SHARE = 0.02


class Interrupted(Exception):
    """The run was asked to stop, and has a checkpoint."""


@dataclass
class Loop:
    """A run in progress.

    Arguments:
        facts: what a checkpoint holds besides the state: whose run it is, of which case, on what.
    """

    simulation: Simulation
    checkpoints: Checkpoints
    writer: Writer
    facts: dict[str, Any]
    report: Reporter
    frames: int = 0  #: written so far
    asked: Asked = field(default_factory=Asked)
    saved: float = field(default_factory=clock.monotonic)  #: when the last checkpoint was taken
    cost: float = 0.0  #: seconds for which the run waited for it
    waited: float = 0.0  #: for all of them
    end: float = 0.0  #: the time to which the run goes
    estimate: Estimate = field(default_factory=lambda: Estimate({}))

    def go(self) -> bool:
        """To the end; False if it was asked to stop.

        Raises:
            RunError: an invariant broke, or something could not be written.
        """
        health = self.simulation.health
        with listening(self.report.warn) as self.asked:
            try:
                with device_failures():
                    self._go()
                return True
            except Interrupted:
                health.failed(f"interrupted at time {self.time:g}")
                self._note_health()
                return False
            except RunError as error:
                health.failed(str(error))
                self._note_health()
                kind = type(error) if isinstance(error, StorageError) else RunError
                raise kind(
                    f"{error}; {self.writer.path} holds the {self.frames} frame(s) before"
                    f" it{self._way_back(error)}"
                ) from None

    def _go(self) -> None:
        simulation, health = self.simulation, self.simulation.health
        times, stored = output_times(simulation.case, self.facts["ends"], self.facts.get("stationary"))
        self.end = float(times[-1])
        self.estimate = self._estimate(stored.tolist())
        for time, with_fields in list(zip(times.tolist(), stored.tolist(), strict=True))[self.frames :]:
            if time > 0:
                simulation.advance(time, self._watch)
            ended = time == self.end or self._has_settled(time)
            with_fields = with_fields or ended
            self._begins(MEASURING[with_fields])
            values = simulation.frame(with_fields)
            for message in simulation.check(time):
                self.report.warn(message)
            health.finished = ended
            noted = {"health": simulation.summary(), "resumes": self.facts["resumes"]} | (
                {"ended": now()} if ended else {}
            )
            self.writer.write_frame(time, values, with_fields, noted)
            self.frames += 1
            measured = self.estimate.sides[MEASURING[with_fields]]
            self.estimate.at(MEASURING[with_fields], measured.reached + 1)
            self.estimate.next_interval()
            simulation.stop_at_walls(time)
            if with_fields:
                self.save()
            if ended:
                break
        self.settle()
        self._tell_end()

    def _has_settled(self, time: float) -> bool:
        """Whether the run is to end at this time because its density is stationary; who asked for a later
        time gets it.
        """
        if not self.simulation.is_stationary or self.facts["ends"] or time == 0:
            return False
        self.facts["stationary"] = self.simulation.health.stationary_at = time
        return True

    def _tell_end(self) -> None:
        """What ended a run that was to end when it is stationary."""
        tolerance = self.simulation.case.stationary
        if tolerance is None or self.facts["ends"]:
            return
        settled = self.facts.get("stationary") is not None
        rates = self.simulation.rates(
            f"both below {tolerance:g}" if settled else f"not both below stationary = {tolerance:g}"
        )
        if rates and settled:
            self.report.tell(f"stationary at time {self.time:g}: {rates}")
        elif rates:
            self.report.warn(f"not stationary at time {self.time:g}, where the run ends (time): {rates}")

    def _way_back(self, error: RunError) -> str:
        if isinstance(error, StorageError):
            return f"; {error.remedy}, and go on with: mfpde resume {self.writer.path}"
        return f", and {self.checkpoints.folder.name} the last good state"

    def _note_health(self) -> None:
        """Tell in the file why the run stopped, if it can still be told."""
        try:
            self.writer.publish({"health": self.simulation.summary()})
        except OSError:
            self.report.warn(f"{self.writer.path} could not be told why the run stopped")

    @property
    def time(self) -> float:
        """Of the side that is farthest behind."""
        return self.simulation.time

    def _estimate(self, stored: list[bool]) -> Estimate:
        """Of what is left to be done from here."""
        sides = {
            name: (at(), self.end) for side in self.simulation.sides for name, at in side.parts().items()
        }
        frames = {name: (0.0, float(stored[self.frames :].count(kind))) for kind, name in MEASURING.items()}
        return Estimate(sides | frames)

    @property
    def _outlook(self) -> dict[str, Any]:
        may_settle = self.simulation.case.stationary is not None and not self.facts["ends"]
        return {"estimate": self.estimate, "may_settle": may_settle}

    def _begins(self, what: str) -> None:
        """Something that is not a side begins, which may take a while."""
        self.report.progress(self.time, self.end, {"side": what} | self._outlook)

    def _watch(self, time: float, facts: dict[str, Any]) -> None:
        self.estimate.at(facts["side"], time)
        self.report.progress(time, self.end, facts | self._outlook)
        cost = self.cost + self.checkpoints.seconds
        due = clock.monotonic() - self.saved > max(self.simulation.case.output.checkpoint_every, cost / SHARE)
        if due or self.asked.to_save or self.asked.to_stop:
            self.save()
        if self.asked.to_save:
            self.asked.to_save = False
            self.settle()
            self.report.warn(f"checkpoint taken at time {self.time:g}, as asked")
        if self.asked.to_stop:
            self.settle()
            raise Interrupted

    def settle(self) -> None:
        """Wait until the last checkpoint is on the disk.

        Raises:
            StorageError: it could not be written; older checkpoints stay.
        """
        begun = clock.monotonic()
        try:
            self.checkpoints.settle()
        except OSError as error:
            kind = HeldError if isinstance(error, HeldOpen) else StorageError
            raise kind(
                f"a checkpoint could not be written to {self.checkpoints.folder}: {error.strerror or error}"
            ) from None
        finally:
            self.waited += clock.monotonic() - begun

    def save(self) -> None:
        """Take a checkpoint; it is written while the run goes on.

        Raises:
            RunError: the state is not finite, or the checkpoint before could not be written; older
                checkpoints stay.
        """
        self._begins("writing a checkpoint")
        self.settle()
        begun = clock.monotonic()
        state = self.simulation.checkpoint()
        diverging = [side.name for side in self.simulation.sides if side.may_diverge]
        if bad := not_finite(state, diverging):
            raise RunError(f"{bad} is no longer finite at time {self.time:g}, so it is no checkpoint")
        self.checkpoints.save(
            self.facts | {"frames": self.frames, "time": self.time, "state": state},
            self.writer.copies.durability(),
        )
        self.saved = clock.monotonic()
        self.cost = self.saved - begun
        self.waited += self.cost


def not_finite(tree: Any, diverging: Sequence[str] = (), path: str = "") -> str:
    """The first array of a checkpoint that holds a NaN or an infinity, by its path; empty if none does.

    Arguments:
        diverging: parts that may, which is noticed elsewhere and ends nothing.
    """
    if isinstance(tree, np.ndarray):
        return "" if tree.dtype.kind != "f" or np.isfinite(tree).all() else path
    if isinstance(tree, dict):
        inner = ((str(key), value) for key, value in tree.items() if key not in diverging)
    elif isinstance(tree, list):
        inner = ((str(key), value) for key, value in enumerate(tree))
    else:
        return ""
    found = (not_finite(value, diverging, f"{path}/{key}".lstrip("/")) for key, value in inner)
    return next((bad for bad in found if bad), "")
