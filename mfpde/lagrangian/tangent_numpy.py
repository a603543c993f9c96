"""The readable reference for kernels/tangent_units.cl: derivatives of features and potential at nodes, and
the tangents' rate.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mfpde.lagrangian.backend import State
from mfpde.lagrangian.distinct import perceptron
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.numpy_backend import weighted_sum
from mfpde.lagrangian.tangent import TangentState, relative
from mfpde.models.network import Network
from mfpde.threads import each, product

#: numbers of an array of some nodes that are worked on together
BLOCK = 2**17


class Derivatives(NamedTuple):
    """Of some nodes."""

    gradient: np.ndarray  #: of Phi, with Phi itself last (nodes, components + 1, L)
    hessian: np.ndarray  #: of V, with its gradient as last row (nodes, components + 1, components)


class NumpyTangent:
    """Tangents are arrays (nodes, components + 1, directions), the action's last.

    Arguments:
        nodes: the backend of one network of nodes.
        directions: s (nodes, directions).
    """

    def __init__(self, nodes: NumpyNetwork, directions: np.ndarray):
        self.nodes, self.directions = nodes, directions
        self.model: Network = nodes.network
        self.confinement = 2 * self.model.penalty.confinement
        self.features = perceptron(self.model)
        self.data, components = self.features.data, len(self.model.parameters.components)
        self.x = np.column_stack([self.data.x, np.ones(len(self.data.x))])[:, : components - 1]
        count, rank = directions.shape
        rows = max(1, BLOCK // ((components + 1) * max(len(self.x), rank)))
        self.blocks = [slice(i, i + rows) for i in range(0, count, rows)]

    def start(self) -> np.ndarray:
        """No tangent at time 0."""
        return np.zeros(
            (len(self.directions), len(self.model.parameters.components) + 1, self.directions.shape[1])
        )

    def _residual(self, state: np.ndarray) -> np.ndarray:
        return self.model.risk.source(self.nodes.predictions(state))[0]

    def _derivatives(self, state: np.ndarray, residual: np.ndarray | None = None) -> Derivatives:
        """Of some nodes; without `residual`, of all."""
        residual = self._residual(state) if residual is None else residual
        space, penalty, x = self.model.parameters, self.model.penalty, self.x
        a, z = space.a(state)[0], space.z(state)
        t = product(z, x.T)
        value, slope, second = self.features.activation.with_curvature(t)
        components = z.shape[1] + 1
        gradient = np.empty((len(a), components + 1, len(x)))
        gradient[:, 0] = value
        np.multiply((a[:, None] * slope)[:, None], x.T, out=gradient[:, 1:-1])
        np.multiply(a[:, None], value, out=gradient[:, -1])
        hessian = np.zeros((len(a), components + 1, components))
        hessian[:, 0, 0] = penalty.curvature(a)
        hessian[:, 0, 1:] = hessian[:, 1:-1, 0] = product(slope, residual[:, None] * x)
        squares = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        curved = a[:, None] * product(second, residual[:, None] * squares)
        hessian[:, 1:-1, 1:] = curved.reshape(-1, components - 1, components - 1) + self.confinement * np.eye(
            components - 1
        )
        hessian[:, -1, 0] = np.einsum("jl,l->j", value, residual) + penalty.slope(a)
        hessian[:, -1, 1:] = a[:, None] * hessian[:, 0, 1:] + self.confinement * z
        return Derivatives(gradient, hessian)

    def _part(
        self, p: np.ndarray, gradient: np.ndarray, block: slice, tangents: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What some nodes of weights p add to g, to f and to the change of all weights: (L, directions),
        (L,), (directions,).
        """
        shares = p[:, None] * (self.directions[block] - self.nodes.weight_rate * tangents[:, -1])
        # by Phi's gradient and the tangents, and by Phi and the shares: one product of matrices
        factors = gradient.copy()
        factors[:, :-1] *= p[:, None, None]
        moved = np.concatenate([tangents[:, :-1], shares[:, None]], axis=1)
        length, rank = gradient.shape[-1], moved.shape[-1]
        response = product(np.ascontiguousarray(factors.reshape(-1, length).T), moved.reshape(-1, rank))
        return response, np.einsum("j,jl->l", p, gradient[:, -1]), shares.sum(axis=0)

    def _follow(self, state: np.ndarray, tangents: np.ndarray) -> tuple[list[Derivatives], np.ndarray]:
        """Derivatives by block, and g (L, directions)."""
        p, residual = self.nodes.weights(state), self._residual(state)

        def of(block: slice) -> tuple[Derivatives, tuple[np.ndarray, ...]]:
            with np.errstate(all="ignore"):
                derivatives = self._derivatives(state[:, block], residual)
                return derivatives, self._part(p[block], derivatives.gradient, block, tangents[block])

        found = each(of, self.blocks)
        response, f, shares = (
            sum(part[1:], start=part[0]) for part in zip(*(parts for _, parts in found), strict=True)
        )
        return [derivatives for derivatives, _ in found], response - np.outer(f, shares)

    def response(self, state: TangentState) -> np.ndarray:
        """g at the data (L, directions)."""
        return self._follow(state.nodes, state.tangents)[1]

    def rate(self, nodes: np.ndarray, velocity: np.ndarray, tangents: np.ndarray) -> np.ndarray:
        """d/dt of the tangents."""
        derivatives, response = self._follow(nodes, tangents)
        f = self.nodes.predictions(nodes)
        bend = self.features.loss.curvature(f, self.data.targets, np.ones_like(f))[0]
        weighted = (self.data.weights * bend)[:, None] * response
        rate = np.empty_like(tangents)

        def fill(k: int) -> None:
            block, gradient = self.blocks[k], derivatives[k].gradient
            part = rate[block]
            np.matmul(derivatives[k].hessian, tangents[block][:, :-1], out=part)
            part += product(gradient.reshape(-1, gradient.shape[-1]), weighted).reshape(part.shape)
            part[:, :-1] *= -self.nodes.mobility

        each(fill, range(len(self.blocks)))
        if not self.nodes.weight_rate:
            rate[:, -1] = 0
        rate[self._held(nodes, velocity)] = 0
        return rate

    def _held(self, nodes: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Which components (nodes, components + 1) a wall holds."""
        low, high = self.nodes.low[:, None], self.nodes.high[:, None]
        return (((nodes <= low) | (nodes >= high)) & (velocity == 0) & ~self.nodes.periodic[:, None]).T

    def hold(self, nodes: np.ndarray, tangents: np.ndarray) -> np.ndarray:
        """No tangent in components at walls; in place."""
        tangents[self._held(nodes, np.zeros_like(nodes))] = 0
        return tangents

    def combine(self, y: np.ndarray, stages: Sequence[State], factors: Sequence[float]) -> np.ndarray:
        """y + sum factors * stages."""
        return weighted_sum(stages, factors, y)

    def error(
        self, y_new: np.ndarray, stages: Sequence[State], factors: Sequence[float], nodes: np.ndarray
    ) -> float:
        """Root mean square of sum factors * stages, relative to tangents and directions."""
        p, local = self.nodes.weights(nodes), weighted_sum(stages, factors)
        size = np.einsum("jcr,jcr->j", y_new, y_new) + np.einsum("jr,jr->j", self.directions, self.directions)
        return relative(float(p @ np.einsum("jcr,jcr->j", local, local)), float(p @ size))

    def download(self, tangents: np.ndarray) -> np.ndarray:
        """The tangents."""
        return tangents.copy()

    def upload(self, tangents: np.ndarray) -> np.ndarray:
        """The tangents."""
        return tangents.copy()
