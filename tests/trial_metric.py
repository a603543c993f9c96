"""The excess kurtosis of the first component: 0 for a normal law, larger for heavier tails.

Not a metric of mfpde, but one as it would be added: a module of `mfpde.metrics`, and its name in the list
there."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.networks import NetworksView


def of_density(density: DensityView) -> float:
    """Of the marginal of the first axis."""
    axis = density.mesh.axes[0]
    masses = density.marginals[axis.name] * axis.widths
    centred = axis.centres - masses @ axis.centres
    return float(masses @ centred**4 / (masses @ centred**2) ** 2 - 3)


def of_networks(networks: NetworksView) -> np.ndarray:
    """Of the units of every network."""
    row, weights, starts = networks.state[0], networks.weights, networks.starts
    centred = row - networks.moments["mean"][networks.ladder.network_of, 0]
    fourth = np.add.reduceat(weights * centred**4, starts)
    return fourth / np.add.reduceat(weights * centred**2, starts) ** 2 - 3


def _compared(how) -> Compared:
    return Compared(how, "kurtosis", "kurtosis", "own", title="Excess kurtosis", form=".3g")


VARIABLES = [
    Variable(
        "eulerian/kurtosis",
        (TIME,),
        "excess kurtosis of the first component",
        of_density,
        compared=_compared("series"),
    ),
    Variable(
        "lagrangian/{units}/kurtosis",
        (TIME, "replicate_{units}"),
        "excess kurtosis of the first component over the units of each network",
        of_networks,
        compared=_compared("mean and std"),
    ),
]
