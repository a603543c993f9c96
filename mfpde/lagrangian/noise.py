"""The noise of mean-field Langevin dynamics: d theta = -M grad V dt + sqrt(2 tau M) dW, M the mobility.

Kicks and drift alternate by Strang splitting: drift h/2, noise of variance 2 tau M h, drift h/2. Both parts are exact (the drift to the
integrator's tolerance), so the laws of the units err by O(h^2). Kicked units are reflected at walls, the counterpart of no flux.
"""

import numpy as np

from mfpde.lagrangian.ladder import Ladder
from mfpde.models.parameters import ParameterSpace
from mfpde.randomness import generator


class Noise:
    """Independent kicks of all units of a ladder; every network has random numbers of its own."""

    def __init__(self, ladder: Ladder, parameters: ParameterSpace, tau: float):
        self.ladder, self.tau = ladder, tau
        self.moving = [(row, c) for row, c in enumerate(parameters.components) if c.free and c.mobility > 0]

    def kick(self, state: np.ndarray, h: float, step: int) -> np.ndarray:
        """The state (components + 1, units) after noise over a time h; in place.

        Arguments:
            step: number of this kick, part of the key of the random numbers.
        """
        for _, units, replicate, where in self.ladder.networks():
            normal = generator(self.ladder.seed, "brownian", units, replicate, step).standard_normal((len(self.moving), units))
            for (row, c), kicks in zip(self.moving, normal, strict=True):
                moved = state[row, where] + np.sqrt(2 * self.tau * c.mobility * h) * kicks
                state[row, where] = c.place(moved) if c.periodic else _reflect(moved, c.domain)
        return state


def _reflect(values: np.ndarray, domain: tuple[float, float] | None) -> np.ndarray:
    """Values folded back into a domain at its ends."""
    if domain is None:
        return values
    low, high = domain
    folded = (values - low) % (2 * (high - low))
    return low + np.minimum(folded, 2 * (high - low) - folded)
