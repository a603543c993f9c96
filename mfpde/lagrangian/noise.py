"""The noise of mean-field Langevin dynamics: d theta = -M grad V dt + sqrt(2 tau M) dW, M the mobility.

Kicks and drift alternate by a symmetric splitting (`noise_steps` chooses its steps). Both parts are exact,
the drift to the integrator's tolerance, so the laws of the units err by O(h^2). Kicked units are reflected at
walls, the counterpart of no flux.
"""

import numpy as np

from mfpde.expressions.schedule import Schedule, constant
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.parameters import ParameterSpace
from mfpde.randomness import generator

#: largest entry of a direction along which the potential's curvature is looked at, relative to its root mean
#: square
LARGEST = 4.0
#: How much more a change of velocity counts where a wall, or the kink of a penalty at a = 0, held the unit:
#: there a step errs almost in proportion to itself, not to its square. At a wall with outward velocity g the
#: rate so found is about 8 g^2 / (2 tau).
HELD = 8.0


class Noise:
    """Independent kicks of all units of a ladder; every network has random numbers of its own.

    Arguments:
        kinks: how many of the first components a penalty may hold at 0.
    """

    def __init__(self, ladder: Ladder, parameters: ParameterSpace, tau: float | Schedule, kinks: int = 0):
        self.ladder, self.kinks = ladder, kinks
        self.schedule = tau if isinstance(tau, Schedule) else constant(tau)
        self.set_time(0.0)
        self.moving = [(row, c) for row, c in enumerate(parameters.components) if c.free and c.mobility > 0]

    def set_time(self, time: float) -> None:
        """Kicks to come are those of a time: in the middle of a step, or at the nodes of its Gauss rule."""
        self.tau = self.schedule(time)

    def kick(self, state: np.ndarray, h: float, step: int) -> np.ndarray:
        """The state (components + 1, units) after noise over a time h; in place.

        Arguments:
            step: number of this kick, part of the key of the random numbers.
        """
        for _, units, replicate, where in self.ladder.networks():
            self._displace(state, h, where, self._normal("brownian", units, replicate, step))
        return state

    def directions(self, former: np.ndarray | None, step: int) -> np.ndarray:
        """Directions (moving components, units) along which to look for curvature, of root mean square about
        1.

        Half random, which sees every unit alike; half the answer to the last ones, which by the power method
        turns to what is stiff: one component of many, few units, or a mode of all units of a network
        together.

        Arguments:
            former: those that `answer` gave at the last step, or None.
            step: number of the next kick.
        """
        found = np.empty((len(self.moving), self.ladder.total))
        for _, units, replicate, where in self.ladder.networks():
            found[:, where] = self._normal("curvature", units, replicate, step)
        return found if former is None else (found + former) / np.sqrt(2)

    def answer(
        self, state: np.ndarray, before: np.ndarray, after: np.ndarray, directions: np.ndarray, h: float
    ) -> tuple[float, np.ndarray]:  # fmt: skip
        """The rate at which the drift contracts or expands (1/time), and the directions into which it turns
        those given.

        In the scaled components theta / sqrt(M) it is the root mean square of H p over that of p, H the
        Hessian of V over steps as long as kicks of a time h; the largest over the widths of the ladder.
        Infinite if a velocity is not finite.

        Arguments:
            before, after: velocities (components + 1, units) at the state, and where `displaced` brought it.
        """
        rows = [row for row, _ in self.moving]
        scale = np.sqrt([[c.mobility] for _, c in self.moving]) * np.sqrt(2 * self.tau * h)
        with np.errstate(all="ignore"):
            turned = (before[rows] - after[rows]) / scale
            turned[self._held(state) & (before[rows] == 0)] *= HELD
            square = np.mean(turned**2, axis=0)
        if not np.all(np.isfinite(square)):
            return np.inf, np.zeros_like(turned)
        rates = []
        for units in self.ladder.units:
            where = self.ladder.of_width(units)[1]
            rates.append(np.sqrt(square[where].mean() / np.mean(directions[:, where] ** 2)))
        for *_, where in self.ladder.networks():
            size = np.sqrt(square[where].mean())
            turned[:, where] = np.clip(turned[:, where] / size, -LARGEST, LARGEST) if size > 0 else 0.0
        return float(max(rates)), turned

    def _held(self, state: np.ndarray) -> np.ndarray:
        """Whether units are at walls, or at the kink (moving components, units)."""
        found = np.zeros((len(self.moving), state.shape[1]), dtype=bool)
        for place, (row, c) in zip(found, self.moving, strict=True):
            ends = () if c.domain is None or c.periodic else c.domain
            place[:] = np.isin(state[row], (*ends, 0.0) if row < self.kinks else ends)
        return found

    def displaced(self, state: np.ndarray, directions: np.ndarray, h: float) -> np.ndarray:
        """A copy of the state (components + 1, units) moved as by kicks of a time h, with directions in place
        of random numbers.
        """
        result = state.copy()
        for *_, where in self.ladder.networks():
            self._displace(result, h, where, directions[:, where])
        return result

    def _normal(self, purpose: str, units: int, replicate: int, step: int) -> np.ndarray:
        return generator(self.ladder.seed, purpose, units, replicate, step).standard_normal(
            (len(self.moving), units)
        )

    def _displace(self, state: np.ndarray, h: float, where: slice, normal: np.ndarray) -> None:
        for (row, c), kicks in zip(self.moving, normal, strict=True):
            moved = state[row, where] + np.sqrt(2 * self.tau * c.mobility * h) * kicks
            state[row, where] = c.place(moved) if c.periodic else _reflect(moved, c.domain)


def _reflect(values: np.ndarray, domain: tuple[float, float] | None) -> np.ndarray:
    """Values folded back into a domain at its ends."""
    if domain is None:
        return values
    low, high = domain
    folded = (values - low) % (2 * (high - low))
    return low + np.minimum(folded, 2 * (high - low) - folded)
