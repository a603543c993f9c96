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
    """W1 between a piecewise constant density on an axis and a weighted cloud of points; see `w1_marginals`."""
    given = np.full(len(samples), 1 / len(samples)) if weights is None else weights
    return float(w1_marginals(axis, density, samples[None], given[None])[0])


def w1_marginals(axis: Axis, density: np.ndarray, samples: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """W1 between a piecewise constant density on an axis and weighted clouds of points, by the area between their
    distribution functions; on a circle, the area after removal of the median difference.

    Arguments:
        density: (cells,); samples, weights: (clouds, n), weights sum to 1 over each cloud.
    Returns:
        W1 in the units of the axis (clouds,).
    """
    cumulative = np.concatenate([[0.0], np.cumsum(density * axis.widths)])
    faces = np.broadcast_to(axis.faces, (len(samples), len(axis.faces)))
    breaks, masses = np.concatenate([faces, samples], axis=1), np.concatenate([np.zeros_like(faces), weights], axis=1)
    order = np.argsort(breaks, axis=1)
    breaks = np.take_along_axis(breaks, order, axis=1)
    smooth = np.interp(breaks.ravel(), axis.faces, cumulative / cumulative[-1]).reshape(breaks.shape)
    # a cloud's distribution function is constant between breaks: its value just right of each
    stairs = np.cumsum(np.take_along_axis(masses, order, axis=1), axis=1)[:, :-1]
    left, right, length = smooth[:, :-1] - stairs, smooth[:, 1:] - stairs, np.diff(breaks, axis=1)
    return _area(left, right, length, axis.periodic)


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
    return float(_area(difference[None, :-1], difference[None, 1:], np.diff(breaks)[None], axis.periodic)[0])


def _area(left: np.ndarray, right: np.ndarray, length: np.ndarray, periodic: bool) -> np.ndarray:
    """int |D| for functions D (functions, intervals) -> (functions,), linear on intervals of these lengths; on a circle, of D less its median."""
    if periodic:
        shift = np.array([[_median(*given)] for given in zip(left, right, length, strict=True)])
        left, right = left - shift, right - shift
    magnitude = np.abs(left) + np.abs(right)
    crossing = (left**2 + right**2) / np.where(magnitude > 0, magnitude, 1.0)
    return np.sum(length * np.where(left * right >= 0, magnitude, crossing), axis=1) / 2


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

    def w2_squared(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Squared W2 to clouds (clouds, n) -> (clouds,)."""
        if np.ptp(weights) == 0:  # the same for all: sorting suffices, and all clouds have the same levels
            y, w = np.sort(points, axis=1), weights[:1]
        else:
            order = np.argsort(points, axis=1)
            y, w = np.take_along_axis(points, order, axis=1), np.take_along_axis(weights, order, axis=1)
        upto = np.pad(np.cumsum(w, axis=1), ((0, 0), (1, 0)))
        parts = np.diff(np.interp((upto / upto[:, -1:]).ravel(), self.levels, self.first).reshape(upto.shape), axis=1)
        return np.maximum(0.0, self.second - 2 * np.sum(y * parts, axis=1) + np.sum(w * y**2, axis=1))


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

    def w2(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Sliced W2 to clouds (clouds,): points (axes, clouds, n), weights (clouds, n) summing to 1 over each cloud."""
        squares = [p.w2_squared(np.tensordot(v, points, 1), weights) for p, v in zip(self.projections, self.vectors, strict=True)]
        return np.sqrt(np.mean(squares, axis=0))
