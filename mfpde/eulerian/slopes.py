"""Limited slopes times cell width, clipped so that edges are nonnegative; as in kernels/slopes.cl."""

from collections.abc import Sequence

import numpy as np

from mfpde.eulerian.limiters import Differences
from mfpde.kinds import LIMITERS


def limited_half_slope(
    scheme: str, left: np.ndarray, centre: np.ndarray, right: np.ndarray, factors: Sequence[np.ndarray] | None
) -> np.ndarray:  # fmt: skip
    """Half the slope times cell width, from three consecutive cell averages, clipped to |s| <= 2 centre: what
    the edges differ by from the centre.
    """
    slope = LIMITERS[scheme].slope(Differences(left, centre, right, factors))
    slope *= 0.5
    np.minimum(slope, centre, out=slope)
    return np.maximum(slope, -centre, out=slope)
