"""The steepest slope that makes no new extrema: jumps stay sharp, smooth hills get steeper (Roe 1986)."""

import numpy as np

from mfpde.eulerian.limiters import Differences, Limiter, nearer_zero


def _slope(d: Differences) -> np.ndarray:
    below, above = d.below(), d.above()
    p, q = nearer_zero(2 * below, above), nearer_zero(below, 2 * above)
    return np.maximum(np.maximum(p, q), 0) + np.minimum(np.minimum(p, q), 0)


LIMITER = Limiter(
    _slope,
    """const realv steep = (real)2 * below, steep_ = (real)2 * above_;
    const realv p = MINMOD(steep, above_), q = MINMOD(below, steep_);
    return LARGER(LARGER(p, q), (realv)0) + SMALLER(SMALLER(p, q), (realv)0);""",
)
