"""The normal law, conditioned on an interval or not, as exact in its tails as elsewhere."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from mfpde.measures import tails

#: a normal law has less than 1e-18 beyond so many standard deviations
WIDE = 9.0


@dataclass(frozen=True)
class Normal:
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

    @cached_property
    def peak(self) -> float:
        """Where the density is largest, in standard deviations from the mean."""
        return min(max(self._bounds[0], 0.0), self._bounds[1])

    def within_reach(self, deviations: float) -> tuple[float, float]:
        """Where the density is above exp(-deviations^2 / 2) of its largest value."""
        reach = self.std * float(np.sqrt(self.peak**2 + deviations**2))
        return max(self.low, self.mean - reach), min(self.high, self.mean + reach)

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

    def describe(self) -> str:
        """A few words for messages."""
        within = f" within [{self.low:g}, {self.high:g}]" if np.isfinite(self.low) else ""
        return f"normal law (mean {self.mean:g}, std {self.std:g}){within}"
