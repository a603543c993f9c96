"""Limited slopes times cell width (Carrillo, Chertock & Huang 2015, arXiv:1402.4252), as in kernels/slopes.cl.

All are clipped to |s| <= 2 rho, so that both edge values of a cell are nonnegative; positivity and energy dissipation
need no more.
"""

from collections.abc import Callable

import numpy as np


def _minmod(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum(np.minimum(a, b), 0) + np.minimum(np.maximum(a, b), 0)


def _vanleer(left: np.ndarray, centre: np.ndarray, right: np.ndarray) -> np.ndarray:
    product = np.maximum((centre - left) * (right - centre), 0)
    return 2 * product / np.where(product > 0, (centre - left) + (right - centre), 1)


SLOPES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "upwind": lambda left, centre, right: np.zeros_like(centre),
    "fromm": lambda left, centre, right: 0.5 * (right - left),
    "mc": lambda left, centre, right: _minmod(2 * _minmod(centre - left, right - centre), 0.5 * (right - left)),
    "minmod": lambda left, centre, right: _minmod(centre - left, right - centre),
    "vanleer": _vanleer,
}


def limited_slope(scheme: str, left: np.ndarray, centre: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Slope times cell width from three consecutive cell averages, clipped to |s| <= 2 centre."""
    bound = 2 * centre
    return np.maximum(np.minimum(SLOPES[scheme](left, centre, right), bound), -bound)
