"""The central slope, up to twice the smaller of those to both sides (van Leer 1977)."""

import numpy as np

from mfpde.eulerian.limiters import Differences, Limiter, minmod


def _slope(d: Differences) -> np.ndarray:
    steeper = minmod(d.below(), d.above())
    steeper *= 2
    return minmod(steeper, d.central())


LIMITER = Limiter(
    _slope,
    """const realv twice = (real)2 * MINMOD(below, above_);
    return MINMOD(twice, central);""",
)
