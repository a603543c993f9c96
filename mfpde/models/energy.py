"""The energy on moments: what E and V depend on once a measure is known only by a few moments.

V is linear in the moments, E quadratic: E(m) = Q(m) + 2 int r dmu. Both sides of a run, and every backend,
share these formulas."""

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
    """E of a measure by its moments, dE/dmu = 2 V; dimensionless."""

    def value(self, moments: Moments) -> float:
        """E."""

    def curvature(self, change: Moments) -> float:
        """Second-order coefficient of E along a rate m': E(m + dt m') = E(m) + dt E' + dt^2 curvature."""

    def source(self, linear: np.ndarray) -> np.ndarray:
        """What V is formed from: weights (f - f*) for a network, W * mu itself for a pair interaction."""

    def mean_potential(self, moments: Moments) -> float:
        """int V dmu of a probability measure."""

    def prediction(self, linear: np.ndarray) -> np.ndarray:
        """f at the data (..., L); empty without data."""


@dataclass(frozen=True)
class LeastSquares:
    """|f - f*|^2 in L2(nu) plus 2 int r dmu, where the linear moments are coefficients of f.

    Without a basis they are f(x_l) itself. With one, f = moments @ basis at the data, its rows orthonormal in
    L2(nu); then weights are 1, targets are the coefficients of f*, and what the basis misses of f* is the
    constant `offset`."""

    targets: np.ndarray  #: of f* (r,)
    weights: np.ndarray  #: of every coefficient's square (r,)
    offset: float = 0.0
    basis: np.ndarray | None = None  #: (r, L)

    def square_norm(self, linear: np.ndarray) -> np.ndarray:
        """|g|^2 in L2(nu) of functions by their coefficients (..., r)."""
        return np.sum(self.weights * linear**2, axis=-1)

    def loss(self, linear: np.ndarray) -> np.ndarray:
        """|f - f*|^2 by the coefficients of f (..., r)."""
        return self.square_norm(linear - self.targets) + self.offset

    def value(self, moments: Moments) -> float:
        """E."""
        return float(self.loss(moments.linear) + 2 * moments.penalty)

    def curvature(self, change: Moments) -> float:
        """|f'|^2 of a rate."""
        return float(self.square_norm(change.linear))

    def source(self, linear: np.ndarray) -> np.ndarray:
        """weights (f - f*)."""
        return self.weights * (linear - self.targets)

    def mean_potential(self, moments: Moments) -> float:
        """int V dmu = <f - f*, f> + int r dmu, for a probability measure."""
        return float(self.source(moments.linear) @ moments.linear + moments.penalty)

    def prediction(self, linear: np.ndarray) -> np.ndarray:
        """f at the data."""
        return linear if self.basis is None else linear @ self.basis


@dataclass(frozen=True)
class PairEnergy:
    """2 int V0 dmu + int int W dmu dmu; the linear moments are W * mu."""

    def value(self, moments: Moments) -> float:
        """E."""
        return 2 * moments.penalty + moments.square

    def curvature(self, change: Moments) -> float:
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
