"""The normal law between bounds, exact in both tails: masses of intervals, quantiles, expectations.

A distribution function is 1 to rounding beyond 8 standard deviations, so that its differences lose the upper
tail and not the lower one. Here an interval is measured from the side it lies on, and a law that lies wholly
in a tail is measured in units of its own: with z_0 its bound nearest to the mean, P(Z > z) exp(z_0^2 / 2) is
finite however far z_0 is.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import erf, erfcx, log_ndtr, ndtr, ndtri_exp

#: nodes of expectations; the density is below e^-40 of its largest value beyond `_REACH`
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)
_REACH = 80.0


def interval_masses(z: np.ndarray) -> np.ndarray:
    """P(z_j < Z < z_j+1) of a standard normal Z, to rounding; mirrored z give mirrored masses, bit by bit."""
    a, b, below, above = z[:-1], z[1:], ndtr(z), ndtr(-z)
    across = (erf(b / np.sqrt(2)) + erf(-a / np.sqrt(2))) / 2
    return np.where(b <= 0, np.diff(below), np.where(a >= 0, -np.diff(above), across))


def tail_masses(z: np.ndarray, low: float, high: float) -> np.ndarray:
    """P(z_j < Z < z_j+1 | low < Z < high) for 0 <= low <= z <= high; high may be infinite."""
    first, last = _scaled_tail(np.array([low, high]), low)
    return -np.diff(_scaled_tail(z, low)) / (first - last)


def tail_quantile(u: np.ndarray, low: float, high: float) -> np.ndarray:
    """z with P(Z < z | low < Z < high) = u in [0, 1), for 0 <= low < high; high may be infinite."""
    ends = log_ndtr(np.array([-low, -high]))
    return np.clip(-ndtri_exp(ends[0] + np.log1p(u * np.expm1(ends[1] - ends[0]))), low, high)


def expectation(function: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> complex:
    """E[g(Z) | low < Z < high] for a smooth g, by Gauss-Legendre nodes; bounds may be infinite."""
    peak = min(max(low, 0.0), high)
    reach = np.sqrt(peak**2 + _REACH)
    low, high = max(low, -reach), min(high, reach)
    z = (low + high) / 2 + (high - low) / 2 * _NODES
    weights = _WEIGHTS * np.exp(-(z - peak) * (z + peak) / 2)
    return complex(weights @ function(z)) / float(weights.sum())


def _scaled_tail(z: np.ndarray, low: float) -> np.ndarray:
    """2 P(Z > z) exp(low^2 / 2) for z >= low >= 0."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = erfcx(z / np.sqrt(2)) * np.exp(-(z - low) * (z + low) / 2)
    return np.where(np.isinf(z), 0.0, scaled)
