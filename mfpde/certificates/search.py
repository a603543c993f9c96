"""The global infimum of an objective over z: by branch and bound, which proves it, or from many starts."""

from itertools import product
from typing import NamedTuple

import numpy as np

from mfpde.certificates.domain import Box
from mfpde.certificates.objective import Objective, Pulls, polish

#: boxes along every free axis at first, by their number
FIRST = {0: 1, 1: 64, 2: 20, 3: 10}
MOST_AXES = 3
#: pairs of boxes and data in a search, at most, where a box costs as much as so many data
BUDGET, BOX = 2**22, 64
MOST_LEVELS = 60
STARTS = 2048
POLISHED = 6


class Found(NamedTuple):
    """An infimum."""

    z: np.ndarray  #: the best point (k,)
    value: float  #: there
    bound: float  #: below it on the whole box, if proven
    proven: bool


def branch_and_bound(
    objective: Objective, box: Box, tolerance: float, relative: float = 0.0, budget: int = BUDGET
) -> Found:
    """The infimum over a box with at most three free axes, proven.

    Arguments:
        tolerance: of the proof; relative: the same as a share of the value's size, whichever is larger.

    Boxes whose bound exceeds the best value are dropped, others halved along every axis, until the bound is
    within the tolerance or the budget is spent: then it is as good as it is, and still a bound.
    """
    free = box.free
    cost = objective.charges.size + BOX
    most = max(2, int((budget / cost) ** (1 / max(len(free), 1))))
    centre, radius = _boxes(box, min(FIRST[len(free)], most))
    children = np.array(list(product([-0.5, 0.5], repeat=len(free)))).reshape(2 ** len(free), len(free))
    best, at, settled = np.inf, centre[0], np.inf
    for _ in range(MOST_LEVELS):
        pulls = objective.pulls(centre, radius)
        values, bounds = objective.value(pulls.h, centre), objective.below(pulls, centre, radius)
        budget -= len(centre) * cost
        for z in _promising(pulls, values, bounds, centre, radius):
            value = objective.with_gradient(box.clip(z))[0]
            best, at = (value, box.clip(z)) if value < best else (best, at)
        room = max(tolerance, relative * abs(best))
        settled = min(settled, float(np.min(bounds[bounds > best - room], initial=np.inf)))
        alive = np.flatnonzero(bounds <= best - room)
        least = min(float(np.min(bounds[alive], initial=np.inf)), settled)
        more = len(alive) * len(children) * cost
        if not len(alive) or more > budget or not len(free):
            break
        steps = np.zeros((len(children), box.low.size))
        steps[:, free] = children
        centre = (centre[alive][:, None] + steps * radius[alive][:, None]).reshape(-1, box.low.size)
        radius = np.repeat(radius[alive] / 2, len(children), axis=0)
    return Found(at, best, min(best, least), bool(np.isfinite(least)))


def _promising(
    pulls: Pulls, values: np.ndarray, bounds: np.ndarray, centre: np.ndarray, radius: np.ndarray
) -> list[np.ndarray]:
    """The best centre, and the corners of two boxes that their tangents lead to: extremes often lie at
    walls.
    """
    k, lowest = int(np.argmin(values)), int(np.argmin(bounds))
    corners = [
        centre[i] + sign * np.sign(pulls.slope[0, i]) * radius[i] for i in {k, lowest} for sign in (-1, 1)
    ]
    return [centre[k], *corners]


def multistart(objective: Objective, box: Box, count: int = STARTS) -> Found:
    """The least that is found from quasi-random starts: an estimate, which proves nothing."""
    free = box.free
    z = np.tile(box.clip(np.zeros(box.low.size)), (count, 1))
    if len(free):
        from scipy.stats import qmc  # takes a third of a second, and few runs need it

        unit = qmc.Sobol(len(free), scramble=True, rng=np.random.default_rng(0)).random(count)
        z[:, free] = box.low[free] + unit * (box.high - box.low)[free]
    values = objective.value(objective.pulls(z).h, z)
    best = np.argsort(values)[:POLISHED]
    found = [polish(objective, z[k], box) for k in best]
    ends = [objective.with_gradient(p)[0] for p in found]
    least = int(np.argmin(ends))
    return Found(found[least], ends[least], ends[least], False)


def _boxes(box: Box, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii (N, k) of equal boxes."""
    middle, half = (box.low + box.high) / 2, (box.high - box.low) / 2
    counts = np.ones(box.low.size, dtype=int)
    counts[box.free] = each
    axes = [m + h * ((2 * np.arange(n) + 1) / n - 1) for m, h, n in zip(middle, half, counts, strict=True)]
    centre = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=-1)
    # a little more than half a box, so that rounding leaves no gap
    radius = np.broadcast_to(half / counts * (1 + 1e-12), centre.shape)
    return centre, radius + 4 * np.finfo(float).eps * np.abs(centre)
