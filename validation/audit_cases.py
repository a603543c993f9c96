"""The cases of the audit of error bounds: activations, axes, reactions, penalties, laws, noise; 17 to 129
cells; before and after concentration.

Constants of `mfpde.monitors.bounds` were chosen on TUNED (and a few more like them) alone; none was chosen on
OTHERS.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mfpde.case import Case
from mfpde.case.load import case_from_tables

OUTPUTS = 6  #: of every case, after the start
CIRCLE = 6.283185307179586
ROOM = 5.0  #: standard deviations of a normal law on both sides, at least, to the walls

Law = Mapping[str, Any]


def normal(std: float = 0.8, mean: float = 0.0) -> Law:
    """A normal law."""
    return {"law": "normal", "std": std, "mean": mean}


def uniform(low: float, high: float) -> Law:
    """A uniform law."""
    return {"law": "uniform", "low": low, "high": high}


def cauchy(r: float, mean: float = 3.0) -> Law:
    """A wrapped Cauchy law."""
    return {"law": "wrapped_cauchy", "mean": mean, "r": r}


def axis(cells: int, law: Law, domain: float = 4.0) -> dict[str, Any]:
    """An axis with walls, wide enough for its law."""
    room = abs(law["mean"]) + ROOM * law["std"] if law["law"] == "normal" else 0.0
    wall = max(domain, room)
    return {"domain": [-wall, wall], "cells": cells, "initial": dict(law)}


def circle(cells: int, law: Law) -> dict[str, Any]:
    """A circle of length 2 pi."""
    return {"s": {"domain": [0, CIRCLE], "cells": cells, "periodic": True, "initial": dict(law)}}


def _case(name: str, time: float, tables: dict[str, Any], alpha: float, tau: float) -> Case:
    tables |= {"title": name, "time": time, "dynamics": {"birth_death": alpha, "diffusion": tau}}
    tables |= {"lagrangian": {"units": []}, "output": {"every": time / OUTPUTS, "fields_every": time}}
    return case_from_tables(tables, Path("audit.toml"))


def network(
    activation: str,
    names: str,
    cells: int,
    laws: Law | list[Law],
    time: float,
    alpha: float = 0.0,
    tau: float = 0.0,
    penalty: float = 0.01,
    power: float = 2.0,
    confinement: float = 0.0,
    teacher: str = "sin(1.5*x0)",
    domain: float = 4.0,
) -> Callable[[str], Case]:
    """A network of one input that learns a teacher on 16 points."""
    given = laws if isinstance(laws, list) else [laws] * len(names)
    parameters = {name: axis(cells, law, domain) for name, law in zip(names, given, strict=True)}
    if "w" not in names:
        parameters["w"] = {"fixed": 1.0}
    tables = {
        "model": {
            "activation": activation,
            "bias": "b" in names,
            "penalty": {"lambda": penalty, "power": power, "confinement": confinement},
        },
        "data": {"teacher": teacher, "inputs": {"law": "grid", "low": -2, "high": 2, "points": 16}},
        "parameters": parameters,
    }
    return lambda name: _case(name, time, dict(tables), alpha, tau)


def potential(
    external: str | None,
    interaction: str | None,
    parameters: dict[str, Any],
    time: float,
    alpha: float = 0.0,
    tau: float = 0.0,
    exact: str | None = None,
) -> Callable[[str], Case]:
    """A potential."""
    formulas = {"external": external, "interaction": interaction}
    tables: dict[str, Any] = {
        "model": {"kind": "potential"} | {k: v for k, v in formulas.items() if v},
        "parameters": parameters,
    }
    if exact:
        tables["exact"] = {"solution": exact}
    return lambda name: _case(name, time, dict(tables), alpha, tau)


TUNED: dict[str, Callable[[str], Case]] = {
    "relu, (a, w), alpha 2, 33": network("relu", "aw", 33, normal(), 4, 2.0),
    "relu, (a, w), power 1, 65": network("relu", "aw", 65, normal(), 6, penalty=0.02, power=1),
    "relu, (a, w), power 1, alpha 1, 33": network(
        "relu", "aw", 33, normal(), 3, 1.0, penalty=0.02, power=1, teacher="abs(x0)"
    ),
    "relu, (a, b) uniform, 65": network("relu", "ab", 65, uniform(-1.5, 1.5), 5, teacher="abs(x0)"),
    "relu, (a, w, b) uniform, 49": network("relu", "awb", 49, uniform(-1, 1), 3, domain=3),
    "tanh, (a, w), 33": network("tanh", "aw", 33, normal(), 8, confinement=0.01),
    "tanh, (a, w), alpha 1, 64": network("tanh", "aw", 64, normal(0.6), 8, 1.0),
    "tanh, (a, w) gathered, 129": network("tanh", "aw", 129, normal(0.6), 40, confinement=0.01, domain=5),
    "tanh, (a, w, b), 33": network("tanh", "awb", 33, normal(), 6, confinement=0.005),
    "tanh, (a, w, b), alpha 2, 33": network("tanh", "awb", 33, normal(), 6, 2.0, confinement=0.005),
    "tanh, (a, w, b), alpha 1, 17": network("tanh", "awb", 17, normal(), 4, 1.0),
    "tanh, (a, w), noise, 33": network("tanh", "aw", 33, normal(), 4, tau=0.05),
    "Kuramoto, no noise, 65": potential(None, "-cos(s)", circle(65, cauchy(0.5)), 8, exact="wrapped_cauchy"),
    "Kuramoto, repelling, 33": potential(None, "cos(s)", circle(33, cauchy(0.7)), 6, exact="wrapped_cauchy"),
    "circle, alpha 2, 48": potential("cos(s)", None, circle(48, cauchy(0.4)), 6, 2.0),
    "contraction, 64": potential("x^2/2", None, {"x": axis(64, normal(0.5, 0.7))}, 6, exact="gaussian"),
    "contraction, uniform, 33": potential("x^2/2", None, {"x": axis(33, uniform(-2, 1))}, 5),
    "double well, 97": potential("x^4/4 - x^2/2", None, {"x": axis(97, normal(0.7, 0.2), 3)}, 5),
    "double well, noise, 65": potential(
        "x^4/4 - x^2/2", "x^2/2", {"x": axis(65, normal(0.3, 1.0), 3.5)}, 10, tau=0.3
    ),
    "relu, (a, w, b) uniform, 41": network(
        "relu", "awb", 41, uniform(-1.2, 0.9), 4, domain=3, teacher="x0^2/3"
    ),
    "tanh, (a, w) gathered, 65": network(
        "tanh", "aw", 65, normal(0.6), 30, penalty=0.02, confinement=0.02, domain=5, teacher="tanh(2*x0)"
    ),
    "tanh, (a, b) uniform, alpha 1, 33": network(
        "tanh", "ab", 33, [uniform(-2, 2), uniform(-1, 1.5)], 8, 1.0, teacher="tanh(x0 - 0.5)"
    ),
    "erf, (a, w, b), power 1, 20": network("erf", "awb", 20, normal(), 5, power=1),
    "Gaussian, (a, w) narrow, alpha 1, 49": network(
        "gaussian", "aw", 49, [normal(0.08, 0.3), normal(0.1, 1.2)], 5, 1.0, teacher="exp(-x0^2)"
    ),
}

OTHERS: dict[str, Callable[[str], Case]] = {
    "relu, (a, w), alpha 2, 49": network(
        "relu", "aw", 49, normal(0.9, 0.2), 5, 2.0, penalty=0.005, teacher="x0^2/3"
    ),
    "relu, (a, w), power 1, 64": network(
        "relu", "aw", 64, normal(0.9), 5, penalty=0.03, power=1, teacher="abs(x0) - 0.5"
    ),
    "relu, (a, w), noise, 65": network("relu", "aw", 65, normal(0.7), 4, tau=0.02),
    "relu squared, (a, w), alpha 0.5, 64": network(
        "relu_squared", "aw", 64, normal(0.5), 3, 0.5, teacher="x0^2/2", domain=3
    ),
    "tanh, (a, w), 48": network(
        "tanh", "aw", 48, normal(0.9), 10, penalty=0.02, confinement=0.02, teacher="sin(2*x0)"
    ),
    "tanh, (a, w), power 1, alpha 1, 21": network(
        "tanh", "aw", 21, normal(0.9), 5, 1.0, penalty=0.02, power=1
    ),
    "tanh, (a, b), alpha 2, noise, 33": network("tanh", "ab", 33, normal(0.6), 4, 2.0, 0.05),
    "cos, (a, w, b), alpha 0.5, 25": network(
        "cos", "awb", 25, normal(0.7), 4, 0.5, teacher="cos(2*x0) + 0.3*x0"
    ),
    "softplus, (a, b), alpha 0.5, 65": network("softplus", "ab", 65, normal(1.0), 8, 0.5, teacher="x0^2/4"),
    "linear, (a, w), 33": network("linear", "aw", 33, normal(0.6), 5, teacher="-x0"),
    "Kuramoto, no noise, 97": potential(
        None, "-cos(s)", circle(97, cauchy(0.7, 2.0)), 7, exact="wrapped_cauchy"
    ),
    "Kuramoto, uniform, alpha 1, 49": potential(
        "0.2*cos(2*s)", "-cos(s)", circle(49, uniform(2, 5.5)), 5, 1.0
    ),
    "Kuramoto, noise, 33": potential(None, "-cos(s)", circle(33, cauchy(0.4)), 8, tau=0.2),
    "attention, 64": potential(None, "-exp(2*cos(s))/2", circle(64, cauchy(0.5)), 3),
    "contraction, uniform, alpha 0.5, 64": potential(
        "x^2/2", None, {"x": axis(64, uniform(-1.3, 2.1))}, 5, 0.5
    ),
    "x^4, 33": potential("x^4/4", None, {"x": axis(33, normal(0.7, 0.5), 3)}, 5),
    "Ornstein-Uhlenbeck, alpha 0.5, 64": potential(
        "x^2/2", None, {"x": axis(64, normal(0.5, -1.0))}, 4, 0.5, 0.2
    ),
    "two axes, quadratic, uniform, 48": potential(
        "x^2/2 + y^2/4", None, {"x": axis(48, uniform(-1.5, 1)), "y": axis(48, normal(0.7, 0.8))}, 4
    ),
}
