"""The transport stage by packages for PDEs, with the schemes they offer: they solve the same equation, not by
the same scheme.

FiPy: its explicit first-order upwind term on the same cells. py-pde: divergence and gradient by central
differences. Both in float64, the only precision they have, and with the velocities anew at each stage, since
V follows the density.
"""

import numpy as np

from benchmarks.ours import Stage
from benchmarks.timing import Candidate


def fipy_stage(stage: Stage, compiled: bool = True) -> list[Candidate]:
    """FiPy's residual of one explicit equation, and the solve that a user would call.

    The residual is faster: a solve only adds a diagonal system.
    """
    import fipy

    axes = len(stage.widths)
    sizes = {f"n{x}": n for x, n in zip("xyz", reversed(stage.rho.shape), strict=False)}
    widths = {f"d{x}": width for x, width in zip("xyz", reversed(stage.widths), strict=False)}
    grid = getattr(fipy, f"Grid{axes}D")(**sizes, **widths)
    density, potential = fipy.CellVariable(mesh=grid), fipy.CellVariable(mesh=grid)
    velocity = -potential.faceGrad  # 0 at outer faces
    term = fipy.ExplicitUpwindConvectionTerm(coeff=velocity)
    equation = fipy.TransientTerm() + term == 0
    rho, v = stage.rho.ravel(), stage.v.ravel()
    scale = stage.dt / np.prod(stage.widths)

    def residual() -> np.ndarray:
        density.setValue(rho)
        potential.setValue(v)
        return rho - scale * np.asarray(term.justResidualVector(var=density, dt=1.0))

    def solve() -> np.ndarray:
        density.setValue(rho)
        potential.setValue(v)
        equation.solve(var=density, dt=stage.dt)
        return np.array(density.value)

    shape = stage.rho.shape
    return [
        Candidate(
            "FiPy, residual",
            "float64",
            residual,
            lambda: residual().reshape(shape),
            rho.size,
            "first-order upwind",
        ),
        Candidate(
            "FiPy, solve", "float64", solve, lambda: solve().reshape(shape), rho.size, "first-order upwind"
        ),
    ]


def pypde_stage(stage: Stage, compiled: bool = True) -> list[Candidate]:
    """The right-hand side of a PDE given as text, compiled by numba."""
    if not compiled:
        raise RuntimeError("left out by --quick")
    import pde

    bounds = [[0.0, width * cells] for width, cells in zip(stage.widths, stage.rho.shape, strict=True)]
    grid = pde.CartesianGrid(bounds, stage.rho.shape)
    rho = pde.ScalarField(grid, stage.rho)
    equation = pde.PDE(
        {"rho": "divergence(rho * gradient(v))"},
        consts={"v": pde.ScalarField(grid, stage.v)},
        bc={"derivative": 0},
    )
    rate = equation.make_pde_rhs(rho, backend="numba")

    def run() -> np.ndarray:
        return stage.rho + stage.dt * rate(rho.data, 0.0)

    return [Candidate("py-pde", "float64", run, run, stage.rho.size, "central differences")]


def central_stage(stage: Stage) -> np.ndarray:
    """What py-pde should compute: central differences of rho and V, ghosts mirrored at walls."""
    after = stage.rho.copy()
    for k, width in enumerate(stage.widths):
        flux = stage.rho * _central(stage.v, k, width)
        after += stage.dt * _central(flux, k, width)
    return after


def _central(values: np.ndarray, k: int, width: float) -> np.ndarray:
    padded = np.pad(values, [(1, 1) if j == k else (0, 0) for j in range(values.ndim)], mode="edge")
    cells = values.shape[k]
    return (np.take(padded, range(2, cells + 2), axis=k) - np.take(padded, range(cells), axis=k)) / (
        2 * width
    )


#: builder, and what its result is held to
PACKAGES = {
    "FiPy": (fipy_stage, lambda stage: stage.reference("upwind")),
    "py-pde": (pypde_stage, central_stage),
}
