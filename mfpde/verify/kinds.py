"""Kinds of kernels, and what all of them give on a small case, by the reference and on a device.

Each function of `KINDS` gives the results of NumPy first, then those of the device.
"""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mfpde.case import Case
from mfpde.case.load import case_from_tables

CASE = """
time = 1.0
[model]
bias = false
penalty = { lambda = 0.1, power = 1.5 }
[data]
teacher = "sin(1.5*x0)"
inputs = { law = "grid", low = -2, high = 2, points = 21 }
[parameters.a]
domain = [-3, 3]
cells = 12
initial = { law = "normal", within = [-3, 3] }
[parameters.w]
domain = [-3, 3]
cells = 19
initial = { law = "uniform", low = -3, high = 3 }
[dynamics]
birth_death = 1.0
[lagrangian]
reaction = "weights"
"""
PLANE: dict[str, Any] = {}
#: features that differ so much that compression by boxes pays
WAVES = {
    "model.activation": "cos",
    "data.inputs.points": 128,
    "parameters.a.cells": 5,
    "parameters.w.domain": [-60, 60],
    "parameters.w.cells": 1024,
}
#: with every built-in function that formulas may call
ACTIVATION = (
    "tanh(t) + 0.1*sin(t)*cos(t) + exp(-t^2) + log(1 + t^2) + sqrt(1 + t^2) + 0.1*erf(t) + softplus(t) +"
    " sigmoid(t) + abs(t)"
)
POPULATION = {
    "teacher": {"kind": "planted", "units": [{"a": 1.0, "w": [1.0, 0.5]}, {"a": -1.0, "w": [0.2, -1.0]}]},
    "population": "gaussian",
    "dimension": 2,
}
#: of stages, as those of Dormand and Prince: the second one does not count
FACTORS = (0.1, 0.0, 0.2, -0.1, 0.3, 0.05, -0.2)
Results = dict[str, np.ndarray]


def case(**changes: Any) -> Case:
    """The small case, with dotted keys changed."""
    return case_from_tables(tomllib.loads(CASE), Path("probe.toml"), CASE).replace(changes)


def mesh(precision: str, device: Any) -> Iterator[Results]:
    """Every operation on a mesh with dense features, and those that use features with compressed ones."""
    from mfpde.eulerian.numpy_backend import NumpyBackend
    from mfpde.eulerian.opencl_backend import OpenCLBackend
    from mfpde.models import build_model

    for where in (None, device):
        results: Results = {}
        for name, changes, tolerance in (("", PLANE, 0.0), ("compressed ", WAVES, 1e-2)):
            network = build_model(case(**changes))
            cells = network.parameters.mesh()
            arrays = network.on_mesh(cells).compressed(cells, tolerance)
            density = np.random.default_rng(1).random(cells.shape)
            density[density < 0.2] = 0
            density /= np.sum(density * cells.volumes)
            given = (cells, arrays, "fromm", precision)
            backend = NumpyBackend(*given, 0.05) if where is None else OpenCLBackend(*given, where, tau=0.05)
            results |= {
                f"{name}{key}": value
                for key, value in _mesh_results(backend, arrays, density, tolerance > 0).items()
            }
        yield results


def _mesh_results(backend: Any, arrays: Any, density: np.ndarray, features_only: bool) -> Results:
    field = backend.upload(density)
    moments = backend.moments(field)
    potential = backend.potential(arrays.energy.source(moments.linear))
    if features_only:
        return {
            "moments": np.array([*moments.linear, moments.mass, backend.spread(field, potential, 0.1, 1)])
        }
    rate = backend.rate(field, potential)
    combined, least = backend.combine(0.5, field, 0.5, field, 1e-3, rate.field)
    stage = backend.stage(field, combined, potential, 1e-3)
    fields = {
        "rate": rate.field,
        "combine": combined,
        "stage": stage.field,
        "react": backend.react(field, potential, 0.5, 0.1, 0.9),
        **{f"implicit {k}": backend.implicit(field, potential, k, 0.1) for k in range(density.ndim)},
    }
    numbers = {
        "moments": [*moments.linear, moments.mass, moments.penalty],
        "limits": [rate.courant, rate.dissipation, least, stage.courant, stage.dissipation],
        "sums": [
            backend.spread(field, potential, 0.1, 1),
            backend.spread(field, potential, 0.1, 2, 0.05),
            backend.entropy(field),
        ],
    }
    return {name: backend.download(one) for name, one in fields.items()} | {
        name: np.array(values) for name, values in numbers.items()
    }


def _units(changed: Case, precision: str, device: Any) -> Iterator[Results]:
    from mfpde.lagrangian.ladder import Ladder
    from mfpde.lagrangian.solver import build_backend
    from mfpde.models import build_model

    model, ladder = build_model(changed), Ladder([5, 37], [2, 1], 1)
    start = ladder.initial_state(model.parameters)
    start[-1] = np.linspace(0, 1, ladder.total)
    for where in (None, device):
        backend = build_backend(model, ladder, precision, 0.7, where)
        state = backend.upload(start)
        rate = backend.velocity(state)
        stages = [rate] * 7
        moved = backend.project(backend.combine(state, stages[:2], [0.1, 0.2]), state, rate)
        yield {
            "velocity": backend.download(rate),
            "predictions": backend.predictions(state),
            "step": backend.download(moved),
            "weights": backend.weights(state),
            "error": np.array([backend.error(state, moved, stages, FACTORS, 1e-3)]),
        }


def network(precision: str, device: Any) -> Iterator[Results]:
    """Velocities of units of a network that learns data."""
    return _units(case(**{"model.activation": ACTIVATION}), precision, device)


def population(precision: str, device: Any) -> Iterator[Results]:
    """Velocities of units under a population loss."""
    changed = case(
        **{
            "data": POPULATION,
            "model.activation": "relu",
            "model.bias": False,
            "parameters": _free(("a", "w1", "w2")),
        }
    )
    return _units(changed, precision, device)


def potential(precision: str, device: Any) -> Iterator[Results]:
    """Velocities of units in a potential, with an interaction by all pairs and one of finite rank."""
    sides = []
    for interaction in ("cos(a)*exp(-w^2)", "(1 + cos(a))^6 + cos(a)*w^2 + exp(a) + exp(-a)"):
        model = {
            "kind": "potential",
            "external": "a^4/4 + exp(-w^2)*sin(w) + log(1 + a^2)",
            "interaction": interaction,
        }
        tables = tomllib.loads(CASE) | {"model": model, "parameters": _free(("a", "w"))}
        del tables["data"]
        sides.append(_units(case_from_tables(tables, Path("probe.toml"), ""), precision, device))
    for pairs, moments in zip(*sides, strict=True):
        yield {
            f"{name} by {way}": value
            for way, found in (("pairs", pairs), ("moments", moments))
            for name, value in found.items()
        }


def _free(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"initial": {"law": "normal"}} for name in names}


def tangent(precision: str, device: Any) -> Iterator[Results]:
    """Rates of tangents of nodes."""
    from mfpde.lagrangian.forces_numpy import NumpyNetwork
    from mfpde.lagrangian.forces_opencl import OpenCLNetwork
    from mfpde.lagrangian.ladder import Ladder
    from mfpde.lagrangian.tangent_numpy import NumpyTangent
    from mfpde.lagrangian.tangent_opencl import OpenCLTangent
    from mfpde.models.network import build_network

    smooth = build_network(case(**{"model.penalty.power": 2}))
    ladder, into = Ladder([37], [1], 1), np.random.default_rng(1).standard_normal((37, 6))
    sides: list[tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]] = [
        (NumpyNetwork, NumpyTangent, ()), (OpenCLNetwork, OpenCLTangent, (device,))
    ]  # fmt: skip
    for make, follow, more in sides:
        nodes = make(smooth, ladder, precision, 0.7, *more)
        tangents = follow(nodes, into, *more)
        state = nodes.upload(ladder.initial_state(smooth.parameters))
        velocity = nodes.velocity(state)
        rate = tangents.rate(state, velocity, tangents.start())
        yield {"rate": tangents.download(tangents.hold(state, tangents.combine(rate, [rate], [0.5])))}


KINDS: dict[str, Callable[[str, Any], Iterator[Results]]] = {
    "mesh": mesh, "network": network, "population": population, "potential": potential, "tangent": tangent,
}  # fmt: skip
