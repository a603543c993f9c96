"""What an activation may differ from its tangent: |sigma(t + e) - sigma(t) - sigma'(t) e| for |e| <= d.

It is at most d^2 / 2 sup |sigma''| where sigma' is continuous, and d times the oscillation of sigma' where a
kink is near. Suprema are enclosed by interval arithmetic over bins of the arguments that data and parameters
reach.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mfpde.activations import Activation
from mfpde.expressions import functions
from mfpde.expressions.intervals import Enclosure

BINS = 4096


@dataclass(frozen=True)
class Remainder:
    """Bounds over arguments in [-reach, reach]; infinite where nothing can be said."""

    reach: float
    #: sup |sigma''| over 2^k bins from each on (levels, BINS), away from kinks
    curvature: np.ndarray
    oscillation: float  #: sup sigma' - inf sigma'
    kinks: np.ndarray  #: bins with a kink among the first k (BINS + 1,)

    def __call__(self, t: np.ndarray, d: np.ndarray) -> np.ndarray:
        """The bound at arguments t for |e| <= d (any one shape)."""
        scale = BINS / (2 * self.reach)
        first = np.clip((t - d + self.reach) * scale, 0, BINS - 1).astype(np.int32)
        last = np.clip((t + d + self.reach) * scale, 0, BINS - 1).astype(np.int32)
        level = LEVEL[last - first]
        largest = np.maximum(self.curvature[level, first], self.curvature[level, last - (1 << level) + 1])
        smooth = largest * d**2 / 2
        if not self.kinks[-1]:
            return smooth
        return np.where(self.kinks[last + 1] > self.kinks[first], self.oscillation * d, smooth)


#: of a range of so many bins after the first, the largest k for which 2^k bins lie within
LEVEL = np.concatenate([[0], np.floor(np.log2(np.arange(2, BINS + 1)))]).astype(np.int32)


@lru_cache(maxsize=64)
def remainder_of(activation: Activation, reach: float) -> Remainder:
    """The bound for arguments up to a power of two in size."""
    edges = np.linspace(-reach, reach, BINS + 1)
    here = Enclosure(edges[:-1], edges[1:])
    formulas = activation.formula, activation.derivative, activation.second_derivative
    value, slope, curvature = (here.of(formula) for formula in formulas)
    kinked = np.zeros(BINS, dtype=bool) if activation.is_smooth else here.kinked
    bent = np.where(kinked, 0.0, np.maximum(np.abs(curvature[0]), np.abs(curvature[1])))
    swings = float(slope[1].max() - slope[0].min())
    if activation.formula.has(functions.above, functions.choose) or not np.all(np.isfinite(value)):
        bent, swings = np.full(BINS, np.inf), np.inf  # it may jump
    return Remainder(reach, _over_ranges(bent), swings, np.concatenate([[0], np.cumsum(kinked)]))


def _over_ranges(values: np.ndarray) -> np.ndarray:
    """The largest of the 2^k values from each on, for every k."""
    found = [values]
    for k in range(int(LEVEL[-1])):
        later = np.minimum(np.arange(BINS) + (1 << k), BINS - 1)
        found.append(np.maximum(found[-1], found[-1][later]))
    return np.array(found)


def reach_of(t: np.ndarray) -> float:
    """The power of two that all arguments stay below, for which bounds are kept."""
    return float(2.0 ** np.ceil(np.log2(max(float(np.max(np.abs(t), initial=0.0)), 1.0) * 1.001)))
