"""Births where the reaction acts on weights: mass from mu_b becomes units of its own.

Every reaction step the scheme tells which share of a network is born. Once it is worth a tenth of a unit,
the two lightest units become one (one of them survives, with a probability in proportion to its weight, and
takes both weights, which is right in the mean), and a draw of mu_b with the share that was born takes the
free place.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mfpde.lagrangian.backend import Backend
from mfpde.lagrangian.born import Born
from mfpde.models.problem import Cloud
from mfpde.randomness import generator

#: of the weight of a unit, 1/n, the share from which on births become a unit
WORTH = 0.1
#: of its units, the share of a network that may be replaced in a step
MOST = 0.25


class WeighedBirths:
    """Births of all networks into weights; counts what happened, as the jumps do."""

    saved = ("killed", "cloned", "born", "owed", "prior")

    def __init__(self, scheme: Born):
        self.scheme, self.ladder = scheme, scheme.ladder
        self.killed, self.cloned, self.born = scheme.killed, scheme.cloned, scheme.born
        self.prior = 1 / self.ladder.sizes[self.ladder.network_of]  #: weights after the last births
        self.owed = np.zeros(len(self.ladder.sizes))  #: share that is born but has no unit yet

    def typical_rate(self, potential: np.ndarray, cloud: Callable[[], Cloud] | None = None) -> float:
        """As of the jumps."""
        return self.scheme.typical_rate(potential, cloud)

    def births(
        self, cloud: Callable[[], Cloud], dt: float, step: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """State and weights after the births of one reaction step, or None if nothing changed."""
        seen = cloud()
        excess = self.scheme.excess(seen.potential, lambda: seen)
        state, weights, changed = seen.state.copy(), seen.weights.copy(), False
        state[-1] = 0.0  # what it did to weights is in these
        for network, units, replicate, where in self.ladder.networks():
            its, share = self.scheme.weighed(weights[where], excess[where], dt)
            changed |= not np.array_equal(its, weights[where])
            weights[where] = its
            self.owed[network] = 1 - (1 - self.owed[network]) * (1 - share)
            count = min(max(1, round(self.owed[network] * units)), max(1, int(MOST * units)))
            if self.owed[network] < WORTH / units or units < 2:
                continue
            random = generator(self.ladder.seed, "births", units, replicate, step)
            born = self._merge(state[:, where], weights[where], count, random)
            self.scheme.draw_into(state[:, where], born, random)
            weights[where] *= 1 - self.owed[network]
            weights[where.start + born] = self.owed[network] / count
            self.born[network] += count
            self.owed[network], changed = 0.0, True
        return (state, weights) if changed else None

    def set_time(self, time: float) -> None:
        """Take alpha at this time from now on."""
        self.scheme.set_time(time)

    def react(
        self,
        backend: Backend,
        state: Any,
        potential: np.ndarray,
        dt: float,
        step: int,
        balanced: bool,
        cloud: Callable[[], Cloud],
    ) -> Any | None:
        """The state, with its weights, after the births of one reaction step, or None if there were none."""
        found = self.births(cloud, dt, step)
        if found is None:
            return None
        self.prior = found[1]
        backend.set_prior(self.prior)
        return backend.upload(found[0])

    def checkpoint(self) -> dict[str, np.ndarray]:
        """What it must know to go on."""
        return {name: np.copy(getattr(self, name)) for name in self.saved}

    def restore(self, saved: Mapping[str, Any], backend: Backend) -> None:
        """Go on from a checkpoint; the weights too."""
        for name in self.saved:
            setattr(self, name, saved[name])
        backend.set_prior(self.prior)

    @staticmethod
    def _merge(state: np.ndarray, weights: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
        """The places (count,) that become free; in place."""
        free: list[int] = []
        heavy = weights.copy()  # what is free weighs nothing, and is not merged again
        for _ in range(count):
            i, j = np.argpartition(heavy, 1)[:2]
            total = weights[i] + weights[j]
            keeps, goes = (i, j) if random.random() * total < weights[i] else (j, i)
            weights[keeps], weights[goes] = total, 0.0
            heavy[keeps], heavy[goes] = total, np.inf
            free.append(int(goes))
        return np.array(free)
