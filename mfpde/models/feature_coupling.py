"""Couplings of finite rank: h = Phi s for a source s, moments = Phi^T c for first moments c in a. Dense, or
compressed in two steps.

1. Features of all z-cells are projected on the span of a few of them, whose residuals in L2(nu) are below a
   tolerance: cost no longer depends on the number of data.
2. Neighbouring z-cells have nearly parallel features: each box of them gets a basis of its own, of lower
   rank, in the span of the first.

Both steps replace Phi by another matrix, used in both directions; so a run stays an exact gradient flow, of
an energy nearby: |V - V~| <= |a| error sqrt(loss) and |E - E~| <= 2 A error sqrt(loss) + A^2 error^2 with A =
int |a| dmu.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from mfpde.measures.compression import Compressed, compress_features
from mfpde.models.coupling import Compression

SMALL = 2**17  #: entries of a feature matrix that is not worth compressing
PAYS = 0.7  #: share of the entries that must not be exceeded
BOX_EDGE = {1: 64, 2: 12, 3: 6}  #: z-cells along the edges of a box, by the number of z-axes
SINGLE = 5e-7  #: tolerance from which single precision suffices to store boxes


@dataclass(frozen=True)
class Features:
    """All features: rows of Phi are z-cells in C order."""

    matrix: np.ndarray  #: (Nz, L), or (Nz, rank) after the first step
    error: float = 0.0  #: the largest distance of a feature from its approximation, in L2(nu)

    @property
    def rank(self) -> int:
        """Number of linear moments."""
        return self.matrix.shape[1]

    def potential(self, source: np.ndarray) -> np.ndarray:
        """h (Nz,)."""
        return self.matrix @ source

    def moments(self, first: np.ndarray) -> tuple[np.ndarray, float]:
        """Linear moments (rank,), and 0."""
        return self.matrix.T @ first, 0.0

    def compressed(self, weights: np.ndarray, shape: tuple[int, ...], tolerance: float) -> Compression:
        """See `compress`."""
        return compress(self, weights, shape, tolerance)


@dataclass(frozen=True)
class Box:
    """Neighbouring z-cells: their features are coefficients^T @ transfer."""

    cells: np.ndarray  #: (n,) z-cells in C order
    coefficients: np.ndarray  #: (k, n)
    transfer: np.ndarray  #: (k, rank)


@dataclass(frozen=True)
class BoxFeatures:
    """Features compressed in boxes that together hold every z-cell once."""

    boxes: list[Box]
    rank: int
    error: float

    @property
    def stored(self) -> np.dtype:
        """Type of the coefficients and transfers."""
        return self.boxes[0].coefficients.dtype

    def potential(self, source: np.ndarray) -> np.ndarray:
        """h (Nz,)."""
        h = np.empty(sum(len(box.cells) for box in self.boxes))
        for box in self.boxes:
            h[box.cells] = (box.transfer.astype(float) @ source) @ box.coefficients.astype(float)
        return h

    def moments(self, first: np.ndarray) -> tuple[np.ndarray, float]:
        """Linear moments (rank,), and 0."""
        total = np.zeros(self.rank)
        for box in self.boxes:
            total += (box.coefficients.astype(float) @ first[box.cells]) @ box.transfer.astype(float)
        return total, 0.0

    def compressed(self, weights: np.ndarray, shape: tuple[int, ...], tolerance: float) -> Compression:
        """It is already."""
        return Compression(self, None)


def compress(
    features: Features, weights: np.ndarray, shape: tuple[int, ...], tolerance: float
) -> Compression:
    """Features on fewer moments, as far as that pays.

    Arguments:
        weights: of the squares of moments in the norm of L2(nu) (r,).
        shape: z-cells per axis.
        tolerance: error relative to the largest feature, of each step; 0 for none.
    """
    entries = features.matrix.size
    if tolerance == 0 or entries < SMALL:
        return Compression(features, None)
    found = compress_features(features.matrix, weights, tolerance, min(features.matrix.shape))
    if found is not None and len(found.basis):  # else all features vanish
        size = np.sqrt(np.max(np.sum(found.coefficients**2, axis=1)))
        stored = np.dtype(np.float32 if tolerance >= SINGLE else np.float64)
        boxes = _boxes(found, shape, tolerance * size, stored)
        numbers = sum(box.coefficients.size + box.transfer.size for box in boxes)
        if numbers < PAYS * found.coefficients.size and numbers < PAYS * entries:
            coupling = BoxFeatures(boxes, len(found.basis), found.error)
            coupling = replace(coupling, error=found.error + _missed(found, coupling))
            return Compression(coupling, found.basis)
        if found.coefficients.size < PAYS * entries:
            return Compression(Features(found.coefficients, found.error), found.basis)
    return Compression(features, None)


def _boxes(found: Compressed, shape: tuple[int, ...], target: float, stored: np.dtype) -> list[Box]:
    """Low-rank factors of every box: no row misses more than the target, in L2(nu)."""
    edge = BOX_EDGE.get(len(shape), 4)
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    grid = np.indices([-(-n // edge) for n in shape]).reshape(len(shape), -1).T
    boxes = []
    for corner in grid:
        cells = numbers[tuple(slice(edge * c, edge * (c + 1)) for c in corner)].ravel()
        coefficients, transfer = _factors(found.coefficients[cells], target)
        boxes.append(Box(cells, coefficients.T.astype(stored), transfer.astype(stored)))
    return boxes


def _factors(rows: np.ndarray, target: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows ~ the product of two factors: some of the rows span nearly all, and singular values, few by then,
    find the rank needed.
    """
    norms = np.sqrt(np.max(np.sum(rows**2, axis=1)))
    some = compress_features(
        rows, np.ones(rows.shape[1]), min(target / max(norms, target) / 2, 0.5), rows.shape[1]
    )
    assert some is not None
    u, s, v = np.linalg.svd(some.coefficients, full_matrices=False)
    # worst row, if components from here on are missing
    left = np.cumsum(((u * s) ** 2)[:, ::-1], axis=1)[:, ::-1].max(axis=0)
    k = max(1, int(np.sum(left > target**2 - some.error**2)))
    return u[:, :k] * s[:k], v[:k] @ some.basis


def _missed(found: Compressed, coupling: BoxFeatures) -> float:
    """The largest distance of a row from its factors as they are stored."""
    worst = 0.0
    for box in coupling.boxes:
        missed = found.coefficients[box.cells] - box.coefficients.astype(float).T @ box.transfer.astype(float)
        worst = max(worst, float(np.max(np.sum(missed**2, axis=1))))
    return float(np.sqrt(worst))


@dataclass(frozen=True)
class Outputs:
    """Networks of several outputs: h(a, z) = sum_o a_o (Phi s_o)(z), on all cells (a, z)."""

    amplitudes: np.ndarray  #: (Na, outputs)
    features: Features | BoxFeatures  #: of z-cells

    @property
    def error(self) -> float:
        """As of the features."""
        return self.features.error

    def potential(self, source: np.ndarray) -> np.ndarray:
        """<a, h> on all cells, from sources output after output."""
        h = [self.features.potential(part) for part in source.reshape(self.amplitudes.shape[1], -1)]
        return (self.amplitudes @ np.array(h)).ravel()

    def moments(self, first: np.ndarray) -> tuple[np.ndarray, float]:
        """Linear moments, output after output, from the masses of all cells."""
        weighed = self.amplitudes.T @ first.reshape(len(self.amplitudes), -1)
        return np.concatenate([self.features.moments(part)[0] for part in weighed]), 0.0

    def compressed(self, weights: np.ndarray, shape: tuple[int, ...], tolerance: float) -> Compression:
        """With compressed features; the basis serves every output."""
        outputs, z_cells = self.amplitudes.shape[1], len(self.features.matrix)  # type: ignore[union-attr]
        of_one, k = weights[: len(weights) // outputs], len(shape)
        while math.prod(shape[k:]) < z_cells:
            k -= 1
        coupling, basis = self.features.compressed(of_one, shape[k:], tolerance)
        return Compression(replace(self, features=coupling), basis)  # type: ignore[arg-type]
