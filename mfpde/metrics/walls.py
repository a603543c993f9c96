"""Mass and units at walls, which should be next to none."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.density import DensityView
from mfpde.metrics.views.networks import NetworksView


def wall_mass(density: DensityView) -> dict[str, float]:
    """By axis."""
    return density.wall_mass


def walled(density: DensityView) -> list[str]:
    """Axes that are no circles."""
    return [axis.name for axis in density.mesh.axes if not axis.periodic]


def touches_wall(values: np.ndarray, domain: tuple[float, float]) -> np.ndarray:
    """Which units sit on a wall, up to the rounding of single precision."""
    room = 1e-6 * (domain[1] - domain[0])
    return (values <= domain[0] + room) | (values >= domain[1] - room)


def wall_fraction(networks: NetworksView) -> np.ndarray:
    """Of every network."""
    at_wall = np.zeros(networks.ladder.total, dtype=bool)
    for k, c in enumerate(networks.components):
        if c.domain is not None and not c.periodic:
            at_wall |= touches_wall(networks.state[k], c.domain)
    return np.add.reduceat(at_wall.astype(float), networks.starts) / networks.ladder.sizes


def wall_shares(networks: NetworksView) -> dict[str, float]:
    """The share of all units that sit on a wall, per component that has some and moves."""
    walled = {
        c.name: (k, c.domain)
        for k, c in enumerate(networks.components)
        if c.domain is not None and c.free and not c.periodic
    }
    return {
        name: float(np.mean(touches_wall(networks.state[k], domain))) for name, (k, domain) in walled.items()
    }


VARIABLES = [
    Variable(
        "eulerian/wall_mass_{name}",
        (TIME,),
        "mass in the two outermost cells of {name}",
        wall_mass,
        over=walled,
        compared=Compared("sum", "boundary_mass"),
    ),
    Variable(
        "lagrangian/{units}/wall_fraction",
        (TIME, "replicate_{units}"),
        "share of the units that sit on a wall",
        wall_fraction,
    ),
]
