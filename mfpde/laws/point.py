"""All mass at one point."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from mfpde.laws import Law, LawTable
from mfpde.table import Real


@dataclass(frozen=True)
class Point(Law):
    """All mass at one point."""

    at: float
    spread: ClassVar[bool] = False

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

    @property
    def jumps(self) -> bool:
        """From 0 to all there is."""
        return True

    def density(self, x: np.ndarray) -> np.ndarray:
        """1 at the point."""
        return np.where(np.asarray(x) == self.at, 1.0, 0.0)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """1 from the point on."""
        return np.where(np.asarray(x) >= self.at, 1.0, 0.0)

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """1 for the interval that holds the point; a point on a face belongs to the interval above."""
        return np.where((faces[:-1] <= self.at) & (self.at < faces[1:]), 1.0, 0.0)

    def masses_around(self, faces: np.ndarray, length: float) -> np.ndarray:
        """1 for the arc that holds the point."""
        at = faces[0] + (self.at - faces[0]) % length
        return Point(at if at < faces[-1] else float(faces[0])).masses(faces)

    def mass_outside(self, low: float, high: float) -> float:
        """1 if the point is not in [low, high]."""
        return float(not low <= self.at <= high)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """The point."""
        return np.full(np.shape(u), self.at)

    def trapezoid(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """One node."""
        return np.array([self.at]), np.ones(1)

    def describe(self) -> str:
        """A few words for messages."""
        return f"point mass at {self.at:g}"


class PointLaw(LawTable):
    """All mass at one point."""

    aliases: ClassVar[tuple[str, ...]] = ("dirac", "delta")

    law: Literal["point"]
    at: Real = 0.0

    def build(self) -> Point:
        """The law itself."""
        return Point(self.at)


LAW = PointLaw
