"""What moves units, readably: the reference for kernels/network_units.cl and kernels/potential_units.cl."""

import numpy as np

from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.models.network import Network
from mfpde.models.potential import Potential
from mfpde.models.shallow import ShallowNetwork, preactivations


class NumpyNetwork(NumpyBackend):
    """Units of networks see each other through the predictions."""

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(network, ladder, precision, weight_rate, network.penalty.strength if network.has_kink else 0.0)
        self.network = network

    def _features(self, state: np.ndarray, where: slice) -> np.ndarray:
        return self.network.preactivations(state[1:-1, where].T)

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """f of every network at the data."""
        weighted = self.weights(state) * state[0]
        rows = [weighted[where] @ self.network.activation.value(self._features(state, where)) for *_, where in self.ladder.networks()]
        return np.array(rows)

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        model = self.network
        rate = np.empty_like(state)
        residuals = model.residual(self.predictions(state))
        for number, _, _, where in self.ladder.networks():
            a, z = state[0, where], state[1:-1, where].T
            h, gradient = feature_pull(model, z, model.data.x, residuals[number])
            rate[:, where] = network_rates(model, a, z, h, gradient, self.kink)
        return self.allowed(rate, state)


def feature_pull(model: ShallowNetwork, z: np.ndarray, x: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h(z) = sum_l residual_l sigma(<w, x_l> + b), and its gradient in z.

    Arguments:
        z: (..., n, components of z); x: (..., L, d); residual: weights * (f - f*) at x (..., L).
    Returns:
        (..., n) and (..., n, components of z).
    """
    t = preactivations(z, x)
    h = (model.activation.value(t) @ residual[..., None])[..., 0]
    slope = model.activation.slope(t) * residual[..., None, :]
    gradient = slope @ x
    if z.shape[-1] > x.shape[-1]:
        gradient = np.concatenate([gradient, slope.sum(axis=-1, keepdims=True)], axis=-1)
    return h, gradient


def network_rates(model: ShallowNetwork, a: np.ndarray, z: np.ndarray, h: np.ndarray, gradient: np.ndarray, kink: float) -> np.ndarray:
    """-grad V of the components, and V (components + 1, n), where V = a h(z) + r.

    Arguments:
        a, h: (n,); z and the gradient of h in z: (n, components of z).
        kink: lambda of a penalty lambda |a|, else 0.
    """
    pull = -(h + model.penalty_amplitude_slope(a))
    if kink:  # lambda |a| holds a unit at a = 0 as long as |h| <= lambda
        pull = np.where(a == 0, -np.sign(h) * np.maximum(np.abs(h) - kink, 0), pull)
    moved = -(a[:, None] * gradient + 2 * model.penalty.confinement * z).T
    return np.concatenate([pull[None], moved, (a * h + model.penalty_amplitude(a) + model.penalty_rest(z))[None]])


class NumpyPotential(NumpyBackend):
    """Units in an external potential, with a pair interaction within each network."""

    def __init__(self, potential: Potential, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(potential, ladder, precision, weight_rate)
        self.potential = potential

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """Nothing: a potential has no data."""
        return np.zeros((len(self.ladder.sizes), 0))

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        theta = state[:-1].astype(np.float64)
        external = self.potential.external
        rate = np.array([*(-slope for slope in external.slopes(list(theta))), external.value(list(theta))])
        interaction = self.potential.interaction
        if interaction is not None:
            weights = self.weights(state)
            for *_, where in self.ladder.networks():
                differences = theta[:, where, None] - theta[:, None, where]
                for k in np.flatnonzero(self.periodic):
                    length = self.high[k] - self.low[k]
                    differences[k] -= length * np.round(differences[k] / length)
                rate[:-1, where] -= np.array(interaction.slopes(list(differences))) @ weights[where]
                rate[-1, where] += interaction.value(list(differences)) @ weights[where]
        return self.allowed(rate, state)
