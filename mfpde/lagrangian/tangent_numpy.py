"""The readable reference for kernels/tangent_units.cl: derivatives of features and potential at nodes, and the tangents' rate."""

from collections.abc import Sequence

import numpy as np

from mfpde.lagrangian.backend import State
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.tangent import TangentState, relative
from mfpde.models.network import Network


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

    def start(self) -> np.ndarray:
        """No tangent at time 0."""
        return np.zeros((len(self.directions), len(self.model.parameters.components) + 1, self.directions.shape[1]))

    def _derivatives(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Phi's gradient with Phi itself last (nodes, components + 1, L), and the Hessian of V with its gradient as last row (.., components)."""
        model, a, z = self.model, state[0], state[1:-1].T
        t = model.preactivations(z)
        value, slope = model.activation.value(t), model.activation.slope(t)
        x = np.column_stack([model.data.x, np.ones(len(model.data.x))])[:, : z.shape[1]]
        gradient = np.concatenate([value[:, None], (a[:, None] * slope)[:, None] * x.T, (a[:, None] * value)[:, None]], axis=1)
        residual = model.residual(self.nodes.predictions(state))[0]
        components = z.shape[1] + 1
        hessian = np.zeros((len(a), components + 1, components))
        hessian[:, 0, 0] = model.penalty_amplitude_curvature(a)
        hessian[:, 0, 1:] = hessian[:, 1:-1, 0] = (slope * residual) @ x
        curvature = model.activation.curvature(t) * residual * a[:, None]
        hessian[:, 1:-1, 1:] = np.einsum("jl,lc,ld->jcd", curvature, x, x) + self.confinement * np.eye(components - 1)
        hessian[:, -1, 0] = value @ residual + model.penalty_amplitude_slope(a)
        hessian[:, -1, 1:] = a[:, None] * hessian[:, 0, 1:] + self.confinement * z
        return gradient, hessian

    def _response(self, gradient: np.ndarray, state: np.ndarray, tangents: np.ndarray) -> np.ndarray:
        p = self.nodes.weights(state)
        shares = p[:, None] * (self.directions - self.nodes.weight_rate * tangents[:, -1])
        moved = np.einsum("j,jcl,jcr->lr", p, gradient[:, :-1], tangents[:, :-1])
        return moved + gradient[:, -1].T @ shares - np.outer(p @ gradient[:, -1], shares.sum(axis=0))

    def response(self, state: TangentState) -> np.ndarray:
        """g at the data (L, directions)."""
        return self._response(self._derivatives(state.nodes)[0], state.nodes, state.tangents)

    def rate(self, nodes: np.ndarray, velocity: np.ndarray, tangents: np.ndarray) -> np.ndarray:
        """d/dt of the tangents."""
        gradient, hessian = self._derivatives(nodes)
        weighted = self.model.data.weights[:, None] * self._response(gradient, nodes, tangents)
        rate = hessian @ tangents[:, :-1] + gradient @ weighted
        rate[:, :-1] *= -self.nodes.mobility
        if not self.nodes.weight_rate:
            rate[:, -1] = 0
        return np.where(self._held(nodes, velocity), 0.0, rate)

    def _held(self, nodes: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Which components (nodes, components + 1, 1) a wall holds."""
        low, high = self.nodes.low[:, None], self.nodes.high[:, None]
        at_wall = ((nodes <= low) | (nodes >= high)) & (velocity == 0) & ~self.nodes.periodic[:, None]
        return at_wall.T[:, :, None]

    def hold(self, nodes: np.ndarray, tangents: np.ndarray) -> np.ndarray:
        """No tangent in components at walls."""
        return np.where(self._held(nodes, np.zeros_like(nodes)), 0.0, tangents)

    def combine(self, y: np.ndarray, stages: Sequence[State], factors: Sequence[float]) -> np.ndarray:
        """y + sum factors * stages."""
        return y + sum(factor * stage for factor, stage in zip(factors, stages, strict=True))

    def error(self, y_new: np.ndarray, stages: Sequence[State], factors: Sequence[float], nodes: np.ndarray) -> float:
        """Root mean square of sum factors * stages, relative to tangents and directions."""
        p, local = self.nodes.weights(nodes), np.tensordot(factors, np.array(stages), axes=1)
        size = np.sum(y_new**2, axis=(1, 2)) + np.sum(self.directions**2, axis=1)
        return relative(float(p @ np.sum(local**2, axis=(1, 2))), float(p @ size))

    def download(self, tangents: np.ndarray) -> np.ndarray:
        """The tangents."""
        return tangents.copy()

    def upload(self, tangents: np.ndarray) -> np.ndarray:
        """The tangents."""
        return tangents.copy()
