"""The tangent of the flow of weighted nodes: how f answers to a change of the initial measure, direction by
direction.

Nodes theta_j with weights p_j = omega_j exp(-alpha S_j) / Z carry the mean field (S_j = int V dt along the
path; alpha = 0 without reaction). A direction r changes omega_j by omega_j s_jr. To first order theta_j moves
by T_jr, S_j by q_jr and f by g_r:

    g   = sum_j p_j [grad Phi_j . T_j + (Phi_j - f) (s_j - alpha q_j)]
    T_j' = -M (Hess V(theta_j) T_j + <grad Phi_j, g>)        M the mobility
    q_j' = grad V(theta_j) . T_j + <Phi_j, g>

With directions whose s_j s_j^T sum to 1 / omega_j on the diagonal, sum_r |g_r|^2 = lim n E|f_n - f|^2: this
is the Volterra equation of Chen, Rotskoff, Bruna & Vanden-Eijnden (arXiv:2008.09623) as an ordinary
differential equation of O(nodes) size. A component that a wall holds does not move, nor does its tangent.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from mfpde.lagrangian.backend import Backend, State

#: tangents may err by this many tolerances: a prediction asks for less than the mean field
SLACK = 100.0


class TangentState(NamedTuple):
    """Nodes, and their tangents (nodes, components [+ action], directions) in whatever form the backend holds
    them.
    """

    nodes: State
    tangents: State


class Linearisation(Protocol):
    """The linear algebra of tangents on one backend. Implemented by `tangent_numpy` and `tangent_opencl`."""

    @property
    def nodes(self) -> Backend:
        """What moves the nodes, as one network."""

    def start(self) -> State:
        """Tangents at time 0: none has moved."""

    def rate(self, nodes: State, velocity: State, tangents: State) -> State:
        """d/dt of the tangents; `velocity` is that of the nodes."""

    def hold(self, nodes: State, tangents: State) -> State:
        """No tangent in components that a wall holds; may work in place."""

    def combine(self, y: State, stages: Sequence[State], factors: Sequence[float]) -> State:
        """y + sum factors * stages."""

    def error(self, y_new: State, stages: Sequence[State], factors: Sequence[float], nodes: State) -> float:
        """Root mean square of sum factors * stages over the tangents of all nodes by their weights, relative
        to tangents and directions.
        """

    def response(self, state: TangentState) -> np.ndarray:
        """g at the data (L, directions)."""

    def download(self, tangents: State) -> np.ndarray:
        """Tangents (nodes, components + 1, directions); those of the action are 0 without reaction."""

    def upload(self, tangents: np.ndarray) -> State:
        """Tangents from what `download` gave."""


def relative(error: float, size: float) -> float:
    """The root of a quotient of squares; of finite ones, never infinite."""
    return float(np.sqrt(error / max(size, np.finfo(float).tiny)))


class Tangent:
    """Nodes with their tangents as a backend of the integrator: one flow carries both."""

    def __init__(self, linear: Linearisation):
        self.linear, self.nodes = linear, linear.nodes
        self.name = linear.nodes.name

    def upload(self, state: np.ndarray) -> TangentState:
        """Nodes from an array (components + 1, nodes), tangents as at time 0."""
        return TangentState(self.nodes.upload(state), self.linear.start())

    def download(self, state: TangentState) -> np.ndarray:
        """The nodes."""
        return self.nodes.download(state.nodes)

    def checkpoint(self, state: TangentState) -> dict[str, np.ndarray]:
        """Nodes and tangents."""
        return {"nodes": self.nodes.checkpoint(state.nodes), "tangents": self.linear.download(state.tangents)}

    def restore(self, saved: dict[str, np.ndarray]) -> TangentState:
        """Nodes and tangents of a checkpoint."""
        return TangentState(self.nodes.restore(saved["nodes"]), self.linear.upload(saved["tangents"]))

    def set_prior(self, weights: np.ndarray) -> None:
        """omega."""
        self.nodes.set_prior(weights)

    def anneal(self, factor: float) -> None:
        """Lambda does not change; see `models.changing.check_changing`."""

    def velocity(self, state: TangentState) -> TangentState:
        """d/dt of nodes and tangents."""
        velocity = self.nodes.velocity(state.nodes)
        return TangentState(velocity, self.linear.rate(state.nodes, velocity, state.tangents))

    def predictions(self, state: TangentState) -> np.ndarray:
        """f at the data, (1, L)."""
        return self.nodes.predictions(state.nodes)

    def combine(
        self, y: TangentState, stages: Sequence[TangentState], factors: Sequence[float]
    ) -> TangentState:
        """y + sum factors * stages."""
        nodes, tangents = zip(*stages, strict=True)
        return TangentState(
            self.nodes.combine(y.nodes, nodes, factors), self.linear.combine(y.tangents, tangents, factors)
        )

    def project(self, state: TangentState, origin: TangentState, rate: TangentState) -> TangentState:
        """Nodes at walls and on circles."""
        nodes = self.nodes.project(state.nodes, origin.nodes, rate.nodes)
        return TangentState(nodes, self.linear.hold(nodes, state.tangents))

    def error(
        self,
        y: TangentState,
        y_new: TangentState,
        stages: Sequence[TangentState],
        factors: Sequence[float],
        tolerance: float,
    ) -> float:
        """The larger of the errors of nodes and of tangents: where nodes rest, tangents may still
        move fast.
        """
        nodes, tangents = zip(*stages, strict=True)
        own = self.nodes.error(y.nodes, y_new.nodes, nodes, factors, tolerance)
        return float(
            np.maximum(
                own, self.linear.error(y_new.tangents, tangents, factors, y_new.nodes) / (SLACK * tolerance)
            )
        )

    def weights(self, state: TangentState) -> np.ndarray:
        """p (nodes,)."""
        return self.nodes.weights(state.nodes)

    def masses(self, state: TangentState) -> np.ndarray:
        """Of the nodes."""
        return self.nodes.masses(state.nodes)
