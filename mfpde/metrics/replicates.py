"""Which networks there are, and whose units are stored."""

import numpy as np

from mfpde.metrics.declaration import Variable
from mfpde.metrics.views.networks import NetworksView


def have_snapshots(networks: NetworksView) -> bool:
    """Whether units are stored."""
    return networks.snapshots > 0


def replicates(networks: NetworksView) -> dict[int, np.ndarray]:
    """Replicates by width."""
    ladder = networks.ladder
    return {n: np.arange(count) for n, count in zip(ladder.units, ladder.replicates, strict=True)}


def snapshots(networks: NetworksView) -> dict[int, np.ndarray]:
    """Replicates whose units are stored, by width."""
    return {units: np.arange(networks.shown(units)) for units in networks.ladder.units}


def units(networks: NetworksView) -> dict[int, np.ndarray]:
    """Units by width."""
    return {units: np.arange(units) for units in networks.ladder.units}


VARIABLES = [
    Variable(
        "replicate_{units}", ("replicate_{units}",), "replicate of the networks of {units} units", replicates
    ),
    Variable(
        "snapshot_{units}",
        ("snapshot_{units}",),
        "replicates of {units} units whose units are stored",
        snapshots,
        have_snapshots,
    ),
    Variable(
        "unit_{units}", ("unit_{units}",), "index of the unit in networks of {units}", units, have_snapshots
    ),
]
