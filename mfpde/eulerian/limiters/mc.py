"""The central slope, up to twice the smaller of those to both sides (van Leer 1977)."""

import numpy as np

from mfpde.eulerian.limiters import Differences, Limiter, nearer_zero


def _slope(d: Differences) -> np.ndarray:
    steeper = nearer_zero(d.below(), d.above())
    steeper *= 2
    return nearer_zero(steeper, d.central())


LIMITER = Limiter(
    _slope,
    """const realv twice = (real)2 * MINMOD(below, above_);
    return MINMOD(twice, central);""",
)
