"""What moves units, readably: the reference for kernels/network_units.cl and kernels/potential_units.cl."""

from collections.abc import Callable, Sequence

import numpy as np

from mfpde.lagrangian.forces_moments import Moments, through_moments
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.lagrangian.shares import Share, in_shares, in_turn, share_out
from mfpde.models.network import Network
from mfpde.models.potential import Formula, Potential
from mfpde.models.shallow import ShallowNetwork, preactivations
from mfpde.threads import each, product

#: units whose rates are put together at once
UNITS = 2**14
#: pairs of units and data of one network whose activations are kept until its prediction is known; of more
#: they are computed again
KEPT = 2**26
#: shares of such a network whose predictions are held at once
HELD = 16


class NumpyNetwork(NumpyBackend):
    """Units of networks see each other through the predictions."""

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(
            network, ladder, precision, weight_rate, network.penalty.strength if network.has_kink else 0.0
        )
        self.network = network
        data = network.data
        # data with the same input act as one, with the sum of their weights and their mean target
        inputs, datum = np.unique(data.x, axis=0, return_inverse=True)
        self.datum = datum.ravel()
        self.weights_data = np.bincount(self.datum, data.weights)
        self.targets = np.bincount(self.datum, data.weights * data.y) / self.weights_data
        self.inputs = inputs.astype(self.dtype)
        #: what the gradient in z of a preactivation is: the input, and 1 for a bias
        self.directions = np.column_stack([self.inputs, np.ones(len(inputs), self.dtype)])[
            :, : len(network.parameters.components) - 1
        ]
        self.jobs, self.split = share_out(ladder, len(inputs))

    def _activations(self, state: np.ndarray, share: Share) -> tuple[np.ndarray, np.ndarray]:
        """Activation and its slope (networks, units, inputs) of a share."""
        t = product(state[1:-1, share.units].T, self.directions.T)
        value, slope = self.network.activation.with_slope(t.reshape(share.count, -1, len(self.inputs)))
        return value, slope

    def _predictions(self, weighted: np.ndarray, share: Share, value: np.ndarray) -> np.ndarray:
        """sum_j p_j a_j sigma (networks, inputs) over the units of a share, added up in float64."""
        part = weighted[share.units].reshape(share.count, -1)
        return np.einsum("kn,knl->kl", part.astype(value.dtype, copy=False), value).astype(np.float64)

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """f of every network at the data."""
        weighted = self.weights(state) * state[0]
        result = np.empty((len(self.ladder.sizes), len(self.inputs)))

        def of(share: Share) -> np.ndarray:
            return self._predictions(weighted, share, self._activations(state, share)[0])

        def predict(shares: Sequence[Share], run: Callable) -> None:
            result[shares[0].networks] = _sum_in_turn(of, shares, run)

        in_shares(self.jobs, self.split, predict)
        return result[:, self.datum]

    def _pull(
        self, share: Share, activations: tuple[np.ndarray, np.ndarray], prediction: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """h and its gradient in z, see `feature_pull`, of the units of a share."""
        value, slope = activations
        residual = (self.weights_data * (prediction - self.targets)).astype(self.dtype)
        h = np.einsum("knl,kl->kn", value, residual)
        gradient = product(slope, residual[..., None] * self.directions)
        return h.ravel(), gradient.reshape(len(h.ravel()), -1)

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        weighted = self.weights(state) * state[0]
        h, gradient = np.empty(self.ladder.total), np.empty((self.ladder.total, len(state) - 2))

        def move(shares: Sequence[Share], run: Callable) -> None:
            pairs = len(self.inputs) * sum(share.units.stop - share.units.start for share in shares)
            kept: dict[int, tuple[np.ndarray, np.ndarray]] = {}

            def first(share: Share) -> np.ndarray:
                activations = self._activations(state, share)
                if pairs <= KEPT:
                    kept[share.units.start] = activations
                return self._predictions(weighted, share, activations[0])

            prediction = _sum_in_turn(first, shares, run)

            def second(share: Share) -> None:
                activations = kept.get(share.units.start) or self._activations(state, share)
                h[share.units], gradient[share.units] = self._pull(share, activations, prediction)

            run(second, shares)

        in_shares(self.jobs, self.split, move)
        rate = np.empty(state.shape, self.dtype)

        def finish(first: int) -> None:
            part = slice(first, first + UNITS)
            made = network_rates(
                self.network, state[0, part], state[1:-1, part].T, h[part], gradient[part], self.kink
            )
            rate[:, part] = self.allowed(made, state[:, part])

        each(finish, range(0, self.ladder.total, UNITS))
        return rate


def _sum_in_turn(
    function: Callable[[Share], np.ndarray], shares: Sequence[Share], run: Callable
) -> np.ndarray:
    """The sum of what shares give, in order and some at a time: on many data each is large."""
    total = in_turn(run(function, shares[:HELD]))
    for k in range(HELD, len(shares), HELD):
        total = in_turn([total, *run(function, shares[k : k + HELD])])
    return total


def feature_pull(
    model: ShallowNetwork, z: np.ndarray, x: np.ndarray, residual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """h(z) = sum_l residual_l sigma(<w, x_l> + b), and its gradient in z.

    Arguments:
        z: (..., n, components of z); x: (..., L, d); residual: weights * (f - f*) at x (..., L).
    Returns:
        (..., n) and (..., n, components of z).
    """
    value, slope = model.activation.with_slope(preactivations(z, x))
    h = (value @ residual[..., None])[..., 0]
    directions = residual[..., None] * x
    if z.shape[-1] > x.shape[-1]:
        directions = np.concatenate([directions, residual[..., None]], axis=-1)
    return h, slope @ directions


def network_rates(
    model: ShallowNetwork, a: np.ndarray, z: np.ndarray, h: np.ndarray, gradient: np.ndarray, kink: float
) -> np.ndarray:
    """-grad V of the components, and V (components + 1, n), where V = a h(z) + r.

    Arguments:
        a, h: (n,); z and the gradient of h in z: (n, components of z).
        kink: lambda of a penalty lambda |a|, else 0.
    """
    pull = -(h + model.penalty_amplitude_slope(a))
    if kink:  # lambda |a| holds a unit at a = 0 as long as |h| <= lambda
        pull = np.where(a == 0, -np.sign(h) * np.maximum(np.abs(h) - kink, 0), pull)
    moved = a[:, None] * gradient
    potential = a * h + model.penalty_amplitude(a)
    if model.penalty.confinement:
        moved += 2 * model.penalty.confinement * z
        potential += model.penalty_rest(z)
    rate = np.empty((gradient.shape[1] + 2, len(a)))
    rate[0], rate[-1] = pull, potential
    np.negative(moved.T, out=rate[1:-1])
    return rate


class NumpyPotential(NumpyBackend):
    """Units in an external potential, with a pair interaction within each network."""

    def __init__(self, potential: Potential, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(potential, ladder, precision, weight_rate)
        self.potential = potential
        interaction = through_moments(potential, ladder)
        self.moments = None if interaction is None else Moments(interaction, ladder)

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """Nothing: a potential has no data."""
        return np.zeros((len(self.ladder.sizes), 0))

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        theta = state[:-1].astype(np.float64)
        external = self.potential.external
        rate = np.array([*(-slope for slope in external.slopes(list(theta))), external.value(list(theta))])
        if self.moments is not None:
            forces = self.moments.forces(theta, self.weights(state))
            rate[:-1] -= forces[:-1]
            rate[-1] += forces[-1]
        elif self.potential.interaction is not None:
            self._add_pairs(rate, theta, self.weights(state), self.potential.interaction)
        return self.allowed(rate, state)

    def _add_pairs(
        self, rate: np.ndarray, theta: np.ndarray, weights: np.ndarray, interaction: Formula
    ) -> None:
        """An interaction of no finite rank: the sum over all pairs of a network."""
        for *_, where in self.ladder.networks():
            differences = theta[:, where, None] - theta[:, None, where]
            for k in np.flatnonzero(self.periodic):
                length = self.high[k] - self.low[k]
                differences[k] -= length * np.round(differences[k] / length)
            rate[:-1, where] -= np.array(interaction.slopes(list(differences))) @ weights[where]
            rate[-1, where] += interaction.value(list(differences)) @ weights[where]
