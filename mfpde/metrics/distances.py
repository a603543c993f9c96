"""W1 between marginals of the density on the mesh and clouds of units, or another density.

The density is taken as piecewise constant, so the distance to a cloud has no floor from cells taken as atoms.
On a circle it is the distance by the shortest way around. Reference: Villani, Optimal Transport (2009),
section 2.
"""

import numpy as np

from mfpde.measures.axis import Axis


def w1_marginal(
    axis: Axis, density: np.ndarray, samples: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """W1 between a piecewise constant density on an axis and a weighted cloud of points; see
    `w1_marginals`.
    """
    given = np.full(len(samples), 1 / len(samples)) if weights is None else weights
    return float(w1_marginals(axis, density, samples[None], given[None])[0])


def w1_marginals(axis: Axis, density: np.ndarray, samples: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """W1 between a piecewise constant density on an axis and weighted clouds of points, by the area between
    their distribution functions; on a circle, the area after removal of the median difference.

    Arguments:
        density: (cells,); samples, weights: (clouds, n), weights sum to 1 over each cloud.
    Returns:
        W1 in the units of the axis (clouds,).
    """
    samples = axis.place(samples)
    cumulative = np.concatenate([[0.0], np.cumsum(density * axis.widths)])
    faces = np.broadcast_to(axis.faces, (len(samples), len(axis.faces)))
    breaks, masses = (
        np.concatenate([faces, samples], axis=1),
        np.concatenate([np.zeros_like(faces), weights], axis=1),
    )
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
    """int |D| for functions D (functions, intervals) -> (functions,), linear on intervals of these lengths;
    on a circle, of D less its median.
    """
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
