"""The loss |f - f*|^2 in L2(nu)."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.descent import DescentView
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView


def of_density(density: DensityView) -> float:
    """Of f of mu."""
    return density.loss


def of_networks(networks: NetworksView) -> np.ndarray:
    """Of every network."""
    return networks.values["loss"]


def of_nodes(nodes: NodesView) -> float:
    """Of the nodes."""
    return float(nodes.values["loss"][0])


def of_descent(descent: DescentView) -> np.ndarray:
    """Of every network that descends."""
    return descent.of_sound([[seen.values["loss"] for seen in row] for row in descent.networks])


VARIABLES = [
    Variable(
        "eulerian/loss",
        (TIME,),
        "loss |f - f*|^2 in L2(nu)",
        of_density,
        when=lambda density: density.function is not None,
        compared=Compared("series", "loss"),
    ),
    Variable(
        "lagrangian/{units}/loss",
        (TIME, "replicate_{units}"),
        "loss of each network",
        of_networks,
        when=lambda networks: networks.function is not None,
    ),
    Variable(
        "characteristics/loss",
        (TIME,),
        "its loss |f - f*|^2 in L2(nu)",
        of_nodes,
        when=lambda nodes: nodes.function is not None,
    ),
    Variable(
        "descent/loss",
        (TIME, "descent_step", "descent_batch", "descent_replicate"),
        "loss of every network",
        of_descent,
    ),
]
