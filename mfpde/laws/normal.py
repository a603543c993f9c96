"""The normal law, conditioned on an interval or not, as exact in its tails as elsewhere."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from mfpde.laws import Law, LawTable, tails
from mfpde.table import Interval, Positive, Real

#: a normal law has less than 1e-18 beyond so many standard deviations
WIDE = 9.0
#: and less than 1e-10 beyond so many
BULK = 6.5
#: standard deviations from its mean at which it may be conditioned; beyond them is less of it than the
#: smallest number
MOST_DEVIATIONS = 37.5
JUMP = 0.1  #: of the largest density, from which an end counts as a jump


@dataclass(frozen=True)
class Normal(Law):
    """Normal law of this mean and standard deviation, conditioned on [low, high] (possibly infinite)."""

    mean: float
    std: float
    low: float = -np.inf
    high: float = np.inf

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        return (self.low - self.mean) / self.std, (self.high - self.mean) / self.std

    @cached_property
    def _side(self) -> int:
        """1 or -1 for a law that lies wholly in the upper or in the lower tail, else 0."""
        below, above = self._bounds
        return 1 if below >= 0 else -1 if above <= 0 else 0

    @cached_property
    def _tails(self) -> tuple[float, float]:
        return float(ndtr(self._bounds[0])), float(ndtr(self._bounds[1]))

    @cached_property
    def first_moment(self) -> float:
        """E X; the bounds move it."""
        if np.isinf(self._bounds).all():
            return self.mean
        return self.mean + self.std * tails.expectation(lambda z: z, *self._bounds).real

    def resultant(self, period: float) -> complex:
        """E exp(2 pi i X / period)."""
        turn = 2 * np.pi / period
        if np.isinf(self._bounds).all():
            return complex(np.exp(1j * turn * self.mean - (turn * self.std) ** 2 / 2))
        # the nodes would not see the turns; then the bounds make the law, or nothing does
        if self.std > period:
            return 0j
        return complex(np.exp(1j * turn * self.mean)) * tails.expectation(
            lambda z: np.exp(1j * turn * self.std * z), *self._bounds
        )

    @property
    def extent(self) -> tuple[float, float]:
        """The bounds, or where the law has ended."""
        return self.within_reach(WIDE)

    @property
    def bulk(self) -> tuple[float, float]:
        """The bounds, or where next to nothing is left."""
        return self.within_reach(BULK)

    @property
    def jumps(self) -> bool:
        """Whether the law is cut off where its density is not small."""
        ends = np.array([self.low, self.high])
        return bool(np.any(np.exp(-(((ends - self.mean) / self.std) ** 2) / 2) > JUMP))

    @cached_property
    def peak(self) -> float:
        """Where the density is largest, in standard deviations from the mean."""
        return min(max(self._bounds[0], 0.0), self._bounds[1])

    def within_reach(self, deviations: float) -> tuple[float, float]:
        """Where the density is above exp(-deviations^2 / 2) of its largest value."""
        reach = self.std * float(np.sqrt(self.peak**2 + deviations**2))
        return max(self.low, self.mean - reach), min(self.high, self.mean + reach)

    def density(self, x: np.ndarray) -> np.ndarray:
        """Relative to its largest value."""
        return np.exp(-(((x - self.mean) / self.std) ** 2 - self.peak**2) / 2)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        if self._side > 0:
            z = self._clip(x)
            return tails.tail_masses(np.stack([np.full_like(z, self._bounds[0]), z]), *self._bounds)[0]
        below, upto = self._tails
        return np.clip((ndtr((np.asarray(x) - self.mean) / self.std) - below) / (upto - below), 0.0, 1.0)

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """Masses of intervals, exact in both tails."""
        z, (below, above) = self._clip(faces), self._bounds
        if self._side > 0:
            return tails.tail_masses(z, below, above)
        if self._side < 0:
            return tails.tail_masses(-z[::-1], -above, -below)[::-1]
        masses = tails.interval_masses(z)
        return (
            masses
            if np.isinf(self._bounds).all()
            else masses / tails.interval_masses(np.array(self._bounds))[0]
        )

    def _clip(self, x: np.ndarray) -> np.ndarray:
        return np.clip((np.asarray(x, dtype=float) - self.mean) / self.std, *self._bounds)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse of the distribution function; u = 0 is moved to the smallest positive number."""
        if self._side > 0:
            z = tails.tail_quantile(np.asarray(u), *self._bounds)
        # what is left of it in double precision would be a few values
        elif self._side < 0 and self._tails[1] < 1e-200:
            z = -tails.tail_quantile(1 - np.asarray(u), -self._bounds[1], -self._bounds[0])
        else:
            below, upto = self._tails
            z = ndtri(np.maximum(below + np.asarray(u) * (upto - below), np.finfo(float).tiny))
        return np.clip(self.mean + self.std * z, self.low, self.high)

    def refusal(self, name: str, domain: tuple[float, float] | None, periodic: bool) -> str:
        """It is conditioned where next to nothing of it is."""
        if abs(self.peak) <= MOST_DEVIATIONS:
            return ""
        return (
            f"the {name} {self.describe()} has next to no mass there; expected 'within' to come as near to"
            f" the mean as {MOST_DEVIATIONS:g} standard deviations"
        )

    def describe(self) -> str:
        """A few words for messages."""
        within = f" within [{self.low:g}, {self.high:g}]" if np.isfinite(self.low) else ""
        return f"normal law (mean {self.mean:g}, std {self.std:g}){within}"


class NormalLaw(LawTable):
    """Normal law, optionally conditioned on an interval."""

    aliases: ClassVar[tuple[str, ...]] = ("gaussian",)

    law: Literal["normal"]
    mean: Real = 0.0
    std: Positive = 1.0
    within: Interval | None = None

    def build(self) -> Normal:
        """The law itself."""
        return Normal(self.mean, self.std, *(self.within or (-np.inf, np.inf)))


LAW = NormalLaw
