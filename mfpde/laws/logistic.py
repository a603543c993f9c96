"""The logistic law: a bell like the normal one, with the tails exp(-|x|) of Laplace's."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, logit

from mfpde.laws import Law, LawTable
from mfpde.table import Positive, Real


@dataclass(frozen=True)
class Logistic(Law):
    """Logistic law; its standard deviation is pi / sqrt(3) times the scale."""

    mean: float
    scale: float

    first_moment = property(lambda self: self.mean)
    extent = property(lambda self: (self.mean - 42 * self.scale, self.mean + 42 * self.scale))
    bulk = property(lambda self: (self.mean - 23 * self.scale, self.mean + 23 * self.scale))

    def resultant(self, period: float) -> complex:
        """E exp(2 pi i X / period)."""
        turn = 2 * np.pi / period
        spread = np.pi * turn * self.scale
        return complex(np.exp(1j * turn * self.mean) * (spread / np.sinh(spread) if spread < 700 else 0.0))

    def density(self, x: np.ndarray) -> np.ndarray:
        """Up to its factor."""
        return expit((x - self.mean) / self.scale) * expit((self.mean - x) / self.scale)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        return expit((np.asarray(x) - self.mean) / self.scale)

    def masses(self, faces: np.ndarray) -> np.ndarray:
        """F(y) - F(x) = F(y) F(-x) (1 - exp(x - y)), which loses nothing."""
        z = (np.asarray(faces, dtype=float) - self.mean) / self.scale
        return expit(z[1:]) * expit(-z[:-1]) * -np.expm1(z[:-1] - z[1:])

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse of the distribution function; u = 0 is moved to the smallest positive number."""
        return self.mean + self.scale * logit(np.maximum(u, np.finfo(float).tiny))


class LogisticLaw(LawTable):
    """Logistic law."""

    law: Literal["logistic"]
    mean: Real = 0.0
    scale: Positive = 0.5

    def build(self) -> Logistic:
        """The law itself."""
        return Logistic(self.mean, self.scale)


LAW = LogisticLaw
