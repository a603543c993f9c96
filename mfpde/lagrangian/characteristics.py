"""The deterministic path to the mean field: characteristics from quadrature nodes of the initial law.

An atomic initial measure stays atomic, and its atoms move like the units of one network; so the mean field is
the limit of a network whose units start at quadrature nodes instead of random draws. The reaction acts on
weights.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.measures.nodes import Rule, quadrature
from mfpde.models.changing import at_time
from mfpde.models.problem import Cloud, Problem

TOLERANCE = 1e-9  #: of nodes that serve as a reference
MOST_TENSOR = 2  #: free components up to which the tensor trapezoidal rule beats Sobol points
#: nodes that a prediction of fluctuations has unless the case says otherwise: with the trapezoidal rule, with
#: Sobol points
NODES = {"trapezoid": 1024, "sobol": 8192}


@dataclass(frozen=True)
class Characteristics:
    """The mean field at one time, carried by nodes."""

    nodes: np.ndarray  #: (components, nodes)
    weights: np.ndarray  #: (nodes,), summing to the mass, which is 1 where it is conserved
    prediction: np.ndarray  #: f(x_l), (L,); empty for a potential
    energy: float


def why_none(case: Case) -> str | None:
    """The key that leaves a case without characteristics, and why; None if it has them."""
    if isinstance(case.dynamics.birth_death, str):
        return "dynamics.birth_death: a rate that changes in time acts on no weights"
    if case.dynamics.injects:
        return "dynamics.births: births create units"
    return "dynamics.diffusion: noise scatters units" if case.dynamics.diffusion else None


def node_settings(case: Case, tolerance: float) -> Case:
    """The case with what moves units set for nodes: weights, float64 and a tolerance of their own."""
    return case.replace(
        {
            "lagrangian.reaction": "weights",
            "lagrangian.tolerance": tolerance,
            "lagrangian.precision": "float64",
            "lagrangian.start": "random",
            "lagrangian.retraction": "mirror",
            "lagrangian.fixed_step": None,
        }
    )


def node_rule(case: Case, model: Problem) -> Rule:
    """The rule of the nodes: the case's, or by the number of free components."""
    if case.characteristics.rule != "auto":
        return case.characteristics.rule
    return "trapezoid" if len(model.parameters.free) <= MOST_TENSOR else "sobol"


def node_count(case: Case, model: Problem) -> int:
    """Nodes the case asks for; 0 for none."""
    asked = case.characteristics.nodes
    return asked or (NODES[node_rule(case, model)] if case.fluctuations.predict else 0)


def points_flow(
    case: Case,
    model: Problem,
    points: np.ndarray,
    weights: np.ndarray,
    device=None,
    tolerance: float = TOLERANCE,
) -> Flow:
    """The flow of weighted points at time 0; the reaction acts on their weights.

    Arguments:
        points: (free components, n); weights: (n,), summing to 1.
        tolerance: of the integrator.
    Raises:
        InputError: the case has no characteristics.
    """
    if reason := why_none(case):
        raise InputError(f"{case.path}: {reason}, so there are no characteristics")
    flow = build_flow(node_settings(case, tolerance), model, Ladder([len(weights)], [1], 0), device)
    flow.backend.set_prior(weights)
    state = flow.backend.download(flow.state)
    free = [k for k, c in enumerate(model.parameters.components) if c.free]
    for row, values in zip(free, points, strict=True):
        state[row] = model.parameters.components[row].place(values)
    flow.restart(flow.backend.upload(state))
    return flow


def build_characteristics(
    case: Case,
    model: Problem,
    nodes: int,
    device=None,
    rule: Rule | None = None,
    tolerance: float = TOLERANCE,
) -> Flow:
    """The flow of about `nodes` quadrature nodes at time 0; Sobol points are rounded up to a power of 2.

    Arguments:
        rule: the case's if None.
        tolerance: of the integrator.
    Raises:
        InputError: the case has no characteristics.
    """
    laws = [c.law for c in model.parameters.free]
    rule = rule or node_rule(case, model)
    count = 2 ** int(np.ceil(np.log2(nodes))) if rule == "sobol" else nodes
    return points_flow(case, model, *quadrature(laws, count, rule), device, tolerance)


def observe(model: Problem, flow: Flow) -> Characteristics:
    """What the nodes say of the mean field at the present time."""
    state, weights = flow.backend.download(flow.state), flow.backend.masses(flow.state)
    predictions = flow.backend.predictions(flow.state)
    cloud = Cloud(state, weights, predictions, flow.potential(), np.zeros(1, dtype=int))
    energy = at_time(model, flow.time).cloud_values(cloud)["energy"]
    return Characteristics(model.parameters.theta(state), weights, predictions[0], float(energy[0]))
