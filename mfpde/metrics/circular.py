"""Circles: W2 by the shortest ways around, and moments of clouds that do not depend on where a circle is cut.

On a circle the optimal map keeps the cyclic order: W2^2 is the least, over a shift s, of int (Q(u + s) -
G(u))^2 du, Q and G the quantile functions of both measures, continued by a circumference per turn; it is
convex in s (Rabin, Delon & Gousseau 2011, doi:10.1007/s10851-011-0284-0).
"""

import numpy as np

from mfpde.measures.axis import Axis
from mfpde.models.parameters import Component

HALVINGS = 48  #: of the interval of the shift
THIN = 1e-12  #: mass of a cell over which a mean of quantiles is that at its middle


class _Cloud:
    """The quantile function of weighted points, continued to all levels, and its integral."""

    def __init__(self, points: np.ndarray, weights: np.ndarray, length: float):
        order = np.argsort(points)
        self.points, self.length = points[order], length
        upto = np.concatenate([[0.0], np.cumsum(weights[order])])
        self.levels = upto / upto[-1]
        self.sums = np.concatenate([[0.0], np.cumsum(np.diff(self.levels) * self.points)])

    def _locate(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        turns = np.floor(u)
        rest = u - turns
        return (
            turns,
            rest,
            np.clip(np.searchsorted(self.levels, rest, side="right") - 1, 0, len(self.points) - 1),
        )

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """G."""
        turns, _, k = self._locate(u)
        return self.points[k] + turns * self.length

    def integral(self, u: np.ndarray) -> np.ndarray:
        """int_0^u G."""
        turns, rest, k = self._locate(u)
        within = self.sums[k] + (rest - self.levels[k]) * self.points[k]
        return within + turns * (self.sums[-1] + self.length * (rest + (turns - 1) / 2))


def w2_circle(axis: Axis, density: np.ndarray, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """W2 between a piecewise constant density on a circle and weighted clouds of points, by the shortest ways
    around.

    Arguments:
        density: (cells,); points, weights: (clouds, n), weights sum to 1 over each cloud.
    Returns:
        W2 in the units of the axis (clouds,).
    """
    levels = np.concatenate([[0.0], np.cumsum(density * axis.widths)])
    levels /= levels[-1]
    clouds = (_Cloud(y, w, axis.length) for y, w in zip(axis.place(points), weights, strict=True))
    return np.array([_distance(axis, levels, cloud, _shift(axis, levels, cloud)) for cloud in clouds])


def _shift(axis: Axis, levels: np.ndarray, cloud: _Cloud) -> float:
    """Where int (Q(u) - G(u - s))^2 du is least: its derivative int (Q(u) - G(u - s)) dQ(u), times 2, grows
    with s.
    """
    masses, middles = np.diff(levels), (levels[1:] + levels[:-1]) / 2
    thick = masses > THIN
    own = float(np.sum(axis.centres * axis.widths))

    def slope(s: float) -> float:
        means = np.diff(cloud.integral(levels - s)) / np.where(thick, masses, 1.0)
        return own - float(np.sum(axis.widths * np.where(thick, means, cloud.quantile(middles - s))))

    low, high = -1.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return (low + high) / 2


def _distance(axis: Axis, levels: np.ndarray, cloud: _Cloud, shift: float) -> float:
    """(int (Q(u) - G(u - s))^2 du)^(1/2): Q is linear and G constant between all their levels, so that
    nothing cancels.
    """
    breaks = np.sort(np.concatenate([levels, (cloud.levels[1:] + shift) % 1.0]))
    middle = (breaks[1:] + breaks[:-1]) / 2
    cell = np.clip(np.searchsorted(levels, middle, side="right") - 1, 0, axis.cells - 1)
    masses, other = np.diff(levels)[cell], cloud.quantile(middle - shift)
    # at both ends of every interval
    left, right = (
        axis.faces[cell]
        + axis.widths[cell] * np.clip((end - levels[cell]) / np.where(masses > 0, masses, 1.0), 0.0, 1.0)
        - other
        for end in (breaks[:-1], breaks[1:])
    )
    return float(np.sqrt(np.sum(np.diff(breaks) * (left**2 + left * right + right**2)) / 3))


def circle_moments(
    component: Component, x: np.ndarray, weights: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Moments of clouds on a circle that turn with them.

    Arguments:
        x, weights: (n,) of clouds one after the other, at indices `starts` (clouds,); weights sum to 1 over
            each.
    Returns:
        Of each cloud (clouds,): the mean direction, a point of the domain where E exp(2 pi i x / length)
        points to; the mean square of the deviations from it, by the shortest way; and the resultant length |E
        exp(2 pi i x / length)|, 1 for a point and 0 for an even spread.
    """
    assert component.domain is not None
    low, high = component.domain
    length = high - low
    resultant = np.add.reduceat(weights * np.exp(2j * np.pi / length * (x - low)), starts)
    mean = component.place(low + length * np.angle(resultant) / (2 * np.pi))
    away = x - np.repeat(mean, np.diff(np.append(starts, len(x))))
    away -= length * np.round(away / length)
    return mean, np.add.reduceat(weights * away**2, starts), np.abs(resultant)
