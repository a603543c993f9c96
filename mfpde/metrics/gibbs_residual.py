"""How far a density is from its own Gibbs state."""

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.density import DensityView


def gibbs_residual(density: DensityView) -> float:
    """In [0, 2]; 0 for a self-consistent Gibbs state."""
    return density.solver.gibbs_residual()


VARIABLES = [
    Variable(
        "eulerian/gibbs_residual",
        (TIME,),
        "L1 distance of mu from exp(-V/tau)/Z of its own V",
        gibbs_residual,
        when=lambda density: density.solver.has_gibbs,
        only="with `dynamics.diffusion`, where Gibbs states are the stationary ones",
    )
]
