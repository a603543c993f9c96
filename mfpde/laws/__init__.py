"""Laws of one parameter: masses of intervals for the mesh, quantile function for the particles, first moments
on lines and circles.

To add one, add a file with its table (a `LawTable` whose keys all have defaults), its class (a `Law`), and
``LAW`` = the table; its name is then a choice of ``law`` in cases.
"""

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from mfpde.table import Table

#: differences of a distribution function that are larger than this are exact to 1e-12 of themselves
SOUND = 1e-3


class Law(ABC):
    """What every law of one parameter offers."""

    spread: ClassVar[bool] = True  #: False of a law that is one point

    @property
    @abstractmethod
    def first_moment(self) -> float:
        """E X."""

    @abstractmethod
    def resultant(self, period: float) -> complex:
        """E exp(2 pi i X / period): its argument is the mean direction on a circle of that length."""

    @property
    @abstractmethod
    def extent(self) -> tuple[float, float]:
        """Between which bounds the law lies, to rounding."""

    @property
    def bulk(self) -> tuple[float, float]:
        """Between which bounds all but about 1e-10 of it lies; wider nodes only run into walls."""
        return self.extent

    @property
    def jumps(self) -> bool:
        """Whether the density jumps by much."""
        return False

    @abstractmethod
    def density(self, x: np.ndarray) -> np.ndarray:
        """The density within `bulk`, up to a factor."""

    @abstractmethod
    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""

    @abstractmethod
    def masses(self, faces: np.ndarray) -> np.ndarray:
        """P(x_j < X < x_j+1) between consecutive faces (n + 1,) -> (n,), each to 1e-12 of itself; the
        outermost faces may be infinite.
        """

    @abstractmethod
    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Generalised inverse of the distribution function, for u in [0, 1)."""

    @abstractmethod
    def describe(self) -> str:
        """A few words for messages."""

    def masses_around(self, faces: np.ndarray, length: float) -> np.ndarray:
        """Masses (n,) between faces (n + 1,) that go once around a circle, around which the law is wound."""
        low, high = self.extent
        # of narrow laws both ways around, since tails meet on the far side
        middle, reach = (low + high) / 2, max((high - low) / 2, length)
        turns = np.arange(
            math.ceil((middle - reach - faces[-1]) / length),
            math.floor((middle + reach - faces[0]) / length) + 1,
        )
        starts = turns[:, None] * length + faces[:-1]
        masses = self.masses(np.append(starts, turns[-1] * length + faces[-1]))
        return masses.reshape(starts.shape).sum(axis=0)

    def mass_outside(self, low: float, high: float) -> float:
        """Probability of what is not in [low, high]."""
        return float(self.masses(np.array([-np.inf, low]))[0] + self.masses(np.array([high, np.inf]))[0])

    def trapezoid(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Nodes (n,) and weights (n,), summing to 1, of the trapezoidal rule; n is `count`."""
        x = np.linspace(*self.bulk, count)
        weights = self.density(x)
        weights[[0, -1]] /= 2
        return x, weights / weights.sum()

    def refusal(self, name: str, domain: tuple[float, float] | None, periodic: bool) -> str:
        """Why a parameter cannot have this law, a clause; empty if it can.

        Arguments:
            name: what the law is to the parameter, such as "initial".
            domain: of the parameter, if it has one; what lies outside is looked at elsewhere.
            periodic: whether that is a circle.
        """
        return ""


class LawTable(Table):
    """Base of the tables of laws, such as { law = "normal", mean = 1.0 }."""

    law: str

    def build(self) -> Law:
        """The law itself."""
        raise NotImplementedError


def sound(differences: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Differences of a distribution function where they are sound, else masses that were found without it."""
    return np.where(differences > SOUND, differences, exact)
