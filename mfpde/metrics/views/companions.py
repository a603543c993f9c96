"""What the coarser meshes beside a density show: bounds of its errors."""

from functools import cached_property
from typing import Any

from mfpde.eulerian.solver import Solver


class CompanionsView:
    """Bounds at one time.

    Arguments:
        companions: the coarser meshes (`monitors.grid_error.Companions`).
        solver: of the finest mesh.
    """

    def __init__(self, companions: Any, solver: Solver):
        self.companions, self.solver, self.function = companions, solver, solver.model.function

    @cached_property
    def bounds(self) -> dict[str, float]:
        """By name, see `Companions.estimate`; bounds of before hold on for a while, which is noted once."""
        return self.companions.estimate(self.solver)
