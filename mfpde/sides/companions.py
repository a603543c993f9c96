"""The same density on coarser meshes, from which the error of the mesh is known."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mfpde.metrics.views.companions import CompanionsView
from mfpde.monitors.grid_error import Companions, build_companions
from mfpde.sides.density import Density
from mfpde.sides.density import build as build_density
from mfpde.sides.hand_off import hand_off, restore_carrier
from mfpde.sides.side import Side
from mfpde.sides.start import Start
from mfpde.sides.turns import Parts


class CoarserMeshes(Side):
    """The companions of a density, handed over to points with it."""

    name = "companions"

    def __init__(self, density: Density, companions: Companions):
        self.density, self.companions = density, companions

    @property
    def time(self) -> float:
        """Of the one that is farthest behind."""
        return min(solver.time for solver in self.companions.solvers)

    def parts(self) -> Parts:
        """All meshes."""
        solvers = self.companions.solvers
        return {
            f"coarser mesh {k} of {len(solvers)}": partial(getattr, solver, "time")
            for k, solver in enumerate(solvers, 1)
        }

    def head_for(self, until: float) -> None:
        """Hand over to points when the density was."""
        carrier = self.density.solver.carrier
        for solver in self.companions.solvers:
            if carrier is not None and solver.carrier is None and solver.time == carrier.since:
                hand_off(self.density.case, solver, self.density.device)

    def advance(self, until: float, watch: Callable[..., None]) -> None:
        """One after another."""
        watch()
        self.companions.advance(until, watch)

    def views(self) -> dict[str, Any]:
        """Bounds of the errors."""
        return {"companions": CompanionsView(self.companions, self.density.solver)}

    def save(self, saved: dict[str, Any]) -> None:
        """After the density, among the solvers, and what bounds hold on from before."""
        saved["solvers"].extend(solver.checkpoint() for solver in self.companions.solvers)
        saved["companions"] = self.companions.checkpoint()

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Runs of 0.1 had fewer: those that are missing catch up from time 0."""
        case, device = self.density.case, self.density.device
        for solver, its in zip(self.companions.solvers, saved["solvers"][1:], strict=False):
            restore_carrier(case, solver, its, device)
            solver.restore(its)
        if saved.get("companions") is not None:
            self.companions.restore(saved["companions"])

    def fingerprint(self) -> dict[str, float]:
        """Their energies."""
        return {f"energy {k}": solver.state.energy for k, solver in enumerate(self.companions.solvers, 1)}


def build(start: Start) -> CoarserMeshes | None:
    """The companions of the density of a case, at time 0."""
    density = start.once(build_density)
    if density is None or not start.case.eulerian.error_estimate:
        return None
    companions = build_companions(start.case, start.device, start.model.data, density.solver)
    return CoarserMeshes(density, companions)
