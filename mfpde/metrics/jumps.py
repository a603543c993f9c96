"""How many jumps birth and death have made."""

import numpy as np

from mfpde.metrics.declaration import TIME, Compared, Variable
from mfpde.metrics.views.networks import NetworksView


def killed(networks: NetworksView) -> np.ndarray:
    """Of every network."""
    jumps = networks.flow.birth_death
    return jumps.killed if jumps else np.zeros(len(networks.ladder.sizes))


def cloned(networks: NetworksView) -> np.ndarray:
    """Of every network."""
    jumps = networks.flow.birth_death
    return jumps.cloned if jumps else np.zeros(len(networks.ladder.sizes))


def born(networks: NetworksView) -> np.ndarray:
    """Of every network."""
    return networks.flow.birth_death.born  # type: ignore[union-attr]


VARIABLES = [
    Variable(
        "lagrangian/{units}/killed",
        (TIME, "replicate_{units}"),
        "jumps so far in which a unit above the mean of V died and was replaced",
        killed,
        compared=Compared("mean", "killed", always=True),
    ),
    Variable(
        "lagrangian/{units}/cloned",
        (TIME, "replicate_{units}"),
        "jumps so far in which a unit below the mean of V was cloned over another",
        cloned,
        compared=Compared("mean", "cloned", always=True),
    ),
    Variable(
        "lagrangian/{units}/born",
        (TIME, "replicate_{units}"),
        "units so far that were born from the law of births",
        born,
        when=lambda networks: hasattr(networks.flow.birth_death, "born"),
        only="with a scheme of `dynamics.births` that has a law",
    ),
]
