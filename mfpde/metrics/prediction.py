"""f itself: its values at the data or, without data, its coefficients."""

import numpy as np

from mfpde.metrics.declaration import TIME, VALUES, Variable
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView
from mfpde.metrics.views.problem import ProblemView

#: dimension of predictions -> what they are
PREDICTIONS = {"data": "f(x_l)", "coefficient": "coefficients of f"}


def of_density(density: DensityView, problem: ProblemView) -> np.ndarray:
    """f of mu."""
    return density.prediction


def of_networks(networks: NetworksView, problem: ProblemView) -> np.ndarray:
    """f of every network."""
    return networks.predictions


def of_nodes(nodes: NodesView, problem: ProblemView) -> np.ndarray:
    """f of the nodes."""
    return nodes.prediction


def _variable(path: str, dims: tuple[str, ...], value, whose: str) -> Variable:
    return Variable(
        path,
        dims,
        f"f(x_l), or coefficients of f, of {whose}",
        value,
        when=lambda side, problem: problem.coordinates is not None,
        exactly=lambda side, problem: f"{PREDICTIONS[problem.coordinates]} of {whose}",
    )


VARIABLES = [
    _variable("eulerian/prediction", (TIME, VALUES), of_density, "the infinitely wide network"),
    _variable(
        "lagrangian/{units}/prediction",
        (TIME, "replicate_{units}", VALUES),
        of_networks,
        "networks of {units} units",
    ),
    _variable("characteristics/prediction", (TIME, VALUES), of_nodes, "the mean field"),
]
