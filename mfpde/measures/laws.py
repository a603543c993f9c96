"""Laws of one parameter: masses of intervals for the mesh, quantile function for the particles, first moments
on lines and circles.

To add a law, add its table to the schema and its class here.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mfpde.case import schema
from mfpde.measures.normal import Normal

#: differences of a distribution function that are larger than this are exact to 1e-12 of themselves
SOUND = 1e-3


class Law(Protocol):
    """What every law of one parameter offers."""

    @property
    def first_moment(self) -> float:
        """E X."""

    def resultant(self, period: float) -> complex:
        """E exp(2 pi i X / period): its argument is the mean direction on a circle of that length."""

    @property
    def extent(self) -> tuple[float, float]:
        """Between which bounds the law lies, to rounding; for laws that wind around a circle."""

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """P(x_j < X < x_j+1) between consecutive faces (n + 1,) -> (n,), each to 1e-12 of itself; the
        outermost faces may be infinite.
        """

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Generalised inverse of the distribution function, for u in [0, 1)."""

    def describe(self) -> str:
        """A few words for messages."""


@dataclass(frozen=True)
class Uniform:
    """Uniform law on [low, high]."""

    low: float
    high: float

    @property
    def first_moment(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    def resultant(self, period: float) -> complex:
        """E exp(2 pi i X / period)."""
        return complex(
            np.exp(2j * np.pi / period * self.first_moment) * np.sinc((self.high - self.low) / period)
        )

    @property
    def extent(self) -> tuple[float, float]:
        """[low, high]."""
        return self.low, self.high

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        return np.clip((np.asarray(x) - self.low) / (self.high - self.low), 0.0, 1.0)

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """Masses of intervals; slivers by their lengths."""
        lengths = np.maximum(np.minimum(faces[1:], self.high) - np.maximum(faces[:-1], self.low), 0.0)
        return _sound(np.diff(self.cdf(faces)), lengths / (self.high - self.low))

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

    @property
    def first_moment(self) -> float:
        """The point."""
        return self.at

    def resultant(self, period: float) -> complex:
        """exp(2 pi i at / period)."""
        return complex(np.exp(2j * np.pi / period * self.at))

    @property
    def extent(self) -> tuple[float, float]:
        """The point."""
        return self.at, self.at

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """1 from the point on."""
        return np.where(np.asarray(x) >= self.at, 1.0, 0.0)

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """1 for the interval that holds the point; a point on a face belongs to the interval above."""
        return np.where((faces[:-1] <= self.at) & (self.at < faces[1:]), 1.0, 0.0)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """The point."""
        return np.full(np.shape(u), self.at)

    def describe(self) -> str:
        """A few words for messages."""
        return f"point mass at {self.at:g}"


@dataclass(frozen=True)
class WrappedCauchy:
    """Wrapped Cauchy law on a circle of length 2 pi, (1 - r^2) / (2 pi (1 + r^2 - 2 r cos(x - mean))); E
    exp(ix) = r exp(i mean).
    """

    mean: float
    r: float

    @property
    def _stretch(self) -> float:
        return (1 + self.r) / (1 - self.r)

    @property
    def first_moment(self) -> float:
        """The mean direction."""
        return self.mean

    def resultant(self, period: float) -> complex:
        """E exp(ix); the period is 2 pi."""
        return complex(self.r * np.exp(1j * self.mean))

    @property
    def extent(self) -> tuple[float, float]:
        """One turn."""
        return self.mean - np.pi, self.mean + np.pi

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Mass from mean - pi to x on the unrolled circle: it grows by 1 with every turn."""
        turns = (np.asarray(x) - self.mean) / (2 * np.pi)
        whole = np.round(turns)
        return whole + 0.5 + np.arctan(self._stretch * np.tan(np.pi * (turns - whole))) / np.pi

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """Masses of arcs shorter than a turn; small ones by the tangent of a difference, which loses
        nothing.
        """
        upto, half = self.cdf(faces), (np.asarray(faces) - self.mean) / 2
        turn = upto[-1] - upto[0]
        cosines, sines = np.cos(half), np.sin(half)
        along = cosines[1:] * cosines[:-1] + self._stretch**2 * sines[1:] * sines[:-1]
        exact = np.arctan2(self._stretch * np.sin(np.diff(half)), along) / np.pi
        # faces that go once around hold a mass of 1 to rounding
        return _sound(np.diff(upto) / (turn if abs(turn - 1) < 1e-9 else 1.0), exact)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Between mean - pi and mean + pi."""
        return self.mean + 2 * np.arctan(np.tan(np.pi * (np.asarray(u) - 0.5)) / self._stretch)

    def describe(self) -> str:
        """A few words for messages."""
        return f"wrapped Cauchy law (mean {self.mean:g}, r {self.r:g})"


def _sound(differences: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Differences of a distribution function where they are sound, else masses that were found without it."""
    return np.where(differences > SOUND, differences, exact)


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
    if isinstance(law, Point):
        return float(not low <= law.at <= high)
    return float(law.masses(np.array([-np.inf, low]))[0] + law.masses(np.array([high, np.inf]))[0])
