"""The health of a run: what must hold, whether it held, and what the user should be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mfpde.case import Case
from mfpde.errors import RunError
from mfpde.models.formula_checks import unmoved
from mfpde.models.problem import Problem
from mfpde.monitors.causes import remedy

#: mass, or share of the units, at a wall that is worth a word
WALL_MASS = 1e-6
SAVED = ("resolution_time", "hand_off_time", "stationary_at", "initial_energy", "initial_wall")


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

    def warn(self, kind: str, message: str) -> None:
        """Say something that is to be known of the run, once of each kind."""
        self.warnings.setdefault(kind, message)

    def check_case(self, case: Case) -> None:
        """What a case asks for and a run will not show."""
        self._check_intervals(case)
        for name in unmoved(case):
            self.warn(
                f"unmoved {name}",
                f"parameters.{name} is in no formula of [model], and nothing else moves it: is its name"
                " as meant?",
            )

    def stop_at_walls(
        self, shares: Mapping[str, tuple[str, float]], limit: float, model: Problem, time: float
    ) -> None:
        """End a run that its walls make.

        Arguments:
            shares: what lies at walls, and how much, by component and side.
            limit: that ends the run, of what was not there at the start.
        Raises:
            RunError: one of them exceeds it.
        """
        if not self.initial_wall:
            self.initial_wall = {name: share for name, (_, share) in shares.items()}
        for name, (what, share) in shares.items():
            first = self.initial_wall.get(name, 0.0)
            if share - first > limit * (1 - first):
                axis = name.split()[0]
                raise RunError(
                    f"at time {time:g} a {what} of {share:.2g} lies in the outermost cells of {axis} or on"
                    f" its walls (eulerian.wall_limit = {limit:g}), so the walls make the solution;"
                    f" {remedy(model, axis)}"
                )

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
        self.warn("intervals", f"{keys}: longer than the run (time = {case.time:g}), so {stored}")

    def summary(self, watches_rates: bool, time: float) -> dict[str, Any]:
        """What is stored in the file and shown by `inspect`, without the tables of sides.

        Arguments:
            watches_rates: whether the run may end because it is stationary.
        """
        summary: dict[str, Any] = {
            "finished": self.finished,
            "failure": self.failure,
            "warnings": list(self.warnings.values()),
            "resolution_time": self.resolution_time,
            "hand_off_time": self.hand_off_time,
        }
        if watches_rates:
            # it may have gone on after
            ended = "stationary" if self.stationary_at == time else "time"
            summary |= {"ended_by": ended if self.finished else None, "stationary_at": self.stationary_at}
        return summary
