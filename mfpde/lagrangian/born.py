"""What schemes of births share for units: draws of mu_b, V_b = int V dmu_b, and jumps at constant population.

Over a time dt a unit jumps with probability 1 - exp(-alpha |V - V_b| dt): it dies where V > V_b and is cloned
where V < V_b. If fewer were cloned than died the population is filled up with draws of mu_b, else thinned
uniformly (the public notebook of arXiv:1902.01843, where V_b = 0).
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from mfpde.expressions.schedule import Schedule
from mfpde.lagrangian.birth_death import BirthDeath, Draw
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.births import Level
from mfpde.models.problem import Cloud
from mfpde.randomness import generator


class Born(BirthDeath):
    """Units of all networks under one scheme; counts what happened.

    Arguments:
        rate: at which units are refreshed, if the scheme does that.
        level: gives V_b of every network (networks,).
    """

    saved = ("killed", "cloned", "born")

    def __init__(
        self,
        ladder: Ladder,
        alpha: Schedule,
        births: Sequence[tuple[int, Draw]],
        rate: float,
        level: Level,
    ):
        super().__init__(ladder, alpha, None)
        self.draws, self.rate, self.level = births, rate, level
        self.born = np.zeros(len(ladder.sizes), dtype=np.int64)

    @abstractmethod
    def weighed(self, weights: np.ndarray, excess: np.ndarray, dt: float) -> tuple[np.ndarray, float]:
        """Weights (n,) of a network to which the clones' flow of the weights was already applied, and the
        share of them that is then to be born.

        Arguments:
            excess: as of `excess` (n,).
        """

    def draw_into(self, state: np.ndarray, units: np.ndarray, random: np.random.Generator) -> None:
        """Draws of mu_b in the places of these units."""
        for row, draw in self.draws:
            state[row, units] = draw(random.random(len(units)))


class Refilled(Born):
    """Units that die by V - V_b alone, and are replaced by clones or, where these are too few, from mu_b."""

    #: whether units below V_b are cloned
    clones: bool

    def excess(self, potential: np.ndarray, cloud: Callable[[], Cloud] | None) -> np.ndarray:
        """V - V_b (units,)."""
        assert cloud is not None
        level = np.broadcast_to(self.level(cloud), len(self.ladder.sizes))
        return potential - level[self.ladder.network_of]

    def jump(
        self,
        state: Callable[[], np.ndarray],
        potential: np.ndarray,
        dt: float,
        step: int,
        balanced: bool = False,
        cloud: Callable[[], Cloud] | None = None,
    ) -> np.ndarray | None:
        """The state after the jumps of one reaction step, or None if there were none."""
        moved: np.ndarray | None = None
        all_excess = self.excess(potential, cloud)
        for network, units, replicate, where in self.ladder.networks():
            random, excess = (
                generator(self.ladder.seed, "reaction", units, replicate, step),
                all_excess[where],
            )
            jumps = random.random(units) < -np.expm1(-self.alpha * np.abs(excess) * dt)
            dead = np.flatnonzero(jumps & (excess > 0))
            parents = np.flatnonzero(jumps & (excess < 0)) if self.clones else dead[:0]
            if not len(dead) + len(parents):
                continue
            moved = state() if moved is None else moved
            self.killed[network] += len(dead)
            self.cloned[network] += len(parents)
            self._replace(moved[:, where], dead, parents, random, network)
        return moved

    def _replace(
        self,
        state: np.ndarray,
        dead: np.ndarray,
        parents: np.ndarray,
        random: np.random.Generator,
        network: int,
    ) -> None:
        """Clones take the places of the dead; births those that are left, or all are thinned."""
        surplus, copies = len(parents) - len(dead), state[:, parents].copy()
        if surplus <= 0:
            state[:, dead[: len(parents)]] = copies
            self.draw_into(state, dead[len(parents) :], random)
            self.born[network] -= surplus
            return
        state[:, dead] = copies[:, : len(dead)]
        everyone = np.concatenate([state, copies[:, len(dead) :]], axis=1)
        units = state.shape[1]
        gone = random.choice(units + surplus, surplus, replace=False)
        left = np.delete(np.arange(units, units + surplus), gone[gone >= units] - units)
        state[:, gone[gone < units]] = everyone[:, left]
