"""The readable reference for kernels/lagrangian.cl."""

from collections.abc import Sequence

import numpy as np

from mfpde.lagrangian.ladder import Ladder
from mfpde.models.network import Network


class NumpyBackend:
    """States are arrays (components + 1, units).

    Arguments:
        weight_rate: alpha if the reaction acts on weights, else 0 (all units of a network weigh the same).
    """

    name = "numpy"

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float):
        self.network, self.ladder, self.weight_rate = network, ladder, weight_rate
        self.dtype = np.dtype(precision)
        components = network.parameters.components
        self.mobility = np.array([c.mobility for c in components])[:, None]
        self.low, self.high, self.periodic = walls(network)

    def upload(self, state: np.ndarray) -> np.ndarray:
        """A state."""
        return state.astype(self.dtype)

    def download(self, state: np.ndarray) -> np.ndarray:
        """The state in float64."""
        return state.astype(np.float64)

    def _features(self, state: np.ndarray, where: slice) -> np.ndarray:
        return self.network.preactivations(state[1:-1, where].T)

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """f of every network at the data."""
        weighted = self.weights(state) * state[0]
        rows = [weighted[where] @ self.network.activation.value(self._features(state, where)) for *_, where in self.ladder.networks()]
        return np.array(rows)

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        model, d = self.network, self.network.data.dimension
        rate = np.empty_like(state)
        residuals = model.residual(self.predictions(state))
        for number, _, _, where in self.ladder.networks():
            t, a, z = self._features(state, where), state[0, where], state[1:-1, where].T
            h = model.activation.value(t) @ residuals[number]
            slope = model.activation.slope(t) * residuals[number]
            gradient = np.column_stack([slope @ model.data.x, *([slope.sum(axis=1)] if z.shape[1] > d else [])])
            rate[0, where] = -(h + model.penalty_amplitude_slope(a))
            if model.has_kink:  # lambda |a| holds a unit at a = 0 as long as |h| <= lambda
                rate[0, where] = np.where(a == 0, -np.sign(h) * np.maximum(np.abs(h) - model.penalty.strength, 0), rate[0, where])
            rate[1:-1, where] = -(a[:, None] * gradient + 2 * model.penalty.confinement * z).T
            rate[-1, where] = a * h + model.penalty_amplitude(a) + model.penalty_rest(z)
        rate[:-1] *= self.mobility
        low, high = self.low[:, None], self.high[:, None]
        outward = ((state <= low) & (rate < 0)) | ((state >= high) & (rate > 0))
        return np.where(outward & ~self.periodic[:, None], 0.0, rate).astype(self.dtype)

    def combine(self, y: np.ndarray, stages: Sequence[np.ndarray], factors: Sequence[float]) -> np.ndarray:
        """y + sum factors * stages."""
        return (y + sum(factor * stage for factor, stage in zip(factors, stages, strict=True))).astype(self.dtype)

    def project(self, state: np.ndarray, origin: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Clip at walls, wrap on circles, stop at kinks."""
        length = np.where(self.periodic, self.high - self.low, 1.0)[:, None]
        low, high = self.low[:, None], self.high[:, None]
        with np.errstate(invalid="ignore"):
            wrapped = state - length * np.floor((state - low) / length)
        result = np.where(self.periodic[:, None], wrapped, np.clip(state, low, high)).astype(self.dtype)
        if self.network.has_kink and self.mobility[0]:
            strength = self.network.penalty.strength
            held = np.abs(rate[0] / self.mobility[0] + np.copysign(strength, origin[0])) <= strength
            result[0, held & (result[0] * origin[0] < 0)] = 0
        return result

    def error(self, y: np.ndarray, y_new: np.ndarray, stages: Sequence[np.ndarray], factors: Sequence[float], tolerance: float) -> float:
        """Root mean square error over tolerance * (1 + |y|); the action counts as far as it makes weights."""
        e = np.tensordot(factors, np.array(stages), axes=1)
        ratio = e / (tolerance * (1 + np.maximum(np.abs(y), np.abs(y_new))))
        ratio[-1] = self.weight_rate * e[-1] / tolerance
        return float(np.sqrt(np.mean(ratio**2)))

    def weights(self, state: np.ndarray) -> np.ndarray:
        """exp(-alpha S) normalised over each network."""
        result = 1 / self.ladder.sizes[self.ladder.network_of]
        if self.weight_rate:
            for *_, where in self.ladder.networks():
                w = np.exp(-self.weight_rate * (state[-1, where] - state[-1, where].min()))
                result[where] = w / w.sum()
        return result


def walls(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower and upper walls (infinite where there are none) and whether they are identified, per component and action."""
    domains = [c.domain or (-np.inf, np.inf) for c in network.parameters.components] + [(-np.inf, np.inf)]
    periodic = [c.periodic for c in network.parameters.components] + [False]
    low, high = np.array(domains).T
    return low, high, np.array(periodic)
