"""Measures without mass constraint: the mass of networks, and how far their energy is from the least."""

from collections.abc import Iterator

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.gap import compared
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.networks import NetworksView

OF_NETWORKS = (TIME, "replicate_{units}")
ONLY = 'with kind = "spikes"'
GAP = "how far the energy is from the least of all measures at most, by the dual certificate"
ETA = "largest value of the dual certificate, at most 1 for the optimum"


def certifies(of: DensityView | NetworksView) -> bool:
    """Whether the problem has a dual certificate for its measures."""
    return hasattr(of.model, "gap")


def mass(networks: NetworksView) -> np.ndarray:
    """Of every network."""
    return np.add.reduceat(networks.masses, networks.starts)


def _variables(
    name: str, long_name: str, of_one: Compared | None = None, of_many: Compared | None = None
) -> Iterator[Variable]:
    def of_density(density: DensityView) -> float:
        return getattr(density.bound, name)

    def of_networks(networks: NetworksView) -> np.ndarray:
        return np.array([getattr(bound, name) for bound in networks.bounds])

    path = f"lagrangian/{{units}}/{name}"
    yield Variable(f"eulerian/{name}", (TIME,), long_name, of_density, certifies, compared=of_one, only=ONLY)
    yield Variable(path, OF_NETWORKS, long_name, of_networks, certifies, compared=of_many, only=ONLY)


VARIABLES = [
    Variable("lagrangian/{units}/mass", OF_NETWORKS, "mass of each network", mass, certifies, only=ONLY),
    *_variables("gap", GAP, compared("series"), compared("mean and std")),
    *_variables("eta", ETA),
]
