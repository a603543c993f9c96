"""The density itself, and its marginals."""

import numpy as np

from mfpde.metrics.declaration import AXES, FIELDS, NAME, TIME, Variable
from mfpde.metrics.views.density import DensityView


def mu(density: DensityView) -> np.ndarray:
    """Cell averages."""
    return density.density


def marginals(density: DensityView) -> dict[str, np.ndarray]:
    """Marginal densities by axis."""
    return density.marginals


VARIABLES = [
    Variable(
        "eulerian/mu",
        (FIELDS, AXES),
        "density mu, cell averages",
        mu,
        dtype=lambda density: density.solver.stepper.settings.precision,
    ),
    Variable("eulerian/marginal_{name}", (TIME, NAME), "marginal density of {name}", marginals),
]
