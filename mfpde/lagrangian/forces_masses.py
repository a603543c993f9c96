"""Units with masses of their own, which a reaction changes: those of a problem without mass constraint.

A unit's mass is m_0 / n exp(-alpha S) with the action S = int V dt along its path, as weights are, but
networks are not brought back to mass 1. A step of length h by V held is a mirror step of the mass; the plain
one changes r = sqrt(mass) by its gradient, r <- r (1 - alpha h V / 2).
"""

import numpy as np

from mfpde.lagrangian.forces_numpy import NumpyPotential
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.spikes import Spikes


class NumpyMasses(NumpyPotential):
    """On the host; a device, if there is one, is not used."""

    def __init__(self, problem: Spikes, ladder: Ladder, precision: str, weight_rate: float, device=None):
        super().__init__(problem, ladder, precision, weight_rate)
        self.spikes = problem

    def outside(self, theta: np.ndarray) -> np.ndarray:
        """-grad V0 and V0, without the formula of all spikes."""
        h = self.spikes.image(theta)
        return np.concatenate([h[1:], self.spikes.strength - h[:1]]) / 2

    def masses(self, state: np.ndarray) -> np.ndarray:
        """prior m_0 exp(-alpha S)."""
        with np.errstate(over="ignore"):  # of steps too long, which the flow refuses
            return self.spikes.mass * self.prior * np.exp(-self.weight_rate * state[-1].astype(np.float64))

    def plain(self, rate: np.ndarray, h: float) -> np.ndarray:
        """The rate whose mirror step of length h is the plain step of this one."""
        if not self.weight_rate:
            return rate
        result, half = rate.copy(), self.weight_rate * h / 2
        with np.errstate(divide="ignore"):  # a mass may become 0
            result[-1] = -np.log(np.abs(1 - half * rate[-1])) / half
        return result
