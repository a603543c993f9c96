"""Masses of given atoms that minimise a convex energy: Newton's method projected on m >= 0, or on the
simplex.

Bertsekas, SIAM J. Control Optim. 20 (1982) 221, doi:10.1137/0320018.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mfpde.models.loss import Loss

STEPS = 500
#: of the curvature bound: added to Hessians, and the factor by which it grows where a step fails
DAMPING, MORE = 1e-14, 30.0
#: reduction of the step, and of the promised decrease that is asked for
SHRINK, ARMIJO = 0.25, 1e-4


class Price(Protocol):
    """What a total mass T costs: convex, increasing."""

    def value(self, t: float) -> float:
        """Its price."""

    def slope(self, t: float) -> float:
        """Its derivative; from the right at 0."""

    def curvature(self, t: float) -> float:
        """Its second derivative."""


@dataclass(frozen=True)
class Convex:
    """J(m) = sum_l weight_l l(f_l, y_l) + <cost, m> + price(sum m), f = m columns: half an energy."""

    columns: np.ndarray  #: functions of atoms at the data (n, outputs, L)
    cost: np.ndarray  #: (n,)
    weights: np.ndarray  #: (L,)
    targets: np.ndarray  #: (outputs, L)
    loss: Loss
    price: Price | None = None

    def f(self, m: np.ndarray) -> np.ndarray:
        """At the data (outputs, L)."""
        return np.tensordot(m, self.columns, 1)

    def value(self, m: np.ndarray) -> float:
        """J."""
        loss = float(np.sum(self.weights * self.loss.value(self.f(m), self.targets)))
        return loss + float(self.cost @ m) + (self.price.value(float(m.sum())) if self.price else 0.0)

    def slopes(self, m: np.ndarray) -> np.ndarray:
        """dJ/dm (n,)."""
        p = self.weights * self.loss.slope(self.f(m), self.targets)
        of_price = self.price.slope(float(m.sum())) if self.price else 0.0
        return np.tensordot(self.columns, p, 2) + self.cost + of_price

    def hessian(self, m: np.ndarray) -> np.ndarray:
        """d^2 J/dm^2 (n, n)."""
        bent = self.weights * self.loss.curvature(self.f(m), self.targets, self.columns)
        flat = self.columns.reshape(len(m), -1)
        of_price = self.price.curvature(float(m.sum())) if self.price else 0.0
        return flat @ bent.reshape(len(m), -1).T + of_price

    @property
    def largest_curvature(self) -> float:
        """A bound of d^2 J/dm_j^2 without the price."""
        squares = np.sum(self.columns**2, axis=1) @ self.weights
        return self.loss.curvature_bound * float(np.max(squares, initial=1e-300))


def minimise(energy: Convex, start: np.ndarray, on_simplex: bool) -> np.ndarray:
    """Masses (n,) at the minimum of `energy` over m >= 0, on request with sum m = 1.

    On the simplex the largest mass is what the others leave. Ends where rounding hides any descent; the error
    is told by certificates.
    """
    m, scale, damping = np.array(start, float), energy.largest_curvature, DAMPING
    value = energy.value(m)
    for _ in range(STEPS):
        slope, hessian = energy.slopes(m), energy.hessian(m)
        pivot = int(np.argmax(m)) if on_simplex else -1
        if on_simplex:
            slope, hessian = _without(slope, hessian, pivot)
        while True:
            direction = _direction(m, slope, hessian + damping * scale * np.eye(len(m)), pivot, scale)
            m, value, moved = _search(energy, m, value, direction, slope, pivot)
            if moved or damping > 1.0:
                break
            damping *= MORE
        if not moved:
            break
        damping = max(damping / MORE, DAMPING)
    return m


def _without(slope: np.ndarray, hessian: np.ndarray, pivot: int) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives by all masses but one, which is what the others leave."""
    row = hessian[pivot]
    reduced = hessian - row[None, :] - row[:, None] + row[pivot]
    return slope - slope[pivot], reduced


def _direction(m: np.ndarray, slope: np.ndarray, hessian: np.ndarray, pivot: int, scale: float) -> np.ndarray:
    """Newton's direction of masses that are free; the slope's of those held at 0."""
    free = ~((m <= 1e-14 * m.max(initial=0.0)) & (slope > 0))
    if pivot >= 0:
        free[pivot] = False
    direction, at = -slope / scale, np.flatnonzero(free)
    if at.size:
        direction[at] = -np.linalg.solve(hessian[np.ix_(at, at)], slope[at])
    return direction


def _search(
    energy: Convex, m: np.ndarray, value: float, direction: np.ndarray, slope: np.ndarray, pivot: int
) -> tuple[np.ndarray, float, bool]:
    """The next masses along the projection of a direction, their J, and whether it fell."""
    step = 1.0
    while step > 1e-6:
        trial = np.maximum(m + step * direction, 0.0)
        if pivot >= 0:
            trial[pivot] = 0.0
            trial[pivot] = 1.0 - trial.sum()
            if trial[pivot] < 0:
                step *= SHRINK
                continue
        change = trial - m
        promised = float(slope @ change) - (float(slope[pivot] * change[pivot]) if pivot >= 0 else 0.0)
        found = energy.value(trial)
        if found < value and found <= value + ARMIJO * promised:
            return trial, found, True
        step *= SHRINK
    return m, value, False
