"""The fluctuations that the mean field predicts, with the flows that carry them."""

from typing import Any

from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.fluctuations import Fluctuations, build_fluctuations
from mfpde.metrics.views.prediction import PredictionView
from mfpde.models.problem import Problem
from mfpde.sides.moved import Moved
from mfpde.sides.networks import jump_rate
from mfpde.sides.start import Start
from mfpde.sides.turns import Parts


class Prediction(Moved):
    """A prediction.

    Arguments:
        jumps: whether units jump.
    """

    name = "fluctuations"

    def __init__(self, model: Problem, fluctuations: Fluctuations, jumps: bool):
        super().__init__(model, fluctuations, fluctuations.full.flow)
        self.fluctuations, self.jumps = fluctuations, jumps

    @property
    def nodes(self) -> Flow | None:
        """Nodes that it moves too; None if it moves others."""
        return self.flow if self.fluctuations.full.carries_nodes else None

    def parts(self) -> Parts:
        """With all nodes, and with half of them."""
        full, half = self.fluctuations.full.flow, self.fluctuations.half.flow
        return {self.name: lambda: full.time, f"{self.name} by half the nodes": lambda: half.time}

    def views(self) -> dict[str, Any]:
        """The prediction."""
        return {"prediction": PredictionView(self.fluctuations, self.jumps)}


def build(start: Start) -> Prediction | None:
    """The prediction that a case asks for, at time 0; its directions are those of a checkpoint."""
    saved = None if start.saved is None else start.saved["particles"].get(Prediction.name)
    found = build_fluctuations(start.case, start.model, start.device, saved)
    return None if found is None else Prediction(start.model, found, jump_rate(start.case) > 0)
