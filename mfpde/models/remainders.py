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
    curvature: float  #: sup |sigma''| away from kinks
    oscillation: float  #: sup sigma' - inf sigma'
    kinks: np.ndarray  #: bins with a kink among the first k (BINS + 1,)

    def __call__(self, t: np.ndarray, d: np.ndarray) -> np.ndarray:
        """The bound at arguments t for |e| <= d (any one shape)."""
        smooth = self.curvature * d**2 / 2 if self.curvature else np.zeros(np.shape(d))
        if not self.kinks[-1]:
            return smooth
        scale = BINS / (2 * self.reach)
        first = np.clip(np.floor((t - d + self.reach) * scale).astype(int), 0, BINS - 1)
        last = np.clip(np.floor((t + d + self.reach) * scale).astype(int), 0, BINS - 1)
        near = self.kinks[last + 1] > self.kinks[first]
        return np.where(near, self.oscillation * d, smooth)


@lru_cache(maxsize=64)
def remainder_of(activation: Activation, reach: float) -> Remainder:
    """The bound for arguments up to a power of two in size."""
    edges = np.linspace(-reach, reach, BINS + 1)
    here = Enclosure(edges[:-1], edges[1:])
    value, slope, curvature = (
        here.of(formula)
        for formula in (activation.formula, activation.derivative, activation.second_derivative)
    )
    jumps = activation.formula.has(functions.above, functions.choose) or not np.all(np.isfinite(value))
    kinked = np.zeros(BINS, dtype=bool) if activation.is_smooth else here.kinked
    bent = max(float(np.max(np.abs(bound[~kinked]), initial=0.0)) for bound in curvature)
    swings = float(slope[1].max() - slope[0].min())
    if jumps:
        bent = swings = np.inf
    return Remainder(reach, bent, swings, np.concatenate([[0], np.cumsum(kinked)]))


def reach_of(t: np.ndarray) -> float:
    """The power of two that all arguments stay below, for which bounds are kept."""
    return float(2.0 ** np.ceil(np.log2(max(float(np.max(np.abs(t), initial=0.0)), 1.0) * 1.001)))
