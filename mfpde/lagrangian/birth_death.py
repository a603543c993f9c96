"""The birth-death process at constant population (Rotskoff, Jelassi, Bruna & Vanden-Eijnden,
arXiv:1902.01843).

Over a time dt, unit i jumps with probability 1 - exp(-alpha |V_i - Vbar| dt), Vbar the mean over its network:

* V_i > Vbar: it dies, and a unit chosen uniformly from its network is cloned in its place; or, with a fixed
  density of births, a new unit drawn from that density takes its place;
* V_i < Vbar: it is cloned in the place of a unit chosen uniformly.

Where jumps are so frequent that steps had to be shortened, probabilities are |w - 1| with w = exp(-alpha (V -
c) dt) of mean 1 instead: the mean number of copies of a unit is then that of the Fisher-Rao flow over the
whole step, V held, up to errors of second order.

The generator acts on linear functionals as the Fisher-Rao flow -alpha (V - Vbar) mu does, plus, with births,
alpha/2 int |V - Vbar| dmu (mu_b - mu).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mfpde.expressions.schedule import Schedule, constant
from mfpde.lagrangian.backend import Backend
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.problem import Cloud
from mfpde.randomness import generator

Draw = Callable[[np.ndarray], np.ndarray]


class BirthDeath:
    """Jumps of all networks; counts what happened.

    Arguments:
        alpha: rate of the reaction, by time.
        births: for each free component its row in the state and what makes reborn units of numbers in [0, 1);
            None for clones alone.
    """

    #: what a checkpoint holds of it
    saved: tuple[str, ...] = ("killed", "cloned")

    def __init__(self, ladder: Ladder, alpha: Schedule | float, births: Sequence[tuple[int, Draw]] | None):
        self.ladder, self.births = ladder, births
        self.schedule = alpha if isinstance(alpha, Schedule) else constant(alpha)
        self.alpha = self.schedule(0.0)  #: at present
        self.killed = np.zeros(len(ladder.sizes), dtype=np.int64)
        self.cloned = np.zeros(len(ladder.sizes), dtype=np.int64)

    def typical_rate(self, potential: np.ndarray, cloud: Callable[[], Cloud] | None = None) -> float:
        """alpha times the root mean square of the excess over a network, for the network where it is
        largest.
        """
        excess, starts = self.excess(potential, cloud), self.ladder.first_unit[:-1]
        square = np.add.reduceat(excess**2, starts) / self.ladder.sizes
        return self.alpha * float(np.sqrt(square.max()))

    def excess(self, potential: np.ndarray, cloud: Callable[[], Cloud] | None) -> np.ndarray:
        """What V is above that which decides who dies (units,): above its mean over the network."""
        mean = np.add.reduceat(potential, self.ladder.first_unit[:-1]) / self.ladder.sizes
        return potential - mean[self.ladder.network_of]

    def jump(
        self,
        state: Callable[[], np.ndarray],
        potential: np.ndarray,
        dt: float,
        step: int,
        balanced: bool = False,
        cloud: Callable[[], Cloud] | None = None,
    ) -> np.ndarray | None:
        """The state after the jumps of one reaction step, or None if there were none.

        Arguments:
            state: gives the state (components + 1, units); called only if somebody jumps.
            potential: V at every unit (units,).
            step: number of this reaction step, part of the key of the random numbers.
            balanced: whether probabilities are |w - 1|.
            cloud: gives all that is known of the units, for those who need more than V.
        """
        moved: np.ndarray | None = None
        for network, units, replicate, where in self.ladder.networks():
            random = generator(self.ladder.seed, "reaction", units, replicate, step)
            excess = potential[where] - potential[where].mean()
            if balanced:
                excess += np.log(np.mean(np.exp(-self.alpha * dt * excess))) / (self.alpha * dt)
                chances = np.abs(np.expm1(-self.alpha * dt * excess))
            else:
                chances = -np.expm1(-self.alpha * np.abs(excess) * dt)
            jumps = np.flatnonzero(random.random(units) < chances)
            if not len(jumps):
                continue
            if moved is None:
                moved = state()
            self._apply(moved[:, where], jumps, excess, random, network)
        return moved

    def set_time(self, time: float) -> None:
        """Take alpha at this time from now on."""
        self.alpha = self.schedule(time)

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
        """The same for a state of a backend."""
        moved = self.jump(lambda: backend.download(state), potential, dt, step, balanced, cloud)
        return None if moved is None else backend.upload(moved)

    def checkpoint(self) -> dict[str, np.ndarray]:
        """What it must know to go on."""
        return {name: np.copy(getattr(self, name)) for name in self.saved}

    def restore(self, saved: Mapping[str, Any], backend: Backend) -> None:
        """Go on from a checkpoint."""
        for name in self.saved:
            setattr(self, name, saved[name])

    def _apply(
        self,
        state: np.ndarray,
        jumps: np.ndarray,
        excess: np.ndarray,
        random: np.random.Generator,
        network: int,
    ) -> None:
        partners = random.integers(state.shape[1], size=len(jumps))
        for unit, partner in zip(jumps, partners, strict=True):
            if excess[unit] < 0:
                state[:, partner] = state[:, unit]
                self.cloned[network] += 1
                continue
            self.killed[network] += 1
            if self.births is None:
                state[:, unit] = state[:, partner]
            else:
                for row, draw in self.births:
                    state[row, unit] = draw(random.random(1))[0]
