"""Low rank: pivoted Cholesky factors of kernels, and features compressed by them.

Complete pivoting takes, one by one, the point whose feature is worst approximated by those taken so far; the
largest residual that is left bounds the error everywhere (Harbrecht, Peters & Schneider 2012,
doi:10.1016/j.apnum.2011.10.001).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

BLOCK = 1 << 22  #: numbers of a block of rows
ROUNDING = 1e-15  #: of the largest of a diagonal; residuals below it say nothing


@dataclass(frozen=True)
class Factor:
    """K ~ C C^T on a set of points."""

    columns: np.ndarray  #: C (points, rank)
    pivots: np.ndarray  #: (rank,)
    residual: float  #: the largest of diag(K - C C^T), >= 0


def row_blocks(matrix: np.ndarray) -> Iterator[slice]:
    """The rows of a matrix, so many at a time that what is made of them takes little room."""
    rows = max(1, BLOCK // max(1, matrix.shape[1]))
    return (slice(k, k + rows) for k in range(0, len(matrix), rows))


def pivoted_cholesky(
    diagonal: np.ndarray, column: Callable[[int], np.ndarray], tolerance: float, most: int
) -> Factor:
    """A partial factor of a positive semi-definite kernel.

    Arguments:
        diagonal: K(z, z) (points,).
        column: K(z, z_p) at all points, for the p-th of them.
        tolerance: stop when the largest residual is below tolerance^2 times the largest of the diagonal.
        most: rank at which to stop in any case.
    """
    left = diagonal.astype(np.float64)
    target = max(tolerance**2, ROUNDING) * left.max(initial=0.0)
    columns = np.empty((min(most, len(left)), len(left)))  # C^T, so that rows are contiguous
    pivots: list[int] = []
    while len(pivots) < len(columns):
        p = int(left.argmax())
        if left[p] <= target:
            break
        k = len(pivots)
        rest = column(p) - columns[:k, p] @ columns[:k]
        columns[k] = rest / np.sqrt(left[p])
        left = np.maximum(left - columns[k] ** 2, 0.0)
        left[p] = 0.0
        pivots.append(p)
    return Factor(columns[: len(pivots)].T, np.array(pivots, dtype=int), float(left.max(initial=0.0)))


@dataclass(frozen=True)
class Compressed:
    """Features ~ coefficients @ basis, with a basis that is orthonormal in L2(nu).

    Every feature is projected on the span of a few of them.
    """

    coefficients: np.ndarray  #: (points, rank)
    basis: np.ndarray  #: (rank, L)
    error: float  #: the largest distance of a feature from its approximation, in L2(nu)


def compress_features(
    features: np.ndarray, weights: np.ndarray, tolerance: float, most: int
) -> Compressed | None:
    """Features in a basis of few of them; None if that takes more than `most`.

    Arguments:
        features: (points, L); weights: of the data (L,), positive.
        tolerance: error relative to the largest feature.
    """
    scaled = features * np.sqrt(weights)
    squares = np.concatenate([np.sum(scaled[part] ** 2, axis=1) for part in row_blocks(scaled)])
    factor = pivoted_cholesky(squares, lambda p: scaled @ scaled[p], tolerance, most + 1)
    if len(factor.pivots) > most:
        return None
    orthonormal, _ = np.linalg.qr(scaled[factor.pivots].T)  # (L, rank)
    coefficients = scaled @ orthonormal
    # what is missed, without cancellation
    missed = [
        np.sum((scaled[part] - coefficients[part] @ orthonormal.T) ** 2, axis=1).max()
        for part in row_blocks(scaled)
    ]
    return Compressed(coefficients, orthonormal.T / np.sqrt(weights), float(np.sqrt(max(missed))))
