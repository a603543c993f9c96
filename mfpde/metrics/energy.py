"""The energy E that is minimised."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.descent import DescentView
from mfpde.metrics.views.networks import NetworksView
from mfpde.metrics.views.nodes import NodesView


def of_functions(risk: str) -> str:
    """What it is, by the name of the loss."""
    return f"energy E = {risk} + 2 int r dmu"


def of_density(density: DensityView) -> float:
    """E of mu."""
    return density.solver.state.energy


def of_networks(networks: NetworksView) -> np.ndarray:
    """E of every network."""
    return networks.values["energy"]


def of_nodes(nodes: NodesView) -> float:
    """E of the nodes."""
    return float(nodes.values["energy"][0])


def of_descent(descent: DescentView) -> np.ndarray:
    """E of every network that descends."""
    return descent.of_sound([[seen.values["energy"] for seen in row] for row in descent.networks])


def compared(how) -> Compared:
    """One table of the density and of networks."""
    return Compared(how, "energy", "energy E", "own", title="Energy", form=".5g", always=True)


VARIABLES = [
    Variable(
        "eulerian/energy",
        (TIME,),
        f"{of_functions('loss')}, of potentials 2 int V0 dmu + int int W dmu dmu",
        of_density,
        exactly=lambda density: (
            of_functions(density.function.risk.named) if density.function else density.model.energy_named
        ),
        compared=compared("series"),
    ),
    Variable(
        "lagrangian/{units}/energy",
        (TIME, "replicate_{units}"),
        "energy of each network",
        of_networks,
        compared=compared("mean and std"),
    ),
    Variable(
        "characteristics/energy",
        (TIME,),
        "energy of the mean field carried by quadrature nodes",
        of_nodes,
    ),
    Variable(
        "descent/energy",
        (TIME, "descent_step", "descent_batch", "descent_replicate"),
        "energy of every network",
        of_descent,
    ),
]
