"""The runs of `validation.bits`: every shipped case made small, and small cases of what those leave out."""

from pathlib import Path
from typing import Any

from mfpde.case import Case
from mfpde.case.load import case_from_tables, load_variants
from mfpde.case.shipped import shipped_files

BACKENDS = ("numpy", "opencl")
MOST_CELLS = {1: 64, 2: 24, 3: 14}  #: of an axis, by the number of axes
FEWEST_CELLS = 8  #: of an axis of more
NODES, RANK = 96, 8
SHORT = 0.4  #: time of a run at most, or a hundredth of the time of the case
Changes = dict[str, Any]


def all_runs() -> dict[str, Case]:
    """The cases by the names of their runs: case/backend."""
    cases = shipped() | {f"extra:{name}": _case(name, *of) for name, of in EXTRAS.items()}
    return {f"{name}/{b}": cases[name].replace({"eulerian.backend": b}) for name in cases for b in BACKENDS}


def shipped() -> dict[str, Case]:
    """All variants of all shipped cases, small."""
    found = {}
    for name in shipped_files():
        for variant, case in load_variants(name).items():
            found[f"{name}:{variant}" if variant else name] = shrink(case)
    return found


def shrink(case: Case) -> Case:
    """The same case with a short time, few cells, units, replicates, nodes and steps of descent."""
    free = {name: p for name, p in case.parameters.items() if p.fixed is None}
    axes = sum(2 if name == "w" and _has_two_inputs(case) else 1 for name in free)
    most = MOST_CELLS.get(axes, FEWEST_CELLS)
    time = min(case.time, max(SHORT, case.time / 100))
    descent = case.descent
    units = [16, 49] if case.lagrangian.start == "grid" else [20, 50]  # grids of two parameters have squares
    changes: Changes = {
        "time": time,
        "output.every": time / 2,
        "output.fields_every": time,
        "lagrangian.units": units[: len(case.lagrangian.units)],
        "lagrangian.replicates": 3,
        "characteristics.nodes": min(case.characteristics.nodes, NODES),
        "fluctuations.rank": min(case.fluctuations.rank, RANK),
        "descent.steps": [step for step in descent.steps if step <= time / 4],
        "descent.units": min(descent.units, 20),
        "descent.replicates": min(descent.replicates, 2),
    }
    cells = {f"parameters.{name}.cells": min(p.cells, most + p.cells % 2) for name, p in free.items()}
    return case.replace(changes | (cells if case.eulerian.enabled else {}))


def _has_two_inputs(case: Case) -> bool:
    """Whether the axis w of a shipped case serves two inputs."""
    data = case.data
    return data is not None and 2 in (data.dimension, getattr(data.inputs, "dimension", 1), len(data.x or []))


# --- what shipped cases leave out: changes of a base ----------------------------------------------------

NORMAL = {"law": "normal", "std": 0.8}
AXIS = {"domain": [-4, 4], "cells": 17, "initial": NORMAL}
CIRCLE = {"domain": [-3.141592653589793, 3.141592653589793], "periodic": True, "cells": 32}
AT_WALL = {"law": "normal", "mean": 3.0, "std": 0.5, "within": [2, 3.9]}
ON_CIRCLE = CIRCLE | {"initial": {"law": "wrapped_cauchy", "mean": 0.5, "r": 0.4}}
RUN = {
    "time": 0.4,
    "lagrangian": {"units": [20, 50], "replicates": 3},
    "output": {"every": 0.2, "fields_every": 0.4},
}
GRID = {"teacher": "sin(1.5*x0)", "inputs": {"law": "grid", "low": -2, "high": 2, "points": 12}}
NETWORK: Changes = RUN | {
    "model": {"bias": False, "penalty": {"lambda": 0.01}},
    "data": GRID,
    "parameters": {"a": AXIS, "w": AXIS | {"cells": 16}},
}
BIAS: Changes = NETWORK | {
    "model": {"penalty": {"lambda": 0.01}},
    "parameters": {"a": AXIS | {"cells": 13}, "w": AXIS | {"cells": 12}, "b": AXIS | {"cells": 11}},
}
LINE: Changes = RUN | {
    "model": {"kind": "potential", "external": "x^4/4 - x^2/2"},
    "parameters": {"x": AXIS | {"cells": 48}},
}
ROUND: Changes = RUN | {
    "model": {"kind": "potential", "interaction": "-cos(s)"},
    "parameters": {"s": ON_CIRCLE},
}
CYLINDER: Changes = RUN | {
    "model": {"kind": "potential", "external": "x^2/2 + x*cos(s)"},
    "parameters": {"x": AXIS | {"cells": 20}, "s": ON_CIRCLE | {"cells": 18}},
}

JUMPS: Changes = {"dynamics.birth_death": 1.0}
NOISE: Changes = {"dynamics.diffusion": 0.1}
WEIGHTS: Changes = JUMPS | {"lagrangian.reaction": "weights"}
ENTROPIC: Changes = JUMPS | NOISE | {"dynamics.reaction": "entropic", "lagrangian.units": []}
FLOAT32: Changes = {"eulerian.precision": "float32", "lagrangian.precision": "float32"}
ESTIMATE: Changes = {"eulerian.error_estimate": True}
CARRIED: Changes = {"characteristics.nodes": 64}
PREDICT: Changes = CARRIED | {"fluctuations.predict": True, "fluctuations.rank": 8}
NO_MESH: Changes = CARRIED | {"eulerian.enabled": False}
SCHARFETTER, STRANG = ({"eulerian.diffusion_scheme": name} for name in ("scharfetter_gummel", "strang"))
DESCENT: Changes = {
    "descent.steps": [0.05, 0.2], "descent.batches": [0, 4], "descent.units": 20, "descent.replicates": 2,
}  # fmt: skip
LONG_STEPS: Changes = {"eulerian.tolerance": 2.0, "eulerian.max_step": 10.0}
HAND_OFF: Changes = {"model.external": "2*x^2", "eulerian.hand_off": True, "time": 1.0, "output.every": 0.25}
BIRTHS: Changes = {
    "dynamics.births": {"a": {"law": "point", "at": 0.1}, "w": {"law": "uniform", "low": -2, "high": 2}},
}
TWO_INPUTS: Changes = {"parameters.a.cells": 11, "parameters.w.cells": 10}
LOGISTIC: Changes = {"model.loss": "logistic"}
HUBER: Changes = {"model.loss": "huber", "model.huber_delta": 0.3}
FEW_CELLS: Changes = {"parameters.a.cells": 9, "parameters.w.cells": 8}
TWO_OUTPUTS: Changes = FEW_CELLS | {"data.teacher": ["sin(1.5*x0)", "cos(x0)"]}
SOFTMAX: Changes = FEW_CELLS | {"data.teacher": ["0.3", "x0", "-x0"], "model.loss": "softmax"}
PLANTED = [{"a": 3.0, "w": [1.2, 0.4]}, {"a": -3.0, "w": [-0.4, 1.2]}]
TEACHER = {"kind": "planted", "units": PLANTED}
POPULATION = {"population": "gaussian", "dimension": 2, "teacher": TEACHER}
GAUSSIAN: Changes = TWO_INPUTS | {"data": POPULATION, "model.activation": "erf"}
SPHERE: Changes = TWO_INPUTS | {"data": POPULATION | {"population": "sphere"}, "model.activation": "relu"}
SCHEMES = ("fromm", "mc", "minmod", "vanleer", "upwind")
ACTIVATIONS = (
    "relu", "relu_squared", "erf", "sigmoid", "softplus", "cos", "gaussian", "linear", "quadratic",
    "t*exp(-t^2)",
)  # fmt: skip


def _inputs(law: str, **more: Any) -> Changes:
    """Other inputs of a network."""
    return {"data.inputs": {"law": law, **more}}


EXTRAS: dict[str, tuple[Changes, Changes]] = {
    **{f"{scheme} network": (NETWORK, JUMPS | {"eulerian.scheme": scheme}) for scheme in SCHEMES},
    **{f"{scheme} cylinder": (CYLINDER, NOISE | {"eulerian.scheme": scheme}) for scheme in SCHEMES},
    **{f"activation {a}": (BIAS, NO_MESH | ESTIMATE | {"model.activation": a}) for a in ACTIVATIONS},
    "three axes": (BIAS, ESTIMATE | CARRIED),
    "three axes, relu, kink": (BIAS, JUMPS | {"model.activation": "relu", "model.penalty.power": 1}),
    "float32 network": (NETWORK, FLOAT32 | ESTIMATE | CARRIED),
    "float32 three axes": (BIAS, FLOAT32 | JUMPS),
    "float32 weights": (NETWORK, FLOAT32 | WEIGHTS),
    "float32 noise": (LINE, FLOAT32 | NOISE | {"model.interaction": "x^2/2"}),
    "float32 pairs": (LINE, FLOAT32 | {"model.interaction": "-exp(-x^2)"}),
    "float32 population": (NETWORK, GAUSSIAN | FLOAT32),
    "weights": (BIAS, WEIGHTS | CARRIED),
    "births": (NETWORK, JUMPS | BIRTHS | ESTIMATE),
    "births and noise": (NETWORK, JUMPS | BIRTHS | NOISE),
    "entropic": (NETWORK, ENTROPIC),
    "entropic, Scharfetter-Gummel": (CYLINDER, ENTROPIC | SCHARFETTER | ESTIMATE),
    "noise": (NETWORK, NOISE | ESTIMATE),
    "noise, Scharfetter-Gummel": (NETWORK, NOISE | SCHARFETTER),
    "noise, Strang": (LINE, NOISE | STRANG),
    "noise, Scharfetter-Gummel, line": (LINE, NOISE | SCHARFETTER | {"model.interaction": "x^2/2"}),
    "noise and jumps": (CYLINDER, NOISE | JUMPS | STRANG),
    "stretched": (LINE, {"parameters.x.stretch": 3.0, "parameters.x.stretch_at": 1.0} | ESTIMATE),
    "stretched, noise": (LINE, {"parameters.x.stretch": 2.0} | NOISE),
    "stretched network, kink": (NETWORK, {"parameters.a.stretch": 2.0, "model.penalty.power": 1} | JUMPS),
    "power 3, confinement": (NETWORK, {"model.penalty": {"lambda": 0.02, "power": 3, "confinement": 0.05}}),
    "population, Gaussian": (NETWORK, GAUSSIAN | JUMPS | CARRIED),
    "population, Gaussian, bias": (BIAS, GAUSSIAN | NO_MESH),
    "population, sphere": (NETWORK, SPHERE),
    "population, weights": (NETWORK, GAUSSIAN | WEIGHTS | NO_MESH),
    "finite rank": (LINE, {"model.interaction": "x^4 - x^2", "parameters.x.initial.std": 0.5} | CARRIED),
    "pairs": (LINE, {"model.interaction": "-exp(-x^2)"} | CARRIED | JUMPS),
    "pairs with weights": (LINE, {"model.interaction": "-exp(-x^2)"} | WEIGHTS),
    "pairs with a kink": (LINE, {"model.interaction": "abs(x)"}),
    "pairs on a circle": (ROUND, {"model.interaction": "-exp(2*cos(s))"} | NOISE),
    "circle": (ROUND, CARRIED | ESTIMATE),
    "circle, finite rank, jumps": (ROUND, {"model.interaction": "cos(s) - cos(2*s)"} | JUMPS),
    "cylinder, pairs": (CYLINDER, {"model.interaction": "exp(-x^2)*cos(s)"}),
    "cylinder, jumps": (CYLINDER, JUMPS | ESTIMATE),
    "tangent": (NETWORK, PREDICT | WEIGHTS | {"fluctuations.method": "tangent"}),
    "tangent, bias": (BIAS, PREDICT | {"fluctuations.method": "tangent", "eulerian.enabled": False}),
    "perturbation": (NETWORK, PREDICT | JUMPS | {"fluctuations.method": "perturbation"}),
    "perturbation, population": (NETWORK, GAUSSIAN | PREDICT | NO_MESH | {"model.activation": "quadratic"}),
    "descent": (NETWORK, DESCENT | CARRIED),
    "descent, float32": (BIAS, DESCENT | NO_MESH | FLOAT32),
    "descent, population": (NETWORK, GAUSSIAN | NO_MESH | DESCENT | {"descent.batches": [0]}),
    "hand-off": (LINE, HAND_OFF),
    "hand-off, jumps": (LINE, HAND_OFF | JUMPS),
    "hand-off of a network": (NETWORK, {"eulerian.hand_off": True, "parameters.a.initial.std": 0.6} | JUMPS),
    "stationary": (CYLINDER, NOISE | {"stationary": 0.3, "time": 8.0, "output.every": 0.5}),
    "logistic": (NETWORK, LOGISTIC | CARRIED | DESCENT),
    "logistic, jumps, float32": (BIAS, LOGISTIC | JUMPS | FLOAT32),
    "logistic, tangent": (NETWORK, LOGISTIC | PREDICT | WEIGHTS | {"fluctuations.method": "tangent"}),
    "Huber": (NETWORK, HUBER | JUMPS | CARRIED | ESTIMATE),
    "Huber, perturbation": (BIAS, HUBER | PREDICT | {"eulerian.enabled": False}),
    "two outputs": (NETWORK, TWO_OUTPUTS | CARRIED | DESCENT),
    "two outputs, kink, jumps": (NETWORK, TWO_OUTPUTS | JUMPS | ESTIMATE | {"model.penalty.power": 1}),
    "two outputs, Huber, weights": (BIAS, TWO_OUTPUTS | HUBER | WEIGHTS | NO_MESH),
    "softmax": (NETWORK, SOFTMAX | JUMPS | CARRIED),
    "softmax, noise, float32": (NETWORK, SOFTMAX | NOISE | FLOAT32),
    "softmax, descent": (BIAS, SOFTMAX | DESCENT | NO_MESH),
    "Gauss-Hermite": (NETWORK, _inputs("gauss_hermite", points=6)),
    "uniform inputs, noisy": (NETWORK, _inputs("uniform", samples=9) | {"data.noise": 0.1}),
    "normal inputs, scaled": (NETWORK, _inputs("normal", samples=9) | {"data.standardize": True}),
    "planted": (NETWORK, TWO_INPUTS | {"data.teacher": TEACHER} | _inputs("sphere", samples=20) | CARRIED),
    "four axes": (BIAS, _inputs("grid", dimension=2, points=4) | TWO_INPUTS | {"parameters.b.cells": 9}),
    "three inputs": (BIAS, NO_MESH | _inputs("normal", dimension=3, samples=20)),
    "fixed parameter": (BIAS, {"parameters.w": {"fixed": -1.0}} | JUMPS),
    "a network on a circle": (BIAS, {"model.activation": "relu(cos(t))", "parameters.w": {"fixed": 1.0},
                                     "parameters.b": ON_CIRCLE | {"cells": 16}}),
    "mobilities": (NETWORK, {"parameters.a.mobility": 2.0, "parameters.w.mobility": 0.0}),
    "common start": (NETWORK, {"lagrangian.common": True, "lagrangian.seed": 5}),
    "no compression": (NETWORK, {"eulerian.compression": 0.0}),
    "coarse compression": (NETWORK, {"eulerian.compression": 1e-2, "model.activation": "relu"}),
    "walls": (LINE, {"model.external": "-x", "eulerian.wall_limit": 1.0, "parameters.x.initial": AT_WALL}),
    "steps by the energy": (NETWORK, LONG_STEPS | {
        "model.activation": "linear", "data.inputs.high": 6, "time": 2.0, "output.every": 1.0}),
    "steps by the reaction": (NETWORK, LONG_STEPS | {"dynamics.birth_death": 40.0}),
    "nodes by Sobol": (LINE, CARRIED | {"characteristics.rule": "sobol"}),
    "nodes by the trapezoid": (NETWORK, CARRIED | {"characteristics.rule": "trapezoid"}),
}  # fmt: skip


def _case(name: str, base: Changes, changes: Changes) -> Case:
    return case_from_tables(base, Path(f"{name}.toml")).replace(changes)
