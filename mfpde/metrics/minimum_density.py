"""The smallest density, which is never negative."""

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.density import DensityView


def minimum_density(density: DensityView) -> float:
    """Now, or at a step before."""
    return min(float(density.density.min()), density.solver.least)


VARIABLES = [
    Variable(
        "eulerian/minimum_density",
        (TIME,),
        "smallest cell average of mu",
        minimum_density,
        compared=Compared("least", "minimum_density", always=True),
    )
]
