"""The units of some networks, as they are."""

import numpy as np

from mfpde.metrics.declaration import FIELDS, Variable
from mfpde.metrics.replicates import have_snapshots
from mfpde.metrics.views.networks import NetworksView

DIMS = (FIELDS, "snapshot_{units}", "unit_{units}")


def particles(networks: NetworksView) -> dict[int, np.ndarray]:
    """theta by width (replicates, units, components)."""
    found = {}
    for units in networks.ladder.units:
        where, kept = networks.ladder.of_width(units)[1], networks.shown(units)
        theta = networks.state[:-1, where].T
        found[units] = theta.reshape(-1, units, theta.shape[1])[:kept]
    return found


def weights(networks: NetworksView) -> dict[int, np.ndarray]:
    """Weights by width (replicates, units)."""
    return {
        units: networks.weights[networks.ladder.of_width(units)[1]].reshape(-1, units)[
            : networks.shown(units)
        ]
        for units in networks.ladder.units
    }


VARIABLES = [
    Variable(
        "lagrangian/{units}/particles",
        (*DIMS, "parameter"),
        "parameters theta of every unit",
        particles,
        have_snapshots,
    ),
    Variable(
        "lagrangian/{units}/weights", DIMS, "weight of every unit in its network", weights, have_snapshots
    ),
]
