"""What moves units, readably: the reference for kernels/network_units.cl and kernels/potential_units.cl."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mfpde.lagrangian.distinct import distinct, pointwise
from mfpde.lagrangian.forces_moments import Moments
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import NumpyBackend
from mfpde.lagrangian.shares import Share, in_shares, in_turn, share_out
from mfpde.models.formula import Formula
from mfpde.models.network import Network
from mfpde.models.potential import Potential
from mfpde.threads import each

#: units whose rates are put together at once
UNITS = 2**14
#: pairs of units and data of one network whose activations are kept until its prediction is known; of more
#: they are computed again
KEPT = 2**26
#: shares of such a network whose predictions are held at once
HELD = 16
#: h of some units, and its gradient in z
Pull = tuple[np.ndarray, np.ndarray]


class NumpyNetwork(NumpyBackend):
    """Units of networks see each other through the predictions at distinct inputs."""

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(network, ladder, precision, weight_rate)
        self.network = network
        self.features = pointwise(network)
        self.loss, self.outputs = self.features.loss, network.function.outputs
        self.distinct = distinct(self.features)
        self.inputs = self.distinct.x.astype(self.dtype)
        self.prepared = self.features.prepare(self.inputs)
        self.jobs, self.split = share_out(ladder, len(self.inputs))

    def _evaluate(self, state: np.ndarray, share: Share) -> tuple[np.ndarray, Any]:
        """Features (networks, units, inputs) of a share, and what their pull-back needs."""
        z = self.space.z(state[:, share.units])
        return self.features.forward(z.reshape(share.count, -1, z.shape[1]), self.prepared)

    def _predictions(self, weighted: np.ndarray, share: Share, value: np.ndarray) -> np.ndarray:
        """sum_j p_j a_j phi (networks, outputs, inputs) over the units of a share, added up in float64."""
        part = weighted[:, share.units].reshape(self.outputs, share.count, -1)
        part = part.astype(value.dtype, copy=False)
        return np.stack([np.einsum("kn,knl->kl", of_one, value) for of_one in part], axis=1).astype(
            np.float64
        )

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """f of every network at the data, output after output."""
        weighted = self.weights(state) * self.space.a(state)
        result = np.empty((len(self.ladder.sizes), self.outputs, len(self.inputs)))

        def of(share: Share) -> np.ndarray:
            return self._predictions(weighted, share, self._evaluate(state, share)[0])

        def predict(shares: Sequence[Share], run: Callable) -> None:
            result[shares[0].networks] = _sum_in_turn(of, shares, run)

        in_shares(self.jobs, self.split, predict)
        return result[..., self.distinct.datum].reshape(len(result), -1)

    def _pull(self, share: Share, evaluated: tuple[np.ndarray, Any], prediction: np.ndarray) -> list[Pull]:
        """h and its gradient in z of the units of a share, by output."""
        slopes = self.distinct.weights * self.loss.slope(prediction, self.distinct.targets)
        residuals = slopes.astype(self.dtype).swapaxes(0, 1)
        found = (self.features.pull_back(evaluated, self.prepared, residual) for residual in residuals)
        return [(h.ravel(), gradient.reshape(h.size, -1)) for h, gradient in found]

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        weighted = self.weights(state) * self.space.a(state)
        h = np.empty((self.outputs, self.ladder.total))
        gradient = np.empty((*h.shape, len(self.space.rest)))

        def move(shares: Sequence[Share], run: Callable) -> None:
            pairs = len(self.inputs) * sum(share.units.stop - share.units.start for share in shares)
            kept: dict[int, tuple[np.ndarray, Any]] = {}

            def first(share: Share) -> np.ndarray:
                evaluated = self._evaluate(state, share)
                if pairs <= KEPT:
                    kept[share.units.start] = evaluated
                return self._predictions(weighted, share, evaluated[0])

            prediction = _sum_in_turn(first, shares, run)

            def second(share: Share) -> None:
                evaluated = kept.get(share.units.start) or self._evaluate(state, share)
                for output, found in enumerate(self._pull(share, evaluated, prediction)):
                    h[output, share.units], gradient[output, share.units] = found

            run(second, shares)

        in_shares(self.jobs, self.split, move)
        rate = np.empty(state.shape, self.dtype)

        def finish(first: int) -> None:
            part = slice(first, first + UNITS)
            made = network_rates(self.network, state[:, part], h[:, part], gradient[:, part], self.factor)
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


def network_rates(
    network: Network, state: np.ndarray, h: np.ndarray, gradient: np.ndarray, factor: float = 1.0
) -> np.ndarray:
    """-grad V of the components, and V (components + 1, n), where V = <a, h(z)> + r.

    Arguments:
        state: (components + 1, n); h: (outputs, n); the gradient of h in z: (outputs, n, components of z).
        factor: of lambda.
    """
    space, penalty = network.parameters, network.penalty
    a, z = space.a(state), space.z(state)
    pull = -(h + _times(factor, penalty.slope(a)))
    if kink := factor * penalty.kink:  # lambda |a| holds a unit at a = 0 as long as |h| <= lambda
        pull = np.where(a == 0, -np.sign(h) * np.maximum(np.abs(h) - kink, 0), pull)
    moved = a[0, :, None] * gradient[0]
    for of_one, slope in zip(a[1:], gradient[1:], strict=True):
        moved += of_one[:, None] * slope
    potential = np.sum(a * h + _times(factor, penalty.amplitude(a)), axis=0)
    if confinement := penalty.confinement_at(factor):
        moved += 2 * confinement * z
        potential += confinement * np.sum(z**2, axis=-1)
    rate = np.empty((len(space.components) + 1, len(potential)))
    space.a(rate)[:], space.action(rate)[:] = pull, potential
    np.negative(moved, out=space.z(rate))
    return rate


def _times(factor: float, values: np.ndarray) -> np.ndarray:
    return values if factor == 1 else factor * values


class NumpyPotential(NumpyBackend):
    """Units in an external potential, with a pair interaction within each network."""

    def __init__(self, potential: Potential, ladder: Ladder, precision: str, weight_rate: float):
        super().__init__(potential, ladder, precision, weight_rate)
        self.potential = potential
        interaction = potential.by_moments(ladder.sizes)
        self.moments = None if interaction is None else Moments(interaction, ladder)

    def predictions(self, state: np.ndarray) -> np.ndarray:
        """Nothing: a potential has no data."""
        return np.zeros((len(self.ladder.sizes), 0))

    def velocity(self, state: np.ndarray) -> np.ndarray:
        """-mobility grad V, and V."""
        theta = state[:-1].astype(np.float64)
        rate = self.outside(theta)
        if self.moments is not None:
            forces = self.moments.forces(theta, self.masses(state))
            rate[:-1] -= forces[:-1]
            rate[-1] += forces[-1]
        elif self.potential.interaction is not None:
            self._add_pairs(rate, theta, self.masses(state), self.potential.interaction)
        return self.allowed(rate, state)

    def outside(self, theta: np.ndarray) -> np.ndarray:
        """-grad V0 and V0 (components + 1, units)."""
        external = self.potential.external
        return np.array([*(-slope for slope in external.slopes(list(theta))), external.value(list(theta))])

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
