"""The dynamical central limit theorem as a prediction: lim n E|f_n,t - f_t|^2 from the mean field alone, with
its own numerical error.

Units start i.i.d., so sqrt(n) (mu_n - mu) starts as Gaussian noise; f answers to it linearly in the limit
(`tangent`). The noise has covariance diag(omega) on nodes; the few directions of it that f feels
(`directions`) are followed. Contributions of directions add up, so that the last half of them tells the error
of the rank, unless none is missing; nodes of half the number tell the error of the nodes. With a reaction the
prediction is for units with weights; jumps add noise of their own. Source: Chen, Rotskoff, Bruna &
Vanden-Eijnden, arXiv:2008.09623.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.lagrangian.characteristics import (
    build_characteristics,
    node_count,
    node_rule,
    node_settings,
    why_none,
)
from mfpde.lagrangian.directions import Directions, find_directions
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.perturbation import Perturbation, unfollowed
from mfpde.lagrangian.tangent import Linearisation, Tangent
from mfpde.measures.nodes import per_axis
from mfpde.models.function_space import FunctionSpace
from mfpde.models.problem import Problem

#: times at which features are looked at for directions, as shares of the whole time
PATH = (0.0, 1 / 64, 1 / 16, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0)
#: nodes that a prediction has on every axis of a trapezoidal rule, or Sobol points, at least
FEWEST = 5
#: eigenvalues of the limit covariance that are kept
SPECTRUM = 16


class Follower(Protocol):
    """Directions carried along the flow. Implemented by `FollowedTangent` and `Perturbation`."""

    flow: Flow
    carries_nodes: bool  #: whether the flow is that of the nodes themselves

    def response(self) -> np.ndarray:
        """g (r, directions): the change of f by its coefficients."""

    def mean_variance(self) -> np.ndarray:
        """lim n Var of the mean of every component over the units (components,)."""


class FollowedTangent:
    """Directions carried by the tangent."""

    carries_nodes = True

    def __init__(self, nodes: Flow, settings, linear: Linearisation, directions: np.ndarray):
        self.linear, self.directions = linear, directions
        self.rate = getattr(linear.nodes, "weight_rate", 0.0)
        self.prior = nodes.backend.weights(nodes.state)
        backend = Tangent(linear)
        self.flow = Flow(backend, settings, backend.upload(nodes.backend.download(nodes.state)))

    def response(self) -> np.ndarray:
        """g at the data."""
        return self.linear.response(self.flow.state)

    def mean_variance(self) -> np.ndarray:
        """Of the changes sum_j p_j [T_j + (theta_j - mean) (s_j - alpha q_j)], and of what no direction
        follows.
        """
        backend, state = self.flow.backend, self.flow.state
        theta, p, tangents = (
            backend.download(state)[:-1],
            backend.weights(state),
            self.linear.download(state.tangents),
        )
        shares = p[:, None] * (self.directions - self.rate * tangents[:, -1])
        centred = theta - (theta @ p)[:, None]
        changes = np.einsum("j,jcr->cr", p, tangents[:, :-1]) + centred @ shares
        return np.sum(changes**2, axis=1) + unfollowed(theta, p, self.prior, self.directions)


@dataclass
class Fluctuations:
    """The prediction at one time."""

    model: Problem
    full: Follower
    half: Follower  #: with half the nodes
    found: tuple[Directions, Directions]  #: of either follower

    @property
    def function(self) -> FunctionSpace:
        """Where f is known."""
        assert self.model.function is not None  # `build_fluctuations` saw to it
        return self.model.function

    @property
    def followed(self) -> Directions:
        """Directions that the full one follows."""
        return self.found[0]

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to build the prediction anew and to go on bit by bit from here; see
        `build_fluctuations` and `restore`.
        """
        return {
            "directions": [found._asdict() for found in self.found],
            "flows": [side.flow.checkpoint() for side in (self.full, self.half)],
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        for side, its in zip((self.full, self.half), saved["flows"], strict=True):
            side.flow.restore(its)

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Bring both to a time; `watch` is called after every step."""
        self.full.flow.advance(until, watch)
        self.half.flow.advance(until, watch)


def build_fluctuations(
    case: Case, model: Problem, device=None, saved: dict[str, Any] | None = None
) -> Fluctuations | None:
    """The prediction a case asks for, at time 0; None if it asks for none.

    Arguments:
        saved: a checkpoint of it, whose directions need not be found again.
    Raises:
        InputError: the model has no function, the dynamics no characteristics, or the chosen method does not
            apply.
    """
    if not case.fluctuations.predict:
        return None
    if model.function is None:
        raise InputError(
            f"{case.path}: fluctuations.predict: a potential has no function f to fluctuate; expected"
            ' model.kind = "network"'
        )
    if reason := why_none(case):
        raise InputError(f"{case.path}: fluctuations.predict: the linearised flow has no {reason}")
    obstacle = model.why_no_tangent
    if case.fluctuations.method == "tangent" and obstacle:
        raise InputError(
            f'{case.path}: fluctuations.method: "tangent" does not serve this case: {obstacle}; use'
            ' "perturbation"'
        )
    by_tangent = case.fluctuations.method != "perturbation" and not obstacle
    count = node_count(case, model)
    smaller = half_count(case, model, count)
    known = [None, None] if saved is None else [Directions(**its) for its in saved["directions"]]
    (full, found), (half, found_too) = (
        _follow(case, model, nodes, by_tangent, device, its)
        for nodes, its in zip((count, smaller), known, strict=True)
    )
    return Fluctuations(model, full, half, (found, found_too))


def half_count(case: Case, model: Problem, count: int) -> int:
    """About half as many nodes, whose difference tells the error.

    Raises:
        InputError: there are too few nodes for a prediction, or for half of them to be fewer on an axis.
    """
    axes = sum(c.law.spread for c in model.parameters.free)
    if not axes:
        return 1
    half, each = count // 2, count
    if node_rule(case, model) == "trapezoid":
        each = per_axis(count, axes)
        half = min(half, (each - 1) ** axes)
    if each < FEWEST or half < FEWEST:
        raise InputError(
            f"{case.path}: characteristics.nodes: {count} nodes are too few to predict fluctuations with;"
            f" expected {FEWEST} or more on every axis "
            f'of the rule "{node_rule(case, model)}" (4096 serve two parameters; with many, use rule ='
            ' "sobol")'
        )
    return half


def _follow(
    case: Case, model: Problem, count: int, by_tangent: bool, device, found: Directions | None = None
) -> tuple[Follower, Directions]:  # fmt: skip
    times, tolerance = case.time * np.array(PATH), case.characteristics.tolerance
    if found is None:
        path = build_characteristics(case, model, count, device, tolerance=tolerance)
        found = find_directions(model, path, times, case.fluctuations.rank)
    nodes = build_characteristics(case, model, count, device, tolerance=tolerance)
    settings = node_settings(case, tolerance)
    if not by_tangent:
        start, prior = nodes.backend.download(nodes.state), nodes.backend.weights(nodes.state)
        return Perturbation(settings, model, start, prior, found.values, device), found
    if isinstance(nodes.backend, NumpyNetwork):
        from mfpde.lagrangian.tangent_numpy import NumpyTangent

        return (
            FollowedTangent(
                nodes, settings.lagrangian, NumpyTangent(nodes.backend, found.values), found.values
            ),
            found,
        )
    from mfpde.lagrangian.forces_opencl import OpenCLNetwork
    from mfpde.lagrangian.tangent_opencl import OpenCLTangent

    assert isinstance(nodes.backend, OpenCLNetwork)
    return (
        FollowedTangent(
            nodes, settings.lagrangian, OpenCLTangent(nodes.backend, found.values, device), found.values
        ),
        found,
    )
