"""Distances between the density on the mesh and clouds of units: W1 of marginals, sliced W2.

Both treat the density as piecewise constant, so the distance to a cloud has no floor from cells taken as atoms.
References: Villani, Optimal Transport (2009), section 2; Bonneel et al. 2015, doi:10.1007/s10851-014-0506-3 (sliced).
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from mfpde.measures.mesh import Axis, Mesh
from mfpde.randomness import generator

DIRECTIONS = 32
BINS = 4096


def w1_marginal(axis: Axis, density: np.ndarray, samples: np.ndarray, weights: np.ndarray | None = None) -> float:
    """W1 between a piecewise constant density on an axis and a weighted cloud of points, by the area between their
    distribution functions; on a circle, the area after removal of the median difference.

    Arguments:
        density: (cells,); samples, weights: (n,), weights sum to 1 (default 1/n).
    Returns:
        W1 in the units of the axis.
    """
    n = len(samples)
    order = np.argsort(samples)
    points = samples[order]
    steps = np.arange(1, n + 1) / n if weights is None else np.cumsum(weights[order])
    cumulative = np.concatenate([[0.0], np.cumsum(density * axis.widths)])
    breaks = np.sort(np.concatenate([axis.faces, points]))
    smooth = np.interp(breaks, axis.faces, cumulative / cumulative[-1])
    # the cloud's distribution function is constant between breaks: its value just right of each
    stairs = np.concatenate([[0.0], steps])[np.searchsorted(points, breaks[:-1], side="right")]
    length = np.diff(breaks)
    return _area(smooth[:-1] - stairs, smooth[1:] - stairs, length, axis.periodic)


def w1_densities(axis: Axis, density: np.ndarray, other: Axis, other_density: np.ndarray) -> float:
    """W1 between two piecewise constant densities on meshes of the same domain.

    Arguments:
        density, other_density: (cells,) of their axes.
    Returns:
        W1 in the units of the axis.
    """
    breaks = np.union1d(axis.faces, other.faces)
    cumulative = []
    for a, d in ((axis, density), (other, other_density)):
        upto = np.concatenate([[0.0], np.cumsum(d * a.widths)])
        cumulative.append(np.interp(breaks, a.faces, upto / upto[-1]))
    difference = cumulative[0] - cumulative[1]
    return _area(difference[:-1], difference[1:], np.diff(breaks), axis.periodic)


def _area(left: np.ndarray, right: np.ndarray, length: np.ndarray, periodic: bool) -> float:
    """int |D| for D linear on intervals of these lengths; on a circle, of D less its median."""
    if periodic:
        shift = _median(left, right, length)
        left, right = left - shift, right - shift
    magnitude = np.abs(left) + np.abs(right)
    crossing = (left**2 + right**2) / np.where(magnitude > 0, magnitude, 1.0)
    return float(np.sum(length * np.where(left * right >= 0, magnitude, crossing)) / 2)


def _median(left: np.ndarray, right: np.ndarray, length: np.ndarray) -> float:
    """Median of a function that is linear on intervals of these lengths, from its values at their ends."""
    from scipy.optimize import bisect  # slow to import, and only circles have medians

    low, high = np.minimum(left, right), np.maximum(left, right)

    def excess(s: float) -> float:
        below = np.clip((s - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        below = np.where(high > low, below, s > low)
        return float(np.sum(length * below) - length.sum() / 2)

    start, end = float(low.min()) - 1e-9, float(high.max()) + 1e-9
    return float(bisect(excess, start, end, xtol=1e-13))


def directions(dimension: int) -> np.ndarray:
    """Fixed unit vectors (DIRECTIONS, dimension); the only one in one dimension."""
    if dimension == 1:
        return np.ones((1, 1))
    vectors = generator(0, "directions").standard_normal((DIRECTIONS, dimension))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass(frozen=True)
class _Projection:
    """One-dimensional projection of a density, ready for exact W2 against any cloud."""

    levels: np.ndarray  #: cumulative mass
    first: np.ndarray  #: int_0^u Q
    second: float  #: int_0^1 Q^2

    def w2_squared(self, points: np.ndarray, weights: np.ndarray) -> float:
        order = np.argsort(points)
        y, w = points[order], weights[order]
        upto = np.concatenate([[0.0], np.cumsum(w)])
        parts = np.diff(np.interp(upto / upto[-1], self.levels, self.first))
        return max(0.0, self.second - 2 * float(y @ parts) + float(w @ y**2))


class SlicedDensity:
    """Projections of one density on fixed directions, for sliced W2 against many clouds.

    Arguments:
        density: cell averages on the mesh; circles are cut open at the ends of their domain.
    """

    def __init__(self, mesh: Mesh, density: np.ndarray):
        self.vectors = directions(len(mesh.axes))
        if all(axis.uniform for axis in mesh.axes):
            masses = density * mesh.volumes
            occupied = masses > 1e-12 * masses.max()
            points = np.stack([g[occupied] for g in np.meshgrid(*(a.centres for a in mesh.axes), indexing="ij")], axis=-1)
            masses, widths = masses[occupied], np.array([axis.widths.mean() for axis in mesh.axes])
        else:  # cells of different sizes have shadows of different lengths: points stand for them
            points, masses = mesh.points(density, 1e-12)
            widths = np.zeros(len(mesh.axes))
        self.projections = [self._project(points, masses, v, widths) for v in self.vectors]

    @staticmethod
    def _project(centres: np.ndarray, masses: np.ndarray, vector: np.ndarray, widths: np.ndarray) -> _Projection:
        shadow = np.abs(vector) * widths  # a cell's shadow is the convolution of intervals of these lengths
        positions = centres @ vector
        low, high = positions.min() - shadow.sum(), positions.max() + shadow.sum()
        width = (high - low) / BINS
        # each mass is shared by its two nearest bins, which keeps its mean
        place = (positions - low) / width - 0.5
        bin_, share = np.floor(place).astype(int), place - np.floor(place)
        histogram = np.bincount(bin_, masses * (1 - share), BINS) + np.bincount(bin_ + 1, masses * share, BINS)[:BINS]
        for length in shadow:
            if (size := round(length / width)) > 1:
                histogram = uniform_filter1d(histogram, size + 1 - size % 2, mode="constant")
        histogram = histogram / histogram.sum()
        x = low + (np.arange(BINS) + 0.5) * width
        levels = np.concatenate([[0.0], np.cumsum(histogram)])
        first = np.concatenate([[0.0], np.cumsum(histogram * x)])
        return _Projection(levels, first, float(histogram @ x**2))

    def w2(self, points: np.ndarray, weights: np.ndarray) -> float:
        """Sliced W2 to a cloud: points (n, axes), weights (n,) summing to 1."""
        squares = [p.w2_squared(points @ v, weights) for p, v in zip(self.projections, self.vectors, strict=True)]
        return float(np.sqrt(np.mean(squares)))
