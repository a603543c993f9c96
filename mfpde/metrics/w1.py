"""W1 between the marginals of the density and the units of every network."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.distances import w1_marginals
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.networks import NetworksView


def w1(networks: NetworksView, density: DensityView) -> dict[str, np.ndarray]:
    """Of every network (networks,), by axis."""
    found = {}
    for axis in density.mesh.axes:
        row, marginal = networks.model.parameters.names.index(axis.name), density.marginals[axis.name]
        distances = []
        for units in networks.ladder.units:
            where = networks.ladder.of_width(units)[1]
            cloud, weights = (x[where].reshape(-1, units) for x in (networks.state[row], networks.weights))
            distances.append(w1_marginals(axis, marginal, cloud, weights))
        found[axis.name] = np.concatenate(distances)
    return found


VARIABLES = [
    Variable(
        "comparison/{units}/w1_{name}",
        (TIME, "replicate_{units}"),
        "W1 distance of the marginals of {name}",
        w1,
        compared=Compared("mean", "w1", "W1({name})", "distances", form=".2e", always=True),
    )
]
