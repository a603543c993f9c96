"""The networks of a ladder."""

import zlib
from collections.abc import Mapping
from typing import Any

from mfpde.case import Case
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.walls import wall_shares
from mfpde.models.problem import Problem
from mfpde.monitors.health import Health
from mfpde.monitors.networks import check_networks, summary_of
from mfpde.sides.moved import Moved
from mfpde.sides.start import Start
from mfpde.sides.turns import Parts

NAMED = 4  #: widths that are named one by one


class Networks(Moved):
    """All networks of a ladder."""

    name = "networks"

    def __init__(self, case: Case, model: Problem, ladder: Ladder, flow: Flow):
        super().__init__(model, flow, flow)
        self.case, self.ladder = case, ladder

    def parts(self) -> Parts:
        """One, which names its widths."""
        units = list(self.ladder.units)
        listed = ", ".join(map(str, units)) if len(units) <= NAMED else f"{units[0]} to {units[-1]}"
        return {f"{self.name} n = {listed}": lambda: self.flow.time}

    def views(self) -> dict[str, Any]:
        """All networks."""
        kept = self.case.output.snapshot_replicates
        return {"networks": NetworksView(self.model, self.ladder, self.flow, kept)}

    def fingerprint(self) -> dict[str, float]:
        """A checksum of V at the units."""
        return {self.name: zlib.crc32(self.flow.potential().tobytes())}

    def check(self, health: Health, shown: Mapping[str, Any], time: float) -> None:
        """Units at walls, and weights of few units."""
        check_networks(health, shown["networks"], bool(self.case.dynamics.birth_death), time)

    def wall_shares(self, shown: Mapping[str, Any]) -> dict[str, tuple[str, float]]:
        """Units that sit on walls."""
        shares = wall_shares(shown["networks"])
        return {f"{name} (units)": ("share of the units", share) for name, share in shares.items()}

    def summary(self) -> dict[str, dict[str, Any]]:
        """Steps and jumps."""
        return {"lagrangian": summary_of(self.flow)}


def jump_rate(case: Case) -> float:
    """alpha if units jump, else 0."""
    return case.dynamics.alpha if case.lagrangian.reaction == "birth_death" else 0.0


def build(start: Start) -> Networks | None:
    """The networks of a case, at time 0; None if it has none."""
    case, settings = start.case, start.case.lagrangian
    if not settings.units:
        return None
    ladder = Ladder(settings.units, settings.replicate_counts(), settings.seed, settings.common)
    return Networks(case, start.model, ladder, build_flow(case, start.model, ladder, start.device))
