"""The entropy of the density, and the free energy, which diffusion decreases."""

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.density import DensityView

ONLY = "with `dynamics.diffusion`"


def diffuses(density: DensityView) -> bool:
    """Whether there is diffusion."""
    return bool(density.solver.stepper.tau)


def entropy(density: DensityView) -> float:
    """int mu log mu."""
    return density.solver.state.entropy


def free_energy(density: DensityView) -> float:
    """E + 2 tau int mu log mu."""
    return density.solver.stepper.functional(density.solver.state)


VARIABLES = [
    Variable("eulerian/entropy", (TIME,), "int mu log mu", entropy, diffuses, only=ONLY),
    Variable(
        "eulerian/free_energy",
        (TIME,),
        "free energy E + 2 tau int mu log mu",
        free_energy,
        diffuses,
        only=ONLY,
    ),
]
