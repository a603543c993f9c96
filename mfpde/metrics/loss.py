"""The loss: |f - f*|^2 in L2(nu), or 2 mean l of another loss l of one datum."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.descent import DescentView
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView
from mfpde.models.function_space import FunctionSpace


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


def meaning(function: FunctionSpace) -> str:
    """What it is, in the language of long names."""
    named = function.risk.named
    return f"{named} in L2(nu)" if named.startswith("|") else f"{named}, of the data by their weights"


VARIABLES = [
    Variable(
        "eulerian/loss",
        (TIME,),
        "loss |f - f*|^2 in L2(nu), or 2 mean l of another loss l",
        of_density,
        when=lambda density: density.function is not None,
        exactly=lambda density: f"loss {meaning(density.function)}",
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
        "its loss, as of the density",
        of_nodes,
        when=lambda nodes: nodes.function is not None,
        exactly=lambda nodes: f"its loss {meaning(nodes.function)}",
    ),
    Variable(
        "descent/loss",
        (TIME, "descent_step", "descent_batch", "descent_replicate"),
        "loss of every network",
        of_descent,
    ),
]
