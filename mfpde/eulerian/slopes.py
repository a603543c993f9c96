"""Limited slopes times cell width (Carrillo, Chertock & Huang 2015, arXiv:1402.4252), as in kernels/slopes.cl.

All are clipped to |s| <= 2 rho, so that both edge values of a cell are nonnegative; positivity and energy dissipation
need no more. Each is a function of the difference quotients to the left, to the right and central, times cell width.
"""

from collections.abc import Callable, Sequence

import numpy as np


def _minmod(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum(np.minimum(a, b), 0) + np.minimum(np.maximum(a, b), 0)


def _vanleer(below: np.ndarray, above: np.ndarray, central: np.ndarray) -> np.ndarray:
    product = np.maximum(below * above, 0)
    return 2 * product / np.where(product > 0, below + above, 1)


SLOPES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "upwind": lambda below, above, central: np.zeros_like(central),
    "fromm": lambda below, above, central: central,
    "mc": lambda below, above, central: _minmod(2 * _minmod(below, above), central),
    "minmod": lambda below, above, central: _minmod(below, above),
    "vanleer": _vanleer,
}


def limited_slope(scheme: str, left: np.ndarray, centre: np.ndarray, right: np.ndarray, factors: Sequence[np.ndarray]) -> np.ndarray:
    """Slope times cell width from three consecutive cell averages, clipped to |s| <= 2 centre.

    Arguments:
        factors: what differences are multiplied with, see `Axis.slope_factors`.
    """
    bound = 2 * centre
    below, above, central = ((b - a) * factor for a, b, factor in zip((left, centre, left), (centre, right, right), factors, strict=True))
    return np.maximum(np.minimum(SLOPES[scheme](below, above, central), bound), -bound)
