"""The deterministic path to the mean field: characteristics from quadrature nodes of the initial law.

An atomic initial measure stays atomic, and its atoms move like the units of one network; so the mean field is the limit of a
network whose units start at quadrature nodes instead of random draws. Nodes are Sobol points mapped by the quantile functions
(scrambled with a fixed seed; Joe & Kuo 2008, doi:10.1137/070709359). The reaction acts on weights.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models.model import Model

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Characteristics:
    """The mean field at one time, carried by nodes."""

    nodes: np.ndarray  #: (components, nodes)
    weights: np.ndarray  #: (nodes,), summing to 1
    prediction: np.ndarray  #: f(x_l), (L,); empty for a potential
    energy: float


def build_characteristics(case: Case, model: Model, nodes: int, device=None) -> Flow:
    """The flow of 2^k quadrature nodes, 2^k >= `nodes`, at time 0.

    Raises:
        InputError: births from a fixed density, which create nodes, or noise.
    """
    if case.dynamics.births is not None:
        raise InputError(f"{case.path}: dynamics.births: births create units, so the mean field has no characteristics")
    if case.dynamics.diffusion:
        raise InputError(f"{case.path}: dynamics.diffusion: noise leaves no characteristics")
    count = 2 ** int(np.ceil(np.log2(nodes)))
    settings = {"lagrangian.reaction": "weights", "lagrangian.tolerance": TOLERANCE, "lagrangian.precision": "float64"}
    flow = build_flow(case.replace(settings), model, Ladder([count], [1], 0), device)
    free = [k for k, c in enumerate(model.parameters.components) if c.free]
    cube = qmc.Sobol(len(free), scramble=True, rng=np.random.default_rng(0)).random(count)
    state = flow.backend.download(flow.state)
    for column, row in enumerate(free):
        component = model.parameters.components[row]
        state[row] = component.place(component.law.quantile(cube[:, column]))
    flow.restart(flow.backend.upload(state))
    return flow


def observe(model: Model, flow: Flow) -> Characteristics:
    """What the nodes say of the mean field at the present time."""
    state, weights = flow.backend.download(flow.state), flow.backend.weights(flow.state)
    predictions = flow.backend.predictions(flow.state)
    energy = model.cloud_energies(state, weights, predictions, flow.potential(), np.zeros(1, dtype=int))
    return Characteristics(state[:-1], weights, predictions[0], float(energy[0]))
