"""Bounds of the errors of the mesh, from coarser ones (`monitors.bounds`)."""

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.companions import CompanionsView

ONLY = "with `eulerian.error_estimate`"
COVERS = "; it holds in at least 95 % of the cases of the audit"
ORDER = "order of convergence that the bound of {} rests on, between 0.7 and 2"


def of_marginals(companions: CompanionsView) -> dict[str, float]:
    """Bounds of W1 by axis."""
    return {name: companions.bounds[f"grid_error_w1_{name}"] for name in companions.solver.mesh.names}


VARIABLES = [
    Variable(
        "eulerian/grid_error",
        (TIME,),
        f"bound of |f_h - f|^2 of the mesh in L2(nu), a squared distance{COVERS}",
        lambda companions: companions.bounds["grid_error"],
        when=lambda companions: companions.function is not None,
        compared=Compared("series", "grid_error"),
        only=ONLY,
    ),
    Variable(
        "eulerian/grid_error_energy",
        (TIME,),
        f"bound of |E_h - E| of the mesh{COVERS}",
        lambda companions: companions.bounds["grid_error_energy"],
        compared=Compared("series", "grid_error_energy"),
        only=ONLY,
    ),
    Variable(
        "eulerian/grid_error_w1_{name}",
        (TIME,),
        f"bound of the W1 error of the marginal of {{name}}{COVERS}",
        of_marginals,
        compared=Compared("series", "grid_error_w1"),
        only=ONLY,
    ),
    Variable(
        "eulerian/observed_order",
        (TIME,),
        ORDER.format("f (without f, of E)"),
        lambda companions: companions.bounds["observed_order"],
        exactly=lambda companions: ORDER.format("f" if companions.function else "E"),
        compared=Compared("series", "observed_order"),
        only=ONLY,
    ),
]
