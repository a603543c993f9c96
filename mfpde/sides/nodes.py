"""The mean field carried by quadrature nodes."""

import zlib
from collections.abc import Callable, Mapping
from typing import Any

from mfpde.lagrangian.characteristics import build_characteristics, node_count
from mfpde.lagrangian.flow import Flow
from mfpde.metrics.views.nodes import NodesView
from mfpde.models.problem import Problem
from mfpde.sides.moved import Moved
from mfpde.sides.networks import jump_rate
from mfpde.sides.prediction import build as build_prediction
from mfpde.sides.start import Start
from mfpde.sides.turns import Parts


class Nodes(Moved):
    """Nodes.

    Arguments:
        rate: of jumps, see `jump_rate`.
    """

    name = "nodes"

    def __init__(self, model: Problem, flow: Flow, rate: float):
        super().__init__(model, flow, flow)
        self.rate = rate

    def views(self) -> dict[str, Any]:
        """The nodes."""
        return {"nodes": NodesView(self.model, self.flow, self.rate)}

    def fingerprint(self) -> dict[str, float]:
        """A checksum of V at the nodes."""
        return {self.name: zlib.crc32(self.flow.potential().tobytes())}


class NodesOfPrediction(Nodes):
    """Nodes that a prediction of fluctuations moves, with its tangent."""

    def parts(self) -> Parts:
        """None of its own."""
        return {}

    def advance(self, until: float, watch: Callable[..., None]) -> None:
        """Nothing."""

    def save(self, saved: dict[str, Any]) -> None:
        """Nothing."""

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Nothing."""


def build(start: Start) -> Nodes | None:
    """The nodes of a case at time 0; those of the tangent, if there is one, serve."""
    case, model, prediction = start.case, start.model, start.once(build_prediction)
    if prediction is not None and (flow := prediction.nodes) is not None:
        return NodesOfPrediction(model, flow, jump_rate(case))
    if not (count := node_count(case, model)):
        return None
    flow = build_characteristics(case, model, count, start.device, tolerance=case.characteristics.tolerance)
    return Nodes(model, flow, jump_rate(case))
