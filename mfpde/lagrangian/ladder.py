"""The ladder: which networks there are, where their units lie in the arrays, and how they start."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.errors import InputError
from mfpde.models.parameters import ParameterSpace
from mfpde.randomness import generator


@dataclass(frozen=True)
class Ladder:
    """Networks ordered by width, then by replicate; their units lie one after another."""

    units: Sequence[int]
    replicates: Sequence[int]
    seed: int
    common: bool = False  #: whether networks of different widths share random numbers

    @cached_property
    def sizes(self) -> np.ndarray:
        """Units of every network (networks,)."""
        return np.repeat(np.asarray(self.units, dtype=np.int64), self.replicates)

    @cached_property
    def first_unit(self) -> np.ndarray:
        """Where each network's units start, and the end of the last (networks + 1,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    @property
    def total(self) -> int:
        """Units of all networks together."""
        return int(self.first_unit[-1])

    @cached_property
    def network_of(self) -> np.ndarray:
        """The network of every unit (total,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def chunks(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Units cut into chunks of at most this size, each within one network: where chunks start, and which
        is a network's first; ends too.
        """
        starts = [np.arange(self.first_unit[g], self.first_unit[g + 1], size) for g in range(len(self.sizes))]
        return np.concatenate([*starts, [self.total]]), np.concatenate(
            [[0], np.cumsum([len(s) for s in starts])]
        )

    def networks(self) -> Iterator[tuple[int, int, int, slice]]:
        """(network, units, replicate, slice of its units) for every network."""
        number = 0
        for units, count in zip(self.units, self.replicates, strict=True):
            for replicate in range(count):
                yield number, units, replicate, slice(self.first_unit[number], self.first_unit[number + 1])
                number += 1

    def of_width(self, units: int) -> tuple[slice, slice]:
        """Slices of the networks, and of the units, that have this width."""
        k = list(self.units).index(units)
        start = sum(self.replicates[:k])
        end = start + self.replicates[k]
        return slice(start, end), slice(int(self.first_unit[start]), int(self.first_unit[end]))

    def initial_state(self, parameters: ParameterSpace, start: str = "random") -> np.ndarray:
        """(components + 1, total): units drawn i.i.d. from the initial law, and action 0.

        Every network has random numbers of its own, keyed by seed, width and replicate; with common numbers,
        a network starts with the first units of every wider one of the same replicate. With start = "grid",
        they are the quantiles of a grid of midpoints instead, the same in all replicates.

        Raises:
            InputError: a width that is not that of a grid.
        """
        state = np.zeros((len(parameters.components) + 1, self.total))
        for _, units, replicate, where in self.networks():
            if start == "grid":
                uniform = midpoints(units, [c.free for c in parameters.components])
            elif self.common:
                uniform = (
                    generator(self.seed, "initial", 0, replicate)
                    .random((units, len(parameters.components)))
                    .T
                )
            else:
                uniform = generator(self.seed, "initial", units, replicate).random(
                    (len(parameters.components), units)
                )
            for k, component in enumerate(parameters.components):
                state[k, where] = component.draw(uniform[k])
        return state


def midpoints(units: int, free: Sequence[bool]) -> np.ndarray:
    """A grid of midpoints of the unit cube in the free components, 1/2 in the others (components, units).

    Raises:
        InputError: units are not a power k^d of the number d of free components.
    """
    axes = sum(free)
    k = round(units ** (1 / axes)) if axes else 1
    if k**axes != units:
        raise InputError(
            f"lagrangian.units: a grid of {axes} parameters has k^{axes} units; expected such as"
            f' {max(k, 1) ** axes} instead of {units}, or start = "random"'
        )
    grid = np.indices((k,) * axes).reshape(axes, units)
    result = np.full((len(free), units), 0.5)
    result[np.asarray(free)] = (grid + 0.5) / k
    return result
