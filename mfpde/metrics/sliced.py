"""Sliced W2 between the density on the mesh and clouds of units (Bonneel et al. 2015,
doi:10.1007/s10851-014-0506-3).

The square of the distance is the mean, over 32 fixed directions, of the squares of W2 between projections;
cells count with their extent, not as atoms at their centres. A circle of length L is a circle of radius L / 2
pi in a plane of its own: distances are those of chords, which for short ways are ways around. A single circle
is not sliced at all, its W2 is that of ways around (`metrics.circular`).

Both measures may be turned together: planes are aligned with the mean direction of the density, and
directions come in quarter turns. So the distance stays the same to rounding, unless a component of the
density has no direction; then it stays the same as far as 32 directions tell.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.metrics.circular import w2_circle
from mfpde.randomness import generator

DIRECTIONS = 32
BINS = 4096
NEGLIGIBLE = 1e-12  #: share of the largest cell's mass below which a cell has no shadow
#: Fourier modes, by which a component may be aligned, in order: quarter turns make up for what the higher
#: ones leave open
MODES = (1, 2, 4, 3)
ALIGNED = 1e-6  #: the least size of a Fourier mode that tells a direction


def directions(dimension: int) -> np.ndarray:
    """Fixed unit vectors (DIRECTIONS, dimension); the only one in one dimension."""
    if dimension == 1:
        return np.ones((1, 1))
    vectors = generator(0, "directions").standard_normal((DIRECTIONS, dimension))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def turned_directions(lines: int, circles: int) -> np.ndarray:
    """Fixed unit vectors (DIRECTIONS, lines + 2 circles), every fourth of them with its planes turned by
    quarters.
    """
    base = directions(lines + 2 * circles)[: DIRECTIONS // 4]
    planes = base[:, lines::2] + 1j * base[:, lines + 1 :: 2]
    turned = []
    for quarter in (1, 1j, -1, -1j):
        vectors = base.copy()
        vectors[:, lines::2], vectors[:, lines + 1 :: 2] = (planes * quarter).real, (planes * quarter).imag
        turned.append(vectors)
    return np.concatenate(turned)


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
        parts = np.diff(
            np.interp((upto / upto[:, -1:]).ravel(), self.levels, self.first).reshape(upto.shape), axis=1
        )
        return np.maximum(0.0, self.second - 2 * np.sum(y * parts, axis=1) + np.sum(w * y**2, axis=1))


class SlicedDensity:
    """Projections of one density on fixed directions, for sliced W2 against many clouds.

    Arguments:
        density: cell averages on the mesh.
    """

    def __init__(self, mesh: Mesh, density: np.ndarray):
        self.mesh, self.density = mesh, density
        self.lines = [k for k, axis in enumerate(mesh.axes) if not axis.periodic]
        self.circles = [k for k, axis in enumerate(mesh.axes) if axis.periodic]
        if len(mesh.axes) == len(self.circles) == 1:
            return
        self.vectors = (
            turned_directions(len(self.lines), len(self.circles))
            if self.circles
            else directions(len(mesh.axes))
        )
        self.fronts = [_front(mesh.axes[k], mesh.marginal(density, mesh.axes[k].name)) for k in self.circles]
        # uniform cells of lines have shadows of one length; points stand for those of different sizes, and
        # for arcs
        split = [axis.periodic or not axis.uniform for axis in mesh.axes]
        points, masses = mesh.points(density, NEGLIGIBLE, split) if any(split) else _centres(mesh, density)
        widths = np.array(
            [0.0 if parted else axis.widths.mean() for parted, axis in zip(split, mesh.axes, strict=True)]
        )
        widths = np.concatenate([widths[self.lines], np.zeros(2 * len(self.circles))])
        places = self._embed(points.T).T
        self.projections = [self._project(places, masses, v, widths) for v in self.vectors]

    def _embed(self, points: np.ndarray) -> np.ndarray:
        """Points (axes, ...) with circles in their planes (lines + 2 circles, ...)."""
        if not self.circles:
            return points
        rows = [points[k] for k in self.lines]
        for k, front in zip(self.circles, self.fronts, strict=True):
            radius = self.mesh.axes[k].length / (2 * np.pi)
            rows += [radius * np.cos(points[k] / radius - front), radius * np.sin(points[k] / radius - front)]
        return np.array(rows)

    @staticmethod
    def _project(
        centres: np.ndarray, masses: np.ndarray, vector: np.ndarray, widths: np.ndarray
    ) -> _Projection:
        shadow = np.abs(vector) * widths  # a cell's shadow is the convolution of intervals of these lengths
        positions = centres @ vector
        # room for shadows, and for half a bin
        room = max(shadow.sum(), np.ptp(positions) / (2 * BINS - 4)) or 1.0
        low, high = positions.min() - room, positions.max() + room
        width = (high - low) / BINS
        # each mass is shared by its two nearest bins, which keeps its mean
        place = (positions - low) / width - 0.5
        bin_ = np.clip(np.floor(place).astype(int), 0, BINS - 2)
        share = place - bin_
        histogram = np.bincount(bin_, masses * (1 - share), BINS) + np.bincount(
            bin_ + 1, masses * share, BINS
        )
        for length in shadow:
            if (size := round(length / width)) > 1:
                histogram = uniform_filter1d(histogram, size + 1 - size % 2, mode="constant")
        histogram = histogram / histogram.sum()
        x = low + (np.arange(BINS) + 0.5) * width
        levels = np.concatenate([[0.0], np.cumsum(histogram)])
        first = np.concatenate([[0.0], np.cumsum(histogram * x)])
        return _Projection(levels, first, float(histogram @ x**2))

    def w2(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Sliced W2 to clouds (clouds,): points (axes, clouds, n), weights (clouds, n) summing to 1 over each
        cloud.
        """
        if len(self.mesh.axes) == len(self.circles) == 1:
            return w2_circle(self.mesh.axes[0], self.density, points[0], weights)
        places = self._embed(points)
        squares = [
            p.w2_squared(np.tensordot(v, places, 1), weights)
            for p, v in zip(self.projections, self.vectors, strict=True)
        ]
        return np.sqrt(np.mean(squares, axis=0))


def _centres(mesh: Mesh, density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the cells that hold mass (n, axes), and their masses."""
    masses = density * mesh.volumes
    occupied = masses > NEGLIGIBLE * masses.max()
    points = np.stack(
        [g[occupied] for g in np.meshgrid(*(a.centres for a in mesh.axes), indexing="ij")], axis=-1
    )
    return points, masses[occupied]


def _front(axis: Axis, marginal: np.ndarray) -> float:
    """The angle of a marginal's first Fourier mode that is not 0, over its number; 0 for a marginal that has
    none.
    """
    angles = 2 * np.pi / axis.length * axis.centres
    for mode in MODES:
        size = complex(np.sum(marginal * axis.widths * np.exp(1j * mode * angles)))
        if abs(size) > ALIGNED:
            return float(np.angle(size)) / mode
    return 0.0
