"""The risk of a network, 2 sum_l weight_l l(f_l, y_l) + 2 int r dmu, by the linear moments of its measure.

With V = <l'(f), Phi> + r it obeys dE/dmu = 2 V for every loss, and for l = (f - y)^2 / 2 it is
|f - f*|^2 + 2 int r dmu. Where l has a curvature bound L, E(m + dt m') <= E(m) + dt E' + dt^2 L |f'|^2.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from mfpde.models import classes
from mfpde.models.energy import Moments
from mfpde.models.loss import Loss


@dataclass(frozen=True)
class LeastSquares:
    """|f - f*|^2 in L2(nu) plus 2 int r dmu, where the linear moments are coefficients of f.

    Without a basis they are f(x_l) itself. With one, f = moments @ basis at the data, its rows orthonormal in
    L2(nu); then weights are 1, targets are the coefficients of f*, and what the basis misses of f* is the
    constant `offset`.
    """

    guarantee: ClassVar[str] = "energy"

    targets: np.ndarray  #: of f* (r,)
    weights: np.ndarray  #: of every coefficient's square (r,)
    offset: float = 0.0
    basis: np.ndarray | None = None  #: (r, L)
    named = "|f - f*|^2"  #: in long names
    of_classes = False  #: whether targets tell classes

    def _square_norm(self, linear: np.ndarray) -> np.ndarray:
        return np.sum(self.weights * linear**2, axis=-1)

    def loss(self, linear: np.ndarray) -> np.ndarray:
        """|f - f*|^2 by the coefficients of f (..., r)."""
        return self._square_norm(linear - self.targets) + self.offset

    def value(self, moments: Moments) -> float:
        """E."""
        return float(self.loss(moments.linear) + 2 * moments.penalty)

    def curvature_bound(self, change: Moments) -> float:
        """|f'|^2 of a rate: of a square the bound is exact."""
        return float(self._square_norm(change.linear))

    def source(self, linear: np.ndarray) -> np.ndarray:
        """weights (f - f*)."""
        return self.weights * (linear - self.targets)

    def mean_potential(self, moments: Moments) -> float:
        """int V dmu = <f - f*, f> + int r dmu, for a probability measure."""
        return float(self.source(moments.linear) @ moments.linear + moments.penalty)

    def prediction(self, linear: np.ndarray) -> np.ndarray:
        """f at the data."""
        return linear if self.basis is None else linear @ self.basis

    def slope_norm(self, linear: np.ndarray) -> float:
        """|f - f*| in L2(nu), the norm of half the derivative of the loss."""
        return float(np.sqrt(self.loss(linear)))

    def projected(self, basis: np.ndarray) -> "LeastSquares":
        """The same risk by coefficients in a basis (rank, r), orthonormal in L2(nu); what it misses of f* is
        constant.
        """
        targets = basis @ (self.weights * self.targets)
        offset = self.offset + self._square_norm(self.targets - targets @ basis)
        return LeastSquares(targets, np.ones(len(targets)), float(offset), basis)


@dataclass(frozen=True)
class Risk:
    """The risk of any loss, with one output or several.

    The linear moments are, output after output, the values of f at the data or, with a basis, its
    coefficients.
    """

    guarantee: ClassVar[str] = "energy"

    loss_of_data: Loss
    targets: np.ndarray  #: (outputs, L)
    weights: np.ndarray  #: (L,)
    basis: np.ndarray | None = None  #: (r, L): f = coefficients @ basis at the data

    @property
    def named(self) -> str:
        """As its loss calls it."""
        return self.loss_of_data.risk

    @property
    def of_classes(self) -> bool:
        """As of its loss."""
        return self.loss_of_data.of_classes

    @property
    def _outputs(self) -> int:
        return len(self.targets)

    def _at_data(self, linear: np.ndarray) -> np.ndarray:
        """f (..., outputs, L)."""
        by_output = linear.reshape(*linear.shape[:-1], self._outputs, -1)
        return by_output if self.basis is None else by_output @ self.basis

    def loss(self, linear: np.ndarray) -> np.ndarray:
        """2 sum_l weight_l l(f_l, y_l) by the moments (..., r)."""
        return 2 * np.sum(
            self.weights * self.loss_of_data.value(self._at_data(linear), self.targets), axis=-1
        )

    def accuracy(self, linear: np.ndarray) -> np.ndarray:
        """The share of the data, by their weights, whose class is right (...), by the moments (..., r)."""
        return self._mean(classes.right(self._at_data(linear), self.targets))

    def cross_entropy(self, linear: np.ndarray) -> np.ndarray:
        """The mean of -log of the probability of the true class (...), by the moments (..., r)."""
        return self._mean(classes.cross_entropy(self._at_data(linear), self.targets))

    def _mean(self, values: np.ndarray) -> np.ndarray:
        shares = self.weights / self.weights.max()  # 1 where all are equal, so that counts have no rounding
        return np.sum(shares * values, axis=-1) / np.sum(shares)

    def value(self, moments: Moments) -> float:
        """E."""
        return float(self.loss(moments.linear) + 2 * moments.penalty)

    def curvature_bound(self, change: Moments) -> float:
        """L |f'|^2 of a rate."""
        square = np.sum(self.weights * self._at_data(change.linear) ** 2)
        return float(self.loss_of_data.curvature_bound * square)

    def _slopes(self, linear: np.ndarray) -> np.ndarray:
        return self.loss_of_data.slope(self._at_data(linear), self.targets)

    def source(self, linear: np.ndarray) -> np.ndarray:
        """weights l'(f), in the coordinates of the moments."""
        found = self.weights * self._slopes(linear)
        if self.basis is not None:
            found = found @ self.basis.T
        return found.reshape(linear.shape)

    def mean_potential(self, moments: Moments) -> float:
        """int V dmu = <l'(f), f> + int r dmu, for a probability measure."""
        return float(self.source(moments.linear) @ moments.linear + moments.penalty)

    def prediction(self, linear: np.ndarray) -> np.ndarray:
        """f at the data, output after output."""
        return self._at_data(linear).reshape(*linear.shape[:-1], -1)

    def slope_norm(self, linear: np.ndarray) -> float:
        """|l'(f)| in L2(nu)."""
        return float(np.sqrt(np.sum(self.weights * self._slopes(linear) ** 2)))

    def projected(self, basis: np.ndarray) -> "Risk":
        """The same risk by coefficients in a basis (rank, L)."""
        return replace(self, basis=basis)
