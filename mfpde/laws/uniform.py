"""The uniform law on an interval."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import model_validator

from mfpde.laws import Law, LawTable, sound
from mfpde.table import Real, increasing


@dataclass(frozen=True)
class Uniform(Law):
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

    @property
    def jumps(self) -> bool:
        """At both ends."""
        return True

    def density(self, x: np.ndarray) -> np.ndarray:
        """1."""
        return np.ones(np.shape(x))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        return np.clip((np.asarray(x) - self.low) / (self.high - self.low), 0.0, 1.0)

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """Masses of intervals; slivers by their lengths."""
        lengths = np.maximum(np.minimum(faces[1:], self.high) - np.maximum(faces[:-1], self.low), 0.0)
        return sound(np.diff(self.cdf(faces)), lengths / (self.high - self.low))

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse of the distribution function."""
        return self.low + np.asarray(u) * (self.high - self.low)

    def describe(self) -> str:
        """A few words for messages."""
        return f"uniform law on [{self.low:g}, {self.high:g}]"


class UniformLaw(LawTable):
    """Uniform law on [low, high]."""

    law: Literal["uniform"]
    low: Real = -1.0
    high: Real = 1.0

    @model_validator(mode="after")
    def _ordered(self):
        increasing((self.low, self.high))
        return self

    def build(self) -> Uniform:
        """The law itself."""
        return Uniform(self.low, self.high)


LAW = UniformLaw
