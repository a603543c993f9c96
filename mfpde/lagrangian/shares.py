"""How the units of all networks are shared out among threads, and within a thread so that what is computed
together stays in its cache.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mfpde.lagrangian.ladder import Ladder
from mfpde.threads import each

#: Pairs of units and data whose activations are formed together: a megabyte. Less would fit into a faster
#: cache, but then threads, which must
#: take turns between two operations, wait for each other: measured slower.
PAIRS = 2**17
#: pairs of a job, for the same reason
JOB_PAIRS = 2**19


@dataclass(frozen=True)
class Share:
    """Units whose activations are formed together: all of some networks of one width, or a part of one
    network.
    """

    networks: slice
    units: slice

    @property
    def count(self) -> int:
        """Number of networks."""
        return self.networks.stop - self.networks.start


#: shares whose predictions belong together: those of one network, or one share of whole networks
Shares = list[Share]


def share_out(ladder: Ladder, data: int) -> tuple[list[list[Shares]], list[Shares]]:
    """Jobs for one thread each, and networks so large that all threads work on one. Depends on the networks
    alone.
    """
    jobs: list[list[Shares]] = []
    split: list[Shares] = []
    room = 0
    largest = max(PAIRS, min(JOB_PAIRS, ladder.total * data // 4))
    for shares in _all_shares(ladder, max(1, PAIRS // data)):
        pairs = data * (shares[-1].units.stop - shares[0].units.start)
        if pairs > largest:
            split.append(shares)
            continue
        if not jobs or pairs > room:
            jobs.append([])
            room = largest
        jobs[-1].append(shares)
        room -= pairs
    return jobs, split


def _all_shares(ladder: Ladder, most: int) -> list[Shares]:
    """Every network once, in shares of at most so many units, of equal size as far as possible."""
    found: list[Shares] = []
    first = 0
    while first < len(ladder.sizes):
        width = int(ladder.sizes[first])
        last = first + 1
        while last < len(ladder.sizes) and ladder.sizes[last] == width and (last + 1 - first) * width <= most:
            last += 1
        start, stop = int(ladder.first_unit[first]), int(ladder.first_unit[last])
        parts = math.ceil((stop - start) / most) if last == first + 1 else 1
        ends = np.linspace(start, stop, parts + 1).astype(int)
        found.append([Share(slice(first, last), slice(int(i), int(j))) for i, j in pairwise(ends)])
        first = last
    return found


def in_shares(
    jobs: list[list[Shares]], split: list[Shares], work: Callable[[Sequence[Share], Callable], None]
) -> None:
    """Call `work` with the shares of some networks, and with what calls a function for every share, until all
    networks had their turn.

    Arguments:
        jobs, split: as `share_out` gives them.
    """

    def alone(function: Callable, items: Sequence) -> list:
        return [function(item) for item in items]

    def job(networks: Sequence[Sequence[Share]]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            for shares in networks:
                work(shares, alone)

    each(job, jobs)
    for shares in split:
        work(shares, each)


def in_turn(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of what shares gave, in order, so that it is the same every time."""
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total
