"""Descent by steps of finite length, beside the flow from the same start."""

import zlib
from functools import partial
from typing import Any

from mfpde.lagrangian.descent import Descent, Training, build_descent
from mfpde.metrics.views.descent import DescentView
from mfpde.sides.moved import Moved
from mfpde.sides.start import Start
from mfpde.sides.turns import Parts


class Descending(Moved):
    """Networks that descend, of all steps and batches."""

    name = "descent"
    may_diverge = True

    def __init__(self, descent: Descent):
        super().__init__(descent.model, descent, descent.flow)
        self.descent = descent

    @property
    def time(self) -> float:
        """Of the last output that all of it has reached."""
        return self.descent.time

    def parts(self) -> Parts:
        """The flow, and every pair of a step and a batch size."""
        settings = self.descent.case.descent
        parts: Parts = {"flow beside the descent": lambda: self.flow.time}
        for step, row in zip(settings.steps, self.descent.trainings, strict=True):
            for batch, training in zip(settings.batches, row, strict=True):
                of_batches = f", batches of {batch}" if batch else ""
                parts[f"descent by steps of {step:g}{of_batches}"] = partial(_stepped, training)
        return parts

    def views(self) -> dict[str, Any]:
        """All networks."""
        return {"descent": DescentView(self.descent)}

    def fingerprint(self) -> dict[str, float]:
        """A checksum of V at the units."""
        return {self.name: zlib.crc32(self.flow.potential().tobytes())}


def _stepped(training: Training) -> float:
    return training.taken * training.step


def build(start: Start) -> Descending | None:
    """The descent that a case asks for, at time 0."""
    descent = build_descent(start.case, start.model, start.device)
    return None if descent is None else Descending(descent)
