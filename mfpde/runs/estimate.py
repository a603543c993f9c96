"""How much of a run is done, and how long the rest takes, learnt from what its sides have cost so far.

The sides of a run (the density, the networks, ...) take turns within every interval of outputs, and cost
differently; stiffness comes and goes. So each side has a cost of its own per unit of what it goes through
(simulated time, or frames), found anew for every piece of its way.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import exp
from statistics import median

#: pieces into which the way of a side is cut, at most
PIECES = 40
#: latest pieces whose median is the cost; those whose median is the cost now, where it changes steadily;
#: those that show whether it does
LEVEL, NOW, TREND = 8, 4, 12
#: pairs of pieces that must agree on a trend, less those that do not: as a share of all
AGREEMENT = 0.7
#: by how much the cost ahead may differ from the cost now
FALL, RISE = 0.5, 3.0
#: share of its way after which a side is known, however many its pieces, and share of the work after which
#: the rest is told
KNOWN, TOLD = 0.4, 0.1
#: share of the time so far below which a side need not be known, once all have had so many turns
SMALL, TURNS = 0.02, 2


@dataclass
class Side:
    """One of those that take turns, on its way from `reached` to `end`."""

    reached: float
    end: float
    seconds: float = 0.0  #: spent since the last piece
    pieces: list[tuple[float, float]] = field(default_factory=list)  #: middles, and seconds per unit
    cost: float | None = None  #: seconds per unit ahead, when a piece is complete
    spent: float = 0.0  #: in all

    def __post_init__(self) -> None:
        self.start = self.begun = self.reached

    @property
    def done(self) -> float:
        """Share of its way."""
        return (self.reached - self.start) / (self.end - self.start) if self.end > self.start else 1.0

    def spend(self, reached: float, seconds: float) -> None:
        """It has come so far, which took so long since it was last told."""
        self.reached, self.seconds, self.spent = (
            max(self.reached, reached),
            self.seconds + seconds,
            self.spent + seconds,
        )
        passed = self.reached - self.begun
        if passed > 0 and passed >= (self.end - self.start) / PIECES * (1 - 1e-9):
            self.pieces.append(((self.begun + self.reached) / 2, self.seconds / passed))
            self.begun, self.seconds, self.cost = self.reached, 0.0, self._cost_ahead()

    def _cost_ahead(self) -> float:
        """The cost now, and its trend if there is one."""
        level = median(cost for _, cost in self.pieces[-LEVEL:])
        if len(self.pieces) < NOW:
            return level
        slopes = [
            (later[1] - earlier[1]) / (later[0] - earlier[0])
            for earlier, later in combinations(self.pieces[-TREND:], 2)
        ]
        rising, falling = (sum(slope * sign > 0 for slope in slopes) for sign in (1, -1))
        if abs(rising - falling) < AGREEMENT * len(slopes):
            return level
        middle, cost = (median(parts) for parts in zip(*self.pieces[-NOW:], strict=True))
        later = cost + median(slopes) * ((self.reached + self.end) / 2 - middle)
        return min(max(later, FALL * cost), RISE * cost)

    @property
    def left(self) -> float | None:
        """Seconds that it will still take; None if nothing is known of that."""
        return (
            0.0
            if self.reached >= self.end
            else None
            if self.cost is None
            else (self.end - self.reached) * self.cost
        )

    @property
    def is_known(self) -> bool:
        """Whether its cost rests on more than its beginning."""
        return len(self.pieces) >= NOW or self.done >= KNOWN


class Estimate:
    """What a run has done and what is left of it.

    Arguments:
        sides: where each stands, and where it ends. What was done before does not count.
        clock: tells seconds.
    """

    def __init__(self, sides: Mapping[str, tuple[float, float]], clock: Callable[[], float] = time.monotonic):
        self.sides = {name: Side(*ends) for name, ends in sides.items()}
        self.clock, self.elapsed, self.last, self.turns = clock, 0.0, clock(), 0

    def at(self, name: str, reached: float) -> None:
        """A side has come so far; the time since the last call was spent on it."""
        now = self.clock()
        self.sides[name].spend(reached, now - self.last)
        self.elapsed, self.last = self.elapsed + now - self.last, now

    def next_interval(self) -> None:
        """All sides have had their turn."""
        self.turns += 1

    def left(self) -> float | None:
        """Seconds to the end; None if that cannot be known yet."""
        known = all(side.is_known or self._is_small(side) for side in self.sides.values())
        found = self._left() if known else None
        return found if found is not None and found <= (1 / TOLD - 1) * self.elapsed else None

    def share(self) -> float:
        """How much is done, from 0 to 1: of the work if it is known, else of the ways."""
        found = self._left()
        if found is None:
            return sum(side.done for side in self.sides.values()) / len(self.sides)
        since = self.clock() - self.last
        return (self.elapsed + since) / (self.elapsed + since + found) if found else 1.0

    def _is_small(self, side: Side) -> bool:
        """Whether a side has taken next to no time though it could, such as one of few long steps."""
        return self.turns >= TURNS and side.spent <= SMALL * self.elapsed

    def _left(self) -> float | None:
        """Of all sides; since the last call a part of it has passed."""
        found = [
            0.0 if side.left is None and self._is_small(side) else side.left for side in self.sides.values()
        ]
        if any(seconds is None for seconds in found):
            return None
        left = sum(seconds for seconds in found if seconds is not None)
        return left * exp(-(self.clock() - self.last) / left) if left else 0.0
