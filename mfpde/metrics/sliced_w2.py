"""Sliced W2 between the density and the units of every network."""

import numpy as np

from mfpde.metrics.declaration import FIELDS, Compared, Variable
from mfpde.metrics.sliced import SlicedDensity
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.networks import NetworksView


def sliced_w2(networks: NetworksView, density: DensityView) -> np.ndarray:
    """Of every network (networks,)."""
    rows = [networks.model.parameters.names.index(name) for name in density.mesh.names]
    sliced = SlicedDensity(density.mesh, density.density)
    distances = []
    for units in networks.ladder.units:
        where = networks.ladder.of_width(units)[1]
        clouds = networks.state[rows, where].reshape(len(rows), -1, units)
        distances.append(sliced.w2(clouds, networks.weights[where].reshape(-1, units)))
    return np.concatenate(distances)


VARIABLES = [
    Variable(
        "comparison/{units}/sliced_w2",
        (FIELDS, "replicate_{units}"),
        "sliced W2 distance of the clouds of units from mu",
        sliced_w2,
        compared=Compared("mean", "sliced_w2", "sliced W2", "distances", form=".2e", always=True),
    )
]
