"""The readable reference for kernels/integrator.cl: arithmetic of Runge-Kutta stages, walls, weights; forces
are in `forces_numpy`.
"""

from collections.abc import Sequence

import numpy as np

from mfpde.lagrangian.ladder import Ladder
from mfpde.models.parameters import ParameterSpace
from mfpde.models.problem import Problem
from mfpde.threads import each

#: numbers of an array that are worked on together
PIECE = 2**15
#: numbers of a thread's share of an array, at least
JOB = 2**18


class NumpyBackend:
    """States are arrays (components + 1, units).

    Arguments:
        weight_rate: alpha if the reaction acts on weights, else 0 (all units of a network weigh the same).
    """

    name = "numpy"

    def __init__(self, model: Problem, ladder: Ladder, precision: str, weight_rate: float):
        self.ladder, self.weight_rate, self.space = ladder, weight_rate, model.parameters
        self.kink, self.dtype = model.kink, np.dtype(precision)
        self.full_kink, self.factor = model.kink, 1.0  #: of the penalty's lambda, see `anneal`
        self.mobility = np.array([c.mobility for c in model.parameters.components])[:, None]
        self.low, self.high, self.periodic = walls(model.parameters)
        #: rows that walls or circles confine
        self.confined = np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high) | self.periodic)
        self.prior = 1 / ladder.sizes[ladder.network_of]

    def set_prior(self, weights: np.ndarray) -> None:
        """Weights of the units (units,) before any reaction."""
        self.prior = weights

    def anneal(self, factor: float) -> None:
        """From now on lambda is this many times that of the model's penalty."""
        self.factor, self.kink = factor, factor * self.full_kink

    def upload(self, state: np.ndarray) -> np.ndarray:
        """A state."""
        return state.astype(self.dtype)

    def download(self, state: np.ndarray) -> np.ndarray:
        """The state in float64."""
        return state.astype(np.float64)

    checkpoint, restore = download, upload  # float64 holds every float32

    def allowed(self, rate: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Velocities times mobility, as far as walls allow; the action's is left alone."""
        if np.any(self.mobility != 1):
            rate[:-1] *= self.mobility
        for k in self.confined:
            if not self.periodic[k]:
                rate[
                    k,
                    ((state[k] <= self.low[k]) & (rate[k] < 0))
                    | ((state[k] >= self.high[k]) & (rate[k] > 0)),
                ] = 0
        return rate.astype(self.dtype, copy=False)

    def combine(self, y: np.ndarray, stages: Sequence[np.ndarray], factors: Sequence[float]) -> np.ndarray:
        """y + sum factors * stages."""
        return weighted_sum(stages, factors, y)

    def project(self, state: np.ndarray, origin: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Clip at walls, wrap on circles, stop at kinks."""
        result = state.copy()
        for k in self.confined:
            if self.periodic[k]:
                length = self.high[k] - self.low[k]
                with np.errstate(invalid="ignore"):
                    result[k] -= length * np.floor((state[k] - self.low[k]) / length)
            else:
                np.clip(state[k], self.low[k], self.high[k], out=result[k])
        for row in range(self.space.outputs if self.kink else 0):
            if self.mobility[row]:
                held = (
                    np.abs(rate[row] / self.mobility[row] + np.copysign(self.kink, origin[row])) <= self.kink
                )
                result[row, held & (result[row] * origin[row] < 0)] = 0
        return result

    def error(
        self,
        y: np.ndarray,
        y_new: np.ndarray,
        stages: Sequence[np.ndarray],
        factors: Sequence[float],
        tolerance: float,
    ) -> float:
        """Root mean square error over tolerance * (1 + |y|); the action counts as far as it makes weights."""
        e = weighted_sum(stages, factors)
        scale = np.maximum(np.abs(y), np.abs(y_new))
        scale += 1
        ratio = np.divide(e, scale, dtype=np.float64)
        ratio[-1] = self.weight_rate * e[-1]
        return float(np.sqrt(np.mean(np.square(ratio, out=ratio)))) / tolerance

    def weights(self, state: np.ndarray) -> np.ndarray:
        """prior exp(-alpha S) normalised over each network."""
        result = self.prior.copy()
        if self.weight_rate:
            for *_, where in self.ladder.networks():
                w = self.prior[where] * np.exp(
                    -self.weight_rate * (state[-1, where] - state[-1, where].min())
                )
                result[where] = w / w.sum()
        return result

    def masses(self, state: np.ndarray) -> np.ndarray:
        """The weights."""
        return self.weights(state)


def weighted_sum(
    arrays: Sequence[np.ndarray], factors: Sequence[float], start: np.ndarray | None = None
) -> np.ndarray:
    """start + sum factors * arrays in their type, a piece at a time: pieces stay in the cache."""
    result = np.empty(arrays[0].shape, arrays[0].dtype)  # C order, whatever that of the arrays
    flat, out = [array.reshape(-1) for array in arrays], result.reshape(-1)

    def fill(job: int) -> None:
        for first in range(job, min(job + JOB, len(out)), PIECE):
            piece = slice(first, first + PIECE)
            total = out[piece]
            np.multiply(flat[0][piece], result.dtype.type(factors[0]), out=total)
            for array, factor in zip(flat[1:], factors[1:], strict=True):
                if factor:
                    total += result.dtype.type(factor) * array[piece]
            if start is not None:
                total += start.reshape(-1)[piece]

    each(fill, range(0, len(out), JOB))
    return result


def walls(parameters: ParameterSpace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower and upper walls (infinite where there are none) and whether they are identified, per component
    and action.
    """
    domains = [c.domain or (-np.inf, np.inf) for c in parameters.components] + [(-np.inf, np.inf)]
    periodic = [c.periodic for c in parameters.components] + [False]
    low, high = np.array(domains).T
    return low, high, np.array(periodic)
