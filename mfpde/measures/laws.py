"""Laws of one parameter: distribution function for the mesh, quantile function for the particles.

To add a law, add its table to the schema and its class here.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from mfpde.case import schema


class Law(Protocol):
    """What every law of one parameter offers."""

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Generalised inverse of the distribution function, for u in [0, 1)."""

    def describe(self) -> str:
        """A few words for messages."""


@dataclass(frozen=True)
class Normal:
    """Normal law conditioned on [low, high] (possibly infinite)."""

    mean: float
    std: float
    low: float = -np.inf
    high: float = np.inf

    @property
    def held(self) -> float:
        """Mass of the unconditioned law between low and high."""
        below, upto = self._tails()
        return upto - below

    def _tails(self) -> tuple[float, float]:
        return float(ndtr((self.low - self.mean) / self.std)), float(ndtr((self.high - self.mean) / self.std))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        below, upto = self._tails()
        return np.clip((ndtr((np.asarray(x) - self.mean) / self.std) - below) / (upto - below), 0.0, 1.0)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse of the distribution function; u = 0 is moved to the smallest positive number."""
        below, upto = self._tails()
        u = np.maximum(below + np.asarray(u) * (upto - below), np.finfo(float).tiny)
        return np.clip(self.mean + self.std * ndtri(u), self.low, self.high)

    def describe(self) -> str:
        """A few words for messages."""
        within = f" within [{self.low:g}, {self.high:g}]" if np.isfinite(self.low) else ""
        return f"normal law (mean {self.mean:g}, std {self.std:g}){within}"


@dataclass(frozen=True)
class Uniform:
    """Uniform law on [low, high]."""

    low: float
    high: float

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        return np.clip((np.asarray(x) - self.low) / (self.high - self.low), 0.0, 1.0)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse of the distribution function."""
        return self.low + np.asarray(u) * (self.high - self.low)

    def describe(self) -> str:
        """A few words for messages."""
        return f"uniform law on [{self.low:g}, {self.high:g}]"


@dataclass(frozen=True)
class Point:
    """All mass at one point."""

    at: float

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """1 from the point on; a point on a cell's lower face therefore belongs to the cell below."""
        return np.where(np.asarray(x) >= self.at, 1.0, 0.0)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """The point."""
        return np.full(np.shape(u), self.at)

    def describe(self) -> str:
        """A few words for messages."""
        return f"point mass at {self.at:g}"


@dataclass(frozen=True)
class WrappedCauchy:
    """Wrapped Cauchy law on a circle of length 2 pi, (1 - r^2) / (2 pi (1 + r^2 - 2 r cos(x - mean))); E exp(ix) = r exp(i mean)."""

    mean: float
    r: float

    @property
    def _stretch(self) -> float:
        return (1 + self.r) / (1 - self.r)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Mass from mean - pi to x on the unrolled circle: it grows by 1 with every turn."""
        turns = (np.asarray(x) - self.mean) / (2 * np.pi)
        whole = np.round(turns)
        return whole + 0.5 + np.arctan(self._stretch * np.tan(np.pi * (turns - whole))) / np.pi

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Between mean - pi and mean + pi."""
        return self.mean + 2 * np.arctan(np.tan(np.pi * (np.asarray(u) - 0.5)) / self._stretch)

    def describe(self) -> str:
        """A few words for messages."""
        return f"wrapped Cauchy law (mean {self.mean:g}, r {self.r:g})"


def build_law(spec: schema.Law) -> Law:
    """The law a case describes."""
    if isinstance(spec, schema.NormalLaw):
        return Normal(spec.mean, spec.std, *(spec.within or (-np.inf, np.inf)))
    if isinstance(spec, schema.UniformLaw):
        return Uniform(spec.low, spec.high)
    if isinstance(spec, schema.WrappedCauchyLaw):
        return WrappedCauchy(spec.mean, spec.r)
    return Point(spec.at)


def mass_outside(law: Law, low: float, high: float) -> float:
    """Probability that the law puts outside [low, high]."""
    inside = law.cdf(np.array(high)) - law.cdf(np.array(low))
    if isinstance(law, Point):
        inside = float(low <= law.at <= high)
    return float(max(0.0, 1.0 - inside))
