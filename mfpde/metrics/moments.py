"""Mean and variance of every component of theta; on circles they turn with the units."""

from collections.abc import Iterator

import numpy as np

from mfpde.metrics.declaration import TIME, Variable
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView
from mfpde.metrics.views.problem import ProblemView

OF, OVER = "of every component of theta", "over the units of each network"
PLAIN = {"mean": "mean", "variance": "variance"}
ON_CIRCLES = {
    "mean": "mean (on circles the mean direction)",
    "variance": (
        "variance (on circles the mean square of deviations from the mean direction by the shortest way)"
    ),
    "resultant": "resultant length |E exp(2 pi i theta / length)| (on circles; NaN for others)",
}


def _variables(name: str) -> Iterator[Variable]:
    def of_networks(networks: NetworksView, problem: ProblemView) -> np.ndarray:
        return networks.moments[name]

    def of_nodes(nodes: NodesView, problem: ProblemView) -> np.ndarray:
        return nodes.moments[name]

    for group, dims, value, what in (
        ("lagrangian/{units}", (TIME, "replicate_{units}", "parameter"), of_networks, f"{OF} {OVER}"),
        ("characteristics", (TIME, "parameter"), of_nodes, OF),
    ):
        yield Variable(
            f"{group}/{name}",
            dims,
            f"{ON_CIRCLES[name]} {what}",
            value,
            when=lambda _, problem: problem.has_circles or name in PLAIN,
            exactly=lambda _, problem, what=what: (
                f"{(ON_CIRCLES if problem.has_circles else PLAIN)[name]} {what}"
            ),
            only="" if name in PLAIN else "with circles among the parameters",
        )


VARIABLES = [variable for name in ON_CIRCLES for variable in _variables(name)]
