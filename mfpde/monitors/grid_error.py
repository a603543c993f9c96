"""How large the error of the mesh is, at most: the same case on coarser meshes, carried along, from whose
differences `bounds` makes bounds.

Half and a quarter of the cells with the parity of the fine mesh, half of them with the other parity, whose
cells lie elsewhere (an edge or a kink that one mesh happens to meet exactly, the other does not), and a
quarter once more with steps half as long, for the error of the time step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.solver import Solver
from mfpde.models import build_model
from mfpde.models.births import births_laws
from mfpde.monitors.bounds import STEP, Difference, Envelope, error_bound, formal_order, order_of
from mfpde.monitors.levels import measure_level

FEWEST = 4  #: cells of an axis


def coarsened(cells: int) -> int:
    """About half the cells, odd if they were odd, so that 0 stays a cell centre of a symmetric box."""
    half = (cells + 1) // 2
    if half % 2 != cells % 2:
        half += 1
    return max(half, FEWEST)


def shifted(cells: int) -> int:
    """About half the cells, odd if they were even."""
    half = coarsened(cells)
    return half - 1 if half > FEWEST else half + 1


@dataclass
class Companions:
    """The coarser runs: half the cells, a quarter, half of the other parity, and a quarter with half the
    steps.
    """

    solvers: list[Solver]
    jumps: bool = False  #: whether the density has jumps
    envelope: Envelope = field(default_factory=Envelope)
    #: of the finest solution at the last estimate, in cells by axis
    blobs: dict[str, float] = field(default_factory=dict)

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Bring them to a time; `watch` is called after every step."""
        for solver in self.solvers:
            solver.advance(until, None if watch is None else lambda _: watch())

    def estimate(self, solver: Solver) -> dict[str, float]:
        """Bounds of the errors of the finest solution, by name: function (a squared distance in L2(nu)),
        energy, W1 of marginals; and the order they rest on. They cover the errors in about `bounds.COVERAGE`
        of cases.
        """
        fine, half, quarter, other, short = (measure_level(s) for s in (solver, *self.solvers))
        self.blobs, meshes = fine.blobs, (half, other, quarter)
        narrowest = min(self.blobs.values())
        found = [(level, fine.distances(level)) for level in meshes]
        # steps that grow with the cells are refined with them; those that do not have all their error here
        share = min(1.0, quarter.steps / max(1, fine.steps))
        steps = {name: STEP * share * distance for name, distance in quarter.distances(short).items()}
        bounds, orders = {}, {}
        for name in steps:
            blob = self.blobs.get(name.removeprefix("w1_"), narrowest)
            differences = [Difference(fine.ratio(level, name), distances[name]) for level, distances in found]
            bounds[name] = error_bound(differences, blob, self.jumps, steps[name])
            orders[name] = order_of(differences, formal_order(blob, self.jumps))
        bounds = self.envelope.hold(
            solver.time, bounds, {name: [distances[name] for _, distances in found] for name in steps}
        )
        named = {f"grid_error_{name}": bound for name, bound in bounds.items()}
        first = next(iter(orders))
        if "grid_error_function" in named:
            named["grid_error"] = named.pop("grid_error_function") ** 2
        return named | {"observed_order": orders[first]}

    def checkpoint(self) -> dict[str, Any]:
        """What is to be known besides the solvers; for `restore`."""
        return self.envelope.checkpoint()

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.envelope.restore(saved)


def _with_cells(case: Case, cells: Callable[[int], int]) -> Case:
    return case.replace(
        {f"parameters.{name}.cells": cells(p.cells) for name, p in case.parameters.items() if p.fixed is None}
    )


def halved(case: Case) -> Case:
    """The case on a mesh of about half the cells per axis."""
    return _with_cells(case, coarsened)


def build_companions(
    case: Case, device=None, data: Dataset | None = None, like: Solver | None = None
) -> Companions:
    """The same case on coarser meshes.

    Arguments:
        device: an OpenCL device; NumPy if None.
        data: what its network learns, if it was read before.
        like: the solver of the fine mesh, whose diffusion scheme they take; they would choose for themselves
            if None.
    """
    if (
        like is not None
        and (diffusion := like.stepper.diffusion) is not None
        and case.eulerian.diffusion_scheme == "auto"
    ):
        case = case.replace(
            {"eulerian.diffusion_scheme": "scharfetter_gummel" if diffusion.together else "strang"}
        )
    half, quarter = halved(case), halved(halved(case))
    # checkpoints of 0.1 hold the first two; those that a checkpoint lacks start at time 0 and catch up
    cases = [(half, 1.0), (quarter, 1.0), (_with_cells(case, shifted), 1.0), (quarter, 0.5)]
    solvers = [build_solver(c, build_model(c, data), device, fraction) for c, fraction in cases]
    laws = [
        *(c.law for c in solvers[0].model.parameters.free),
        *(births_laws(case, solvers[0].model.parameters) or []),
    ]
    return Companions(solvers, not case.dynamics.diffusion and any(law.jumps for law in laws))
