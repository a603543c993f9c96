"""The energy on moments: what E and V depend on once a measure is known only by a few moments.

V is formed from a source, E is a convex function of the linear moments plus 2 int r dmu. Both sides of a run,
and every backend, share these formulas. `risk` holds those of networks.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np


class Moments(NamedTuple):
    """Functionals of a measure, or of its rate of change."""

    #: what V is linear in: f(x_l) = int a phi(x_l, z) dmu of a network, (W*mu)(theta_j) of a pair interaction
    linear: np.ndarray
    square: float  #: int int W dmu dmu of a pair interaction; 0 for a network, whose square is that of f
    penalty: float  #: int r dmu of a network, int V0 dmu of a potential
    mass: float  #: int dmu


class Energy(Protocol):
    """E of a measure by its moments, dE/dmu = 2 V; dimensionless.

    Of several measures (`eulerian.product`) moments come one species after another: arrays of linear moments
    and of sources are joined, masses and mean potentials are arrays. A payoff, which one species lowers and
    another raises, guarantees nothing and bounds no step.
    """

    @property
    def guarantee(self) -> str:
        """What is proved to decay along the flow: "energy", or "none"."""

    def value(self, moments: Moments) -> float:
        """E."""

    def curvature_bound(self, change: Moments) -> float:
        """C in E(m + dt m') <= E(m) + dt E' + dt^2 C along a rate m' with these moments."""

    def source(self, linear: np.ndarray) -> np.ndarray:
        """What V is formed from: weights l'(f) for a network, W * mu itself for a pair interaction."""

    def mean_potential(self, moments: Moments) -> float:
        """int V dmu of a probability measure."""

    def prediction(self, linear: np.ndarray) -> np.ndarray:
        """f at the data (..., L), output after output; empty without data."""

    def projected(self, basis: np.ndarray) -> "Energy":
        """The same energy on fewer moments, by which the former ones are moments @ basis (rank, r)."""


@dataclass(frozen=True)
class PairEnergy:
    """2 int V0 dmu + int int W dmu dmu; the linear moments are W * mu."""

    guarantee = "energy"

    def value(self, moments: Moments) -> float:
        """E."""
        return 2 * moments.penalty + moments.square

    def curvature_bound(self, change: Moments) -> float:
        """int int W dm' dm'."""
        return change.square

    def source(self, linear: np.ndarray) -> np.ndarray:
        """W * mu is itself the part of V that depends on the measure."""
        return linear

    def mean_potential(self, moments: Moments) -> float:
        """int V0 dmu + int int W dmu dmu."""
        return moments.penalty + moments.square

    def prediction(self, linear: np.ndarray) -> np.ndarray:
        """Nothing: a potential has no data."""
        return np.zeros(0)

    def projected(self, basis: np.ndarray) -> "PairEnergy":
        """Itself: W * mu is on the cells, and nothing else would be shorter."""
        return self
