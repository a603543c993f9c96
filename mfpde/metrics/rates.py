"""How fast the density changes, by which it is judged to be stationary."""

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.density import DensityView

ONLY = "with `stationary`"


def are_watched(density: DensityView) -> bool:
    """Whether it is asked if the density is stationary."""
    return density.solver.watches_rates


VARIABLES = [
    Variable(
        "eulerian/density_rate",
        (TIME,),
        "L1 norm of the change of mu over the last step, per unit time",
        lambda density: density.solver.density_rate,
        are_watched,
        only=ONLY,
    ),
    Variable(
        "eulerian/energy_rate",
        (TIME,),
        "change of the energy (with diffusion, of the free energy) over the last step, per unit time",
        lambda density: density.solver.energy_rate,
        are_watched,
        only=ONLY,
    ),
]
