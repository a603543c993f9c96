"""Errors of a density on a mesh against an exact solution, each by whatever of it is known."""

from collections.abc import Callable

import numpy as np

from mfpde.eulerian.solver import Solver
from mfpde.exact.state import ExactState
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.metrics.distances import w1_densities

PARTS = 16  #: of a cell, to resolve the exact law


def errors(solver: Solver, exact: ExactState) -> dict[str, float]:
    """Errors by name.

    "function" (|f_h - f| in L2(nu)), "energy", "mean" and "covariance" (largest entry), "density" (L1),
    "w1_NAME" (W1 of a marginal).
    """
    model, mesh, density = solver.model, solver.mesh, solver.density()
    found = {}
    if exact.prediction is not None and model.function is not None:
        found["function"] = float(np.sqrt(model.function.square_norm(solver.prediction - exact.prediction)))
    if exact.energy is not None:
        found["energy"] = abs(solver.state.energy - exact.energy)
    if exact.mean is not None and exact.covariance is not None:
        mean, covariance = mean_and_covariance(mesh, density)
        found["mean"] = float(np.abs(mean - exact.mean).max())
        found["covariance"] = float(np.abs(covariance - exact.covariance).max())
    if exact.density is not None:
        found["density"] = float(np.sum(np.abs(density - exact.density) * mesh.volumes))
    elif len(mesh.axes) == 1 and exact.cdfs:
        masses = np.diff(exact.cdfs[mesh.names[0]](mesh.axes[0].faces))
        found["density"] = float(np.abs(density * mesh.volumes - masses).sum())
    for axis in mesh.axes:
        if axis.name in exact.cdfs:
            found[f"w1_{axis.name}"] = _w1(axis, mesh.marginal(density, axis.name), exact.cdfs[axis.name])
    return found


def mean_and_covariance(mesh: Mesh, density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moments (n,) and (n, n) of a density on n axes, with cells as atoms at their centres."""
    points = np.stack([g.ravel() for g in np.meshgrid(*(axis.centres for axis in mesh.axes), indexing="ij")])
    masses = (density * mesh.volumes).ravel()
    mean = points @ masses
    centred = points - mean[:, None]
    return mean, (centred * masses) @ centred.T


def _w1(axis: Axis, density: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> float:
    """W1 between a marginal on the mesh and a law, which is resolved by parts of cells."""
    parts = axis.faces[:-1, None] + axis.widths[:, None] * np.arange(PARTS) / PARTS
    fine = Axis(axis.name, np.append(parts.ravel(), axis.faces[-1]), axis.periodic)
    return w1_densities(axis, density, fine, np.diff(cdf(fine.faces)) / fine.widths)
