"""A single unit that follows V = x: not a side of mfpde, but one as it would be added."""

from collections.abc import Mapping
from typing import Any

from mfpde.metrics.declaration import TIME, Variable
from mfpde.sides.side import Side

STEP = 0.01


class Unit(Side):
    """x' = -x by explicit Euler."""

    name = "unit"

    def __init__(self):
        self.steps, self.x = 0, 1.0

    @property
    def time(self):
        """Of all steps."""
        return self.steps * STEP

    def parts(self):
        """One."""
        return {self.name: lambda: self.time}

    def advance(self, until, watch):
        """Step to a time."""
        watch()
        while self.time < until - STEP / 2:
            self.steps, self.x = self.steps + 1, self.x * (1 - STEP)
            watch()

    def views(self):
        """Itself."""
        return {"unit": self}

    def save(self, saved: dict[str, Any]):
        """Its place."""
        saved["particles"][self.name] = {"steps": self.steps, "x": self.x}

    def restore(self, saved: Mapping[str, Any]):
        """From there."""
        self.steps, self.x = (saved["particles"][self.name][key] for key in ("steps", "x"))


def build(start):
    """It, whatever the case."""
    return Unit()


VARIABLES = [Variable("unit/x", (TIME,), "where the unit is", lambda unit: unit.x)]
