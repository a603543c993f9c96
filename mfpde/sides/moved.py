"""What sides of units have in common: they move by characteristics."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from mfpde.lagrangian.flow import Flow
from mfpde.models.problem import Problem
from mfpde.monitors.blame import blaming_units
from mfpde.sides.side import Side
from mfpde.sides.turns import Parts


class Movable(Protocol):
    """What such a side moves."""

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Bring it to a time; `watch` is called after every step."""

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to go on bit by bit from here."""

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""


class Moved(Side):
    """A side of units.

    Arguments:
        moved: all of it.
        flow: by which it moves, or the first of them.
    """

    def __init__(self, model: Problem, moved: Movable, flow: Flow):
        self.model, self.moved, self.flow = model, moved, flow

    @property
    def time(self) -> float:
        """Of its flow."""
        return self.flow.time

    def parts(self) -> Parts:
        """One."""
        return {self.name: lambda: self.flow.time}

    def advance(self, until: float, watch: Callable[..., None]) -> None:
        """Bring it to a time. That its turn begins is told at once: the first step may take long."""
        with blaming_units(self.flow, self.model):
            watch()
            self.moved.advance(until, watch)

    def save(self, saved: dict[str, Any]) -> None:
        """Under its name."""
        saved["particles"][self.name] = self.moved.checkpoint()

    def restore(self, saved: Mapping[str, Any]) -> None:
        """From there."""
        self.moved.restore(saved["particles"][self.name])
