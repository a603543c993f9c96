"""What is left of a run, estimated from what its sides have cost: traces of known cost under a clock that is
turned by hand.
"""

import math
from itertools import pairwise

import numpy as np
import pytest

from mfpde.runs.estimate import Estimate

STEPS = 40  #: of a side, within an interval


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def follow(costs, intervals=20, end=1.0, start=0.0, frames=0.0):
    """Run a trace; gives (share of all the work that is done, seconds left, seconds that are told) at every
    step.

    Arguments:
        costs: seconds per unit of time, as functions of time, by side.
        frames: seconds of a measurement; none is taken if None.
    """
    clock = Clock()
    times = start + (end - start) * np.arange(intervals + 1) / intervals
    sides = {name: (start, end) for name in costs} | (
        {"measuring": (0, intervals)} if frames is not None else {}
    )
    estimate = Estimate(sides, clock)
    told = []
    for k in range(intervals):
        for name, cost in costs.items():
            points = np.linspace(times[k], times[k + 1], STEPS + 1)
            for begun, reached in pairwise(points):
                clock.now += cost((begun + reached) / 2) * (reached - begun)
                estimate.at(name, float(reached))
                told.append((clock.now, estimate.left(), estimate.share()))
        if frames is not None:
            clock.now += frames
            estimate.at("measuring", k + 1)
        estimate.next_interval()
        told.append((clock.now, estimate.left(), estimate.share()))
    total = clock.now
    return [(now / total, total - now, left, share) for now, left, share in told]


def noise(seed, spread):
    """A cost that scatters from one interval to the next."""
    values = 1 + spread * np.random.default_rng(seed).uniform(-1, 1, 400)
    return lambda t: values[int(t * 20)]


TRACES = {
    "one side": {"density": lambda t: 3.0},
    "sides of very different cost": {
        "density": lambda t: 0.1,
        "coarser meshes": lambda t: 1.0,
        "networks": lambda t: 100.0,
    },
    "the first side is the dear one": {"density": lambda t: 100.0, "networks": lambda t: 0.1},
    "a cost that grows tenfold": {"density": lambda t: 1.0, "networks": lambda t: 10.0**t},
    "a cost that grows in proportion": {"networks": lambda t: 1 + 9 * t},
    "a cost that falls tenfold": {"networks": lambda t: 10.0 ** (1 - t)},
    "a stiff start": {"density": lambda t: 50.0 if t < 0.02 else 1.0, "networks": lambda t: 1.0},
    "costs that scatter": {"density": noise(1, 0.5), "networks": noise(2, 0.5)},
    "one grows while one falls": {"density": lambda t: 1 + 9 * t, "networks": lambda t: 10 - 9 * t},
}


@pytest.mark.parametrize("trace", TRACES)
@pytest.mark.parametrize("intervals", [2, 20, 100])
def test_what_is_left_is_known_to_a_factor_of_two_once_a_fifth_is_done(trace, intervals):
    told = follow(TRACES[trace], intervals, frames=0.2 / intervals)
    late = [(left, found) for share, left, found, _ in told if 0.2 <= share <= 0.95]
    known = [(left, found) for left, found in late if found is not None]
    if intervals >= 20 and trace not in ("a stiff start", "a cost that falls tenfold"):
        assert len(known) > 0.95 * len(late), "a fifth is enough"
    assert len(known) > 0.3 * len(late)
    assert max(max(left / found, found / left) for left, found in known) < 2


@pytest.mark.parametrize("trace", TRACES)
def test_nothing_is_told_before_it_can_be_known(trace):
    told = follow(TRACES[trace])
    assert all(found is None for _, _, found, _ in told[: 2 * STEPS])
    early = [(left, found) for share, left, found, _ in told if found is not None and share < 0.95]
    assert max(max(left / found, found / left) for left, found in early) < 4


@pytest.mark.parametrize("trace", TRACES)
def test_the_bar_moves_with_every_side_and_ends_full(trace):
    told = follow(TRACES[trace])
    shares = [share for *_, share in told]
    assert all(0 < share <= 1 for share in shares)
    assert shares[-1] == pytest.approx(1.0)
    assert max(abs(found - share) for share, _, _, found in told if share > 0.6) < 0.2


def test_a_single_interval_is_told_when_its_last_side_is_known():
    told = follow({"density": lambda t: 1.0, "networks": lambda t: 4.0}, intervals=1, frames=None)
    first = next(share for share, _, found, _ in told if found is not None)
    assert 0.2 < first < 0.4


def test_what_was_done_before_a_resume_is_no_work_of_this_one():
    told = follow({"density": lambda t: 1.0, "networks": lambda t: 2.0}, intervals=10, start=30.0, end=40.0)
    assert told[0][3] < 0.05, "the bar begins at what is to be done now"
    late = [(left, found) for share, left, found, _ in told if 0.2 < share < 0.95]
    assert max(abs(math.log(left / found)) for left, found in late) < 0.1


def test_a_side_that_is_ahead_costs_no_more():
    clock = Clock()
    estimate = Estimate({"density": (1.0, 1.0), "networks": (0.0, 1.0)}, clock=clock)
    clock.now = 3.0
    estimate.at("networks", 0.5)
    assert estimate.left() == pytest.approx(3.0)


def test_what_is_left_passes_while_a_side_says_nothing():
    clock = Clock()
    estimate = Estimate({"networks": (0.0, 1.0)}, clock=clock)
    clock.now = 5.0
    estimate.at("networks", 0.5)
    assert (estimate.left(), estimate.share()) == (pytest.approx(5.0), pytest.approx(0.5))
    clock.now = 8.0
    assert 2.0 < estimate.left() < 3.0
    assert 0.7 < estimate.share() < 0.8
    clock.now = 800.0
    assert estimate.left() < 1e-6


def test_a_side_of_few_long_steps_that_cost_little_keeps_nobody_waiting():
    clock = Clock()
    estimate = Estimate({"descent by steps of 3": (0.0, 3.0), "networks": (0.0, 3.0)}, clock=clock)
    for k in range(10):
        estimate.at("descent by steps of 3", 0.0)
        clock.now += 1.0
        estimate.at("networks", 0.3 * (k + 1))
        estimate.next_interval()
        if 4 <= k < 9:
            assert estimate.left() == pytest.approx(9 - k)
