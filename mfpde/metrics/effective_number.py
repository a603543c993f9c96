"""The effective number of units or nodes, which weights make smaller."""

import numpy as np

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView


def of_networks(networks: NetworksView) -> np.ndarray:
    """Of every network."""
    return 1 / np.add.reduceat(networks.weights**2, networks.starts)


def of_nodes(nodes: NodesView) -> float:
    """Of the nodes."""
    return 1 / float(nodes.weights @ nodes.weights)


VARIABLES = [
    Variable(
        "lagrangian/{units}/effective_units",
        (TIME, "replicate_{units}"),
        "effective number of units (sum w)^2 / sum w^2",
        of_networks,
    ),
    Variable("characteristics/effective_nodes", (TIME,), "effective number of nodes 1 / sum p^2", of_nodes),
]
