"""How large the error of the mesh is: the same case on meshes of half and a quarter of the cells, carried along.

Three levels give the observed order p = log2 |q_4h - q_2h| / |q_2h - q_h|, and Richardson's estimate
|q_h - q| ~ |q_h - q_2h| / (2^p - 1). Orders are clipped to [1, 2]: after concentration the scheme is first order
(arXiv:1602.05746), and more than its formal order is luck.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.eulerian.solver import Solver, build_solver
from mfpde.models import build_model
from mfpde.models.shallow import ShallowNetwork
from mfpde.monitors.distances import w1_densities

LEVELS = 2
FEWEST = 4  #: cells of an axis


def coarsened(cells: int) -> int:
    """About half the cells, odd if they were odd, so that 0 stays a cell centre of a symmetric box."""
    half = (cells + 1) // 2
    if half % 2 != cells % 2:
        half += 1
    return max(half, FEWEST)


@dataclass
class Companions:
    """The coarser runs, finest first."""

    solvers: list[Solver]

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Bring them to a time; `watch` is called after every step."""
        for solver in self.solvers:
            solver.advance(until, None if watch is None else lambda _: watch())

    def estimate(self, solver: Solver) -> dict[str, float]:
        """Errors of the finest solution, by name: function (a squared distance in L2(nu)), energy, W1 of marginals; and the order."""
        levels = [solver, *self.solvers]
        model, half = solver.model, self.solvers[0]
        energies = [level.state.energy for level in levels]
        fine, coarse = (abs(a - b) for a, b in itertools.pairwise(energies))
        if isinstance(model, ShallowNetwork):
            predictions = [level.prediction for level in levels]
            fine, coarse = (float(np.sqrt(model.square_norm(a - b))) for a, b in itertools.pairwise(predictions))
        order = observed_order(fine, coarse)
        factor = 2**order - 1
        errors = {"grid_error_energy": abs(energies[0] - energies[1]) / factor, "observed_order": order}
        if isinstance(model, ShallowNetwork):
            errors["grid_error"] = (fine / factor) ** 2
        densities = [level.density() for level in levels[:2]]
        for axis, coarse_axis in zip(solver.mesh.axes, half.mesh.axes, strict=True):
            marginals = [level.mesh.marginal(d, axis.name) for level, d in zip(levels[:2], densities, strict=True)]
            errors[f"grid_error_w1_{axis.name}"] = w1_densities(axis, marginals[0], coarse_axis, marginals[1]) / factor
        return errors


def observed_order(fine: float, coarse: float) -> float:
    """log2 of the ratio of successive differences, clipped to [1, 2]; 2 where both vanish."""
    if fine == 0 or coarse == 0:
        return 2.0
    return float(np.clip(np.log2(coarse / fine), 1.0, 2.0))


def halved(case: Case) -> Case:
    """The case on a mesh of about half the cells per axis."""
    return case.replace({f"parameters.{name}.cells": coarsened(p.cells) for name, p in case.parameters.items() if p.fixed is None})


def build_companions(case: Case, device=None, data: Dataset | None = None) -> Companions:
    """The same case on meshes of half and a quarter of the cells.

    Arguments:
        device: an OpenCL device; NumPy if None.
        data: what its network learns, if it was read before.
    """
    solvers = []
    for _ in range(LEVELS):
        case = halved(case)
        solvers.append(build_solver(case, build_model(case, data), device))
    return Companions(solvers)
