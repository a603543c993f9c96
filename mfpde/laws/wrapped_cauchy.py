"""The wrapped Cauchy law on a circle of length 2 pi."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from mfpde.laws import Law, LawTable, sound
from mfpde.table import Real


@dataclass(frozen=True)
class WrappedCauchy(Law):
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

    def density(self, x: np.ndarray) -> np.ndarray:
        """Up to its factor."""
        return 1 / (1 + self.r**2 - 2 * self.r * np.cos(x - self.mean))

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
        return sound(np.diff(upto) / (turn if abs(turn - 1) < 1e-9 else 1.0), exact)

    def masses_around(self, faces: np.ndarray, length: float) -> np.ndarray:
        """Masses of arcs: it is wound already."""
        return self.masses(faces)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Between mean - pi and mean + pi."""
        return self.mean + 2 * np.arctan(np.tan(np.pi * (np.asarray(u) - 0.5)) / self._stretch)

    def trapezoid(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Equal angles, none twice."""
        x = self.mean - np.pi + 2 * np.pi * np.arange(count) / count
        weights = self.density(x)
        return x, weights / weights.sum()

    def refusal(self, name: str, domain: tuple[float, float] | None, periodic: bool) -> str:
        """It lies on a circle of its own length."""
        if periodic and domain and abs(domain[1] - domain[0] - 2 * np.pi) < 1e-9:
            return ""
        return (
            "a wrapped Cauchy law needs periodic = true and a domain of length 2 pi, such as [0,"
            " 6.283185307179586]"
        )

    def describe(self) -> str:
        """A few words for messages."""
        return f"wrapped Cauchy law (mean {self.mean:g}, r {self.r:g})"


class WrappedCauchyLaw(LawTable):
    """Wrapped Cauchy law on a circle of length 2 pi; r is the length of its mean direction."""

    law: Literal["wrapped_cauchy"]
    mean: Real = 0.0
    r: Annotated[float, Field(ge=0, le=0.9999, allow_inf_nan=False)] = 0.5

    def build(self) -> WrappedCauchy:
        """The law itself."""
        return WrappedCauchy(self.mean, self.r)


LAW = WrappedCauchyLaw
