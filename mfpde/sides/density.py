"""The density on a mesh; when a blob of it has become too narrow, points carry it on."""

from collections.abc import Callable, Mapping
from typing import Any

from mfpde.case import Case
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.solver import Solver
from mfpde.metrics.views.density import DensityView
from mfpde.monitors.blame import blaming_cells
from mfpde.monitors.density import check_density, summary_of
from mfpde.monitors.health import Health
from mfpde.sides.hand_off import check_hand_off, hand_off_if_narrow, restore_carrier
from mfpde.sides.side import Side
from mfpde.sides.start import Start
from mfpde.sides.turns import Parts


class Density(Side):
    """A density, or the points that carry it on."""

    name = "density"

    def __init__(self, case: Case, solver: Solver, device: Any):
        self.case, self.solver, self.device = case, solver, device

    @property
    def time(self) -> float:
        """Of the solver."""
        return self.solver.time

    def parts(self) -> Parts:
        """One, whose time is that of the points after a hand-off."""
        solver = self.solver
        return {self.name: lambda: solver.time if solver.carrier is None else solver.carrier.time}

    def head_for(self, until: float) -> None:
        """Hand over to points where a blob is narrow."""
        hand_off_if_narrow(self.case, self.solver, self.device)

    def advance(self, until: float, watch: Callable[..., None]) -> None:
        """Step to a time."""
        with blaming_cells(self.solver):
            self.solver.advance(until, watch)

    def facts(self) -> dict[str, Any]:
        """Step, energy, mass drift, mass at walls, and the last step with what limited it."""
        solver = self.solver
        return {
            "step": solver.steps,
            "energy": solver.state.energy,
            "drift": solver.mass_drift,
            "wall": max((solver.wall_mass or {"": 0.0}).values()),
            "dt": solver.last_dt,
            "limit": solver.last_limit,
        }

    def views(self) -> dict[str, Any]:
        """The density."""
        return {"density": DensityView(self.solver)}

    def remember(self, shown: Mapping[str, Any]) -> None:
        """Mass at the walls, and widths of blobs."""
        self.solver.wall_mass, self.solver.blobs = shown["density"].wall_mass, shown["density"].blobs

    def save(self, saved: dict[str, Any]) -> None:
        """First of the solvers."""
        saved["solvers"].append(self.solver.checkpoint())

    def restore(self, saved: Mapping[str, Any]) -> None:
        """With the points, if they carried it then."""
        its = saved["solvers"][0]
        restore_carrier(self.case, self.solver, its, self.device)
        self.solver.restore(its)

    def fingerprint(self) -> dict[str, float]:
        """Its energy."""
        return {"energy 0": self.solver.state.energy}

    def check(self, health: Health, shown: Mapping[str, Any], time: float) -> None:
        """Walls, resolution, the balance of energy; at the start, what the mesh cannot hold of laws."""
        check_density(health, self.case, self.solver, time)

    def wall_shares(self, shown: Mapping[str, Any]) -> dict[str, tuple[str, float]]:
        """Mass in the outermost cells."""
        return {name: ("mass", mass) for name, mass in self.solver.wall_mass.items()}

    def summary(self) -> dict[str, dict[str, Any]]:
        """Steps and invariants."""
        return {"eulerian": summary_of(self.solver)}

    def is_stationary(self, tolerance: float) -> bool:
        """Whether the rates of density and energy over the last step are both smaller; points have none."""
        solver = self.solver
        return (
            solver.carrier is None
            and bool(solver.density_rate < tolerance)
            and bool(solver.energy_rate < tolerance)
        )

    def rates(self, judged: str) -> str:
        """With the distance from its own Gibbs state, if it has one."""
        solver = self.solver
        found = (
            f"the density changes by {solver.density_rate:.1e} per unit time (L1), the energy by"
            f" {solver.energy_rate:.1e}, {judged}"
        )
        if solver.has_gibbs and solver.carrier is None:
            found += f"; its distance from its own Gibbs state is {solver.gibbs_residual():.1e}"
        return found


def build(start: Start) -> Density | None:
    """The density of a case, at time 0.

    Raises:
        InputError: it is to be handed over to points, which cannot carry it; or it cannot be built.
    """
    check_hand_off(start.case)
    if not start.case.eulerian.enabled:
        return None
    return Density(start.case, build_solver(start.case, start.model, start.device), start.device)
