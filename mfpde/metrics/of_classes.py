"""Variables of a quantity that every function has in runs whose loss takes classes, such as the accuracy."""

from collections.abc import Callable

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, How, Variable
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.descent import DescentView
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView
from mfpde.models.risk import Risk

#: which runs have it, for the documentation
ONLY = "with a loss of classes"
Side = DensityView | NetworksView | NodesView | DescentView


def of_classes(
    name: str, meaning: str, title: str, value: Callable[[Risk, np.ndarray], np.ndarray], form: str = ".4g"
) -> list[Variable]:
    """It of the density, the networks, the nodes, and networks that descend.

    Arguments:
        name: its path in a group, and its key in a comparison.
        meaning: its long name.
        title, form: of its table on a terminal, and of the numbers there.
        value: of functions by their coordinates (..., r).
    """

    def of_density(density: DensityView) -> float:
        return float(value(_risk(density), density.prediction))

    def of_networks(networks: NetworksView) -> np.ndarray:
        return value(_risk(networks), networks.predictions)

    def of_nodes(nodes: NodesView) -> float:
        return float(value(_risk(nodes), nodes.prediction))

    def of_descent(descent: DescentView) -> np.ndarray:
        risk = _risk(descent)
        found = [[value(risk, seen.predictions) for seen in row] for row in descent.networks]
        return descent.of_sound(found)

    def variable(group: str, dims: tuple[str, ...], whose: str, found: Callable, how: How | None) -> Variable:
        compared = how and Compared(how, name, name.replace("_", "-"), "own", title=title, form=form)
        path, said = f"{group}/{name}", meaning + whose
        return Variable(path, (TIME, *dims), said, found, _has_classes, compared=compared, only=ONLY)

    every = ("descent_step", "descent_batch", "descent_replicate")
    networks = ", of each network"
    return [
        variable("eulerian", (), "", of_density, "series"),
        variable("lagrangian/{units}", ("replicate_{units}",), networks, of_networks, "mean and std"),
        variable("characteristics", (), ", of the nodes", of_nodes, None),
        variable("descent", every, networks, of_descent, None),
    ]


def _has_classes(side: Side) -> bool:
    function = side.model.function
    return function is not None and function.risk.of_classes


def _risk(side: Side) -> Risk:
    assert side.model.function is not None
    assert isinstance(side.model.function.risk, Risk)
    return side.model.function.risk
