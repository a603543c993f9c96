"""The harmonic mean of the slopes to both sides, 0 at extrema (van Leer 1974)."""

import numpy as np

from mfpde.eulerian.limiters import Differences, Limiter


def _slope(d: Differences) -> np.ndarray:
    below, above = d.below(), d.above()
    product = np.maximum(below * above, 0)
    return 2 * product / np.where(product > 0, below + above, 1)


LIMITER = Limiter(
    _slope,
    """const realv product = LARGER(below * above_, (realv)0);
    const realv sum = below + above_;
    return (real)2 * product / (product > (realv)0 ? sum : (realv)1);""",
)
