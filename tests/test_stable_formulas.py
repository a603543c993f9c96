"""Formulas whose parts overflow or cancel: values and derivatives agree with exact ones, in both precisions,
on both backends.
"""

import time
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy

from mfpde.activations import FORMULAS
from mfpde.case.load import case_from_tables
from mfpde.data.dataset import build_dataset
from mfpde.device.buffers import Buffers
from mfpde.device.program import build_program, precision_constants
from mfpde.device.widths import vector_width
from mfpde.errors import InputError, RunError
from mfpde.eulerian.build import build_solver
from mfpde.expressions import derivative, evaluate, evaluate_together, opencl_function, parse
from mfpde.expressions.scaled import safe
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import build_model
from mfpde.monitors.blame import blaming_units

T = sympy.Symbol("t", real=True)
#: what formulas call by one name, by functions that SymPy evaluates in any precision
PLAIN = {
    "t": T,
    "sigmoid": lambda u: 1 / (1 + sympy.exp(-u)),
    "softplus": lambda u: sympy.log(1 + sympy.exp(u)),
    "abs": lambda u: sympy.sqrt(u**2),
}
RIGHT = [
    *(
        "1/(1+exp(-t))",
        "1/(1+exp(-40*t))",
        "exp(t)/(1+exp(t))",
        "1/(exp(t)+1)",
        "5/(1+0.1*exp(-2*t))",
        "1/(2+3*exp(-t))",
        "1-1/(1+exp(t))",
    ),
    *(
        "t/(1+exp(-t))",
        "t^2/(1+exp(-t))^2",
        "t*sigmoid(1.702*t)",
        "exp(-t)/(1+exp(-t))^2",
        "t*exp(-t)/(1+exp(-t))^2",
        "exp(3*t)/(1+exp(t))^3",
    ),
    *(
        "log(1+exp(t))",
        "log(1+exp(-5*t))/5",
        "log(exp(t)+1)-t",
        "log(sigmoid(t))",
        "log(1+exp(t)+exp(2*t))",
        "log(1+exp(log(1+exp(t))))",
    ),
    *(
        "(exp(t)-exp(-t))/(exp(t)+exp(-t))",
        "(exp(2*t)-1)/(exp(2*t)+1)",
        "(1-exp(-2*t))/(1+exp(-2*t))",
        "2/(1+exp(-2*t))-1",
        "1-2/(exp(2*t)+1)",
    ),
    *(
        "log(exp(t)+exp(-t))",
        "log((exp(t)+exp(-t))/2)",
        "log(cosh(t))",
        "1/cosh(t)",
        "2/(exp(t)+exp(-t))",
        "1/cosh(t)^2",
        "sinh(t)/cosh(t)",
    ),
    *("exp(-t^2)/(1+exp(-3*t))", "exp(t^2)/(1+exp(t^2))", "exp(-t^2)/(1+exp(-t^2))", "1/(1+exp(-40*sin(t)))"),
    *(
        "sqrt(1+exp(t))",
        "1/sqrt(1+exp(-t))",
        "(1+exp(-t))^(-1.5)",
        "exp(-log(1+exp(t)))",
        "1/(1+exp(-t))+1/(1+exp(3*t))",
    ),
    *(
        "-log(0.3*exp(-(t-1)^2/0.02)+0.7*exp(-(t+1)^2/0.02))",
        "1/(1+exp(-t)+exp(t))",
        "exp(t)/(exp(t)+exp(2*t)+3)",
        "exp(t)/(1+t^2+exp(t))",
    ),
    *(
        "t^20*exp(-t^2)",
        "1-exp(-t^2)",
        "(1-exp(-t))^2",
        "log(1-exp(-abs(t)))",
        "exp(50*t)/(exp(50*t)+exp(-50*t))",
        "sinh(t)/(1+exp(2*t))",
    ),
]
POINTS = np.concatenate(
    [np.random.default_rng(3).normal(size=3) * 3, [-750, 750, -710.5, 709.9, -88.9, 88.5, -40, 47, 1e-5]]
)


def exact(text):
    """The formula and three derivatives in mpmath, by no rule of ours."""
    orders = [sympy.sympify(text.replace("^", "**"), locals=PLAIN)]
    while len(orders) < 4:
        orders.append(sympy.diff(orders[-1], T))
    return [sympy.lambdify(T, order, [{"DiracDelta": lambda *_: 0}, "mpmath"], cse=True) for order in orders]


@pytest.mark.parametrize("text", RIGHT)
def test_values_and_derivatives_are_right_wherever_they_can_be_represented(text):
    orders = [parse(text, ["t"])]
    orders += [derivative(orders[0], T)]
    orders += [derivative(orders[1], T)]
    functions = exact(text)
    for dtype in (np.float64, np.float32):
        points, limits = POINTS.astype(dtype), np.finfo(dtype)
        for order, values in enumerate(evaluate_together(orders, {"t": points})):
            assert values.dtype == dtype
            for point, value in zip(points, values, strict=True):
                with mpmath.workdps(700):
                    want, slope = (functions[k](mpmath.mpf(float(point))) for k in (order, order + 1))
                if abs(want) > limits.max / 4:
                    continue
                # what a few hundred roundings of t and of the value can do, and what underflows beside a
                # power of t
                allowed = 200 * limits.eps * (abs(want) + abs(float(point) * slope)) + 10 * (
                    1 + float(point) ** 2
                ) * float(limits.tiny)
                assert np.isfinite(value), (dtype, order, point, float(want))
                assert abs(float(value) - want) <= allowed, (dtype, order, point, value, float(want))


@pytest.mark.parametrize(
    ("text", "at", "value", "slope"),
    [
        ("min(t^2/2, 1e20)", 3.0, 4.5, 3.0),
        ("max(t, -1e17)", 0.25, 0.25, 1.0),
        ("max(min(t, 1e30), -1e30)", 1.5, 1.5, 1.0),
        ("max(1e-20*t, -1)", 2.0, 2e-20, 1e-20),
        ("min(max(t, 1e-3), 1e18)^2", 0.5, 0.25, 1.0),
        ("max(t, t^2)", 0.5, 0.5, 1.0),
        ("max(t, t^2)", 2.0, 4.0, 4.0),
        ("max(log(t), 0)*0 + min(1/t, 5)", 0.1, 5.0, 0.0),
        ("relu(1 - 1/t) + relu(-exp(1/t))", 1e-3, 0.0, 0.0),
        ("abs(t - 1e10)", 1e10 + 0.5, 0.5, 1.0),
        ("max(exp(t^2), 1e300) - min(exp(t^2), 2)", 30.0, np.inf, np.inf),
    ],
)
def test_maxima_and_minima_are_one_of_the_two_and_so_are_their_derivatives(text, at, value, slope):
    expression = parse(text, ["t"])
    assert evaluate(expression, {"t": np.array([at])}) == value
    assert evaluate(derivative(expression, T), {"t": np.array([at])}) == slope


def test_derivatives_are_zero_at_kinks_and_cusps():
    x, y = (sympy.Symbol(name, real=True) for name in "xy")
    at = {"x": np.array([0.0, 0.0, 3.0]), "y": np.array([0.0, -2.0, 4.0])}
    norm = parse("sqrt(x^2 + y^2)", ["x", "y"])
    np.testing.assert_allclose(evaluate(derivative(norm, x), at), [0, 0, 0.6], rtol=1e-15)
    np.testing.assert_allclose(evaluate(derivative(norm, y), at), [0, -1, 0.8], rtol=1e-15)
    np.testing.assert_allclose(
        evaluate(derivative(parse("exp(-sqrt(x^2 + y^2))", ["x", "y"]), x), at),
        [0, 0, -0.6 * np.exp(-5)],
        rtol=1e-14,
    )
    assert evaluate(derivative(parse("sqrt(t)", ["t"]), T), {"t": np.zeros(1)}) == np.inf


def test_what_cannot_be_compared_is_not_passed_over():
    expression = parse("max(log(t), 0) + min(0, log(t))", ["t"])
    assert np.isnan(evaluate(expression, {"t": -np.ones(1)}))
    assert np.isnan(evaluate(derivative(expression, T), {"t": -np.ones(1)}))


@pytest.mark.parametrize(
    "text",
    [
        *FORMULAS.values(),
        "exp(-t^2) / sqrt(pi)",
        "relu(cos(t))",
        "t^4/4 + t*cos(t)/2 + 1 - sin(t)",
        "exp(-t) + exp(t)",
    ],
)
def test_formulas_that_need_nothing_are_left_alone(text):
    expression = parse(text, ["t"])
    named, results = safe((expression, derivative(expression, T)))
    assert not named
    assert list(results) == [expression, derivative(expression, T)]
    if "softplus" not in text and "sigmoid" not in text:
        assert derivative(expression, T) == sympy.diff(expression, T)


def test_long_formulas_of_exponentials_take_no_time():
    nested = "1/(1+exp(" * 10 + "t" + "))" * 10
    powers = "exp((t + x0 + t*x0 + 1)^64)/(1 + exp((t + x0 + 3)^64))"
    start = time.perf_counter()
    for text in (
        nested,
        powers,
        "1/(t + exp(" * 9 + "x0*t" + "))" * 9,
        "*".join(f"(1 + exp({k}*t))" for k in range(1, 18)),
    ):
        slope = derivative(parse(text, ["t", "x0"]), T)
        evaluate(slope, {"t": np.linspace(-3, 3, 8), "x0": np.linspace(0, 1, 8)})
    assert time.perf_counter() - start < 10


# --- OpenCL -------------------------------------------------------------------------------------------------

COMPILED = [
    *(
        "t/(1+exp(-t))",
        "log(1+exp(t)+exp(2*t))",
        "log(cosh(t))",
        "1/cosh(t)",
        "sqrt(1+exp(t))",
        "exp(t)/(1+t^2+exp(t))",
        "t^20*exp(-t^2)",
    ),
    *(
        "log(1-exp(-abs(t)))",
        "1-2/(exp(2*t)+1)",
        "exp(-t)*log(1+exp(t))",
        "min(t^2/2, 1e20)",
        "max(min(t, 1), -3)^2",
        "relu(1 - exp(t))",
    ),
]


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_devices_compute_the_same(precision, device):
    dtype, width = np.dtype(precision), vector_width(device, np.dtype(precision))
    t = np.resize(np.concatenate([POINTS, np.linspace(-5, 5, 16)]), 32).astype(dtype)
    orders = [[e := parse(text, ["t"]), derivative(e, T)] for text in COMPILED]
    code = "".join(
        opencl_function(f"formula{k}", [T], [("value", e), ("slope", d)]) for k, (e, d) in enumerate(orders)
    )
    calls = "".join(
        f"formula{k}(LOAD(t + i), &v, &s); STORE(v, out + {64 * k} + i); STORE(s, out + {64 * k + 32} + i);"
        for k in range(len(orders))
    )
    code += (
        "__kernel void probe(__global const real *t, __global real *out) { int i = get_global_id(0) * VW;"
        f" realv v, s; {calls} }}"
    )
    program = build_program(device, [], precision_constants(dtype, width) | {"NEGLIGIBLE": 0}, code)
    buffers = Buffers(device)
    out = buffers.empty(64 * len(orders), dtype)
    program.probe(buffers.queue, (len(t) // width,), None, buffers.upload(t), out)
    found = buffers.read(out, 64 * len(orders), dtype).reshape(len(orders), 2, 32)
    for text, expressions, values in zip(COMPILED, orders, found, strict=True):
        for value, want in zip(values, evaluate_together(expressions, {"t": t}), strict=True):
            rounding = 100 * np.finfo(dtype).eps * (1 + np.abs(t))  # of exponents
            np.testing.assert_allclose(
                value, want, rtol=rounding.max(), atol=4 * np.finfo(dtype).eps, err_msg=text
            )
            assert np.all(np.isfinite(value) == np.isfinite(want)), text


# --- cases --------------------------------------------------------------------------------------------------


def potential(changes=None, **model):
    parameter = {"domain": [-4.0, 4.0], "cells": 32, "initial": {"law": "normal", "mean": 1.0, "std": 0.3}}
    tables = {
        "time": 1.0,
        "model": {"kind": "potential"} | model,
        "parameters": {"x": parameter},
        "eulerian": {"backend": "numpy"},
    }
    tables["lagrangian"] = {"units": [20], "replicates": 2}
    return case_from_tables(tables, Path("case.toml"), "").replace(changes or {})


def network(**changes):
    data = {"teacher": "max(x0, -1e17)", "inputs": {"law": "grid", "low": -2.0, "high": 2.0, "points": 5}}
    parameter = {"domain": [-4.0, 4.0], "cells": 8, "initial": {"law": "normal", "std": 0.3}}
    tables = {
        "time": 1.0,
        "data": data,
        "parameters": {"a": parameter, "w": parameter, "b": parameter},
        "eulerian": {"backend": "numpy"},
    }
    return case_from_tables(tables, Path("case.toml"), "").replace(changes)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (lambda: potential(external="1/x"), r"model\.external: '1/x' is not finite at x = 0, "),
        (lambda: potential(external="log(x)"), r"model\.external: 'log\(x\)' is not finite at x = -4, "),
        (
            lambda: potential(external="1e20*sin(1e300*x)"),
            r"the derivative of '1e20\*sin\(1e300\*x\)' by x is not finite at x = ",
        ),
        (lambda: potential(external="exp(50*x^2)"), r"is not finite at x = -4, "),
        (
            lambda: potential({"lagrangian.precision": "float32"}, external="exp(7*x^2)"),
            r"is not finite in single precision at x = -4, ",
        ),
        (
            lambda: potential({"eulerian.precision": "float32"}, external="x^2 + 1e200*x"),
            r"is not finite in single precision at x = ",
        ),
        (
            lambda: potential(interaction="log(abs(x))"),
            r"model\.interaction: 'log\(abs\(x\)\)' is not finite at x = 0, ",
        ),
        (
            lambda: potential(interaction="exp(12*x^2)"),
            r"model\.interaction: 'exp\(12\*x\^2\)' is not finite at x = -8, ",
        ),
        (
            lambda: network(**{"model.activation": "1/t"}),
            r"model\.activation: '1/t' is not finite at t = 0, ",
        ),
        (
            lambda: network(**{"model.activation": "sqrt(3 - t)"}),
            r"model\.activation: 'sqrt\(3 - t\)' is not finite at t = ",
        ),
        (
            lambda: network(**{"data.teacher": "x0/(1 - x0^2)"}),
            r"data\.teacher: 'x0/\(1 - x0\^2\)' is not finite at x0 = -1; ",
        ),
    ],
)
def test_what_cannot_be_saved_is_refused_with_the_formula_and_the_place(case, message):
    with pytest.raises(InputError, match=message) as caught:
        build_model(case())
    assert "narrow" not in str(caught.value)


@pytest.mark.parametrize(
    "model",
    [
        *(
            {"external": "x/(1+exp(-x))"},
            {"external": "1/(1+exp(-4000*x))"},
            {"external": "-log(x + 4)"},
            {"external": "log(exp(900*x)+exp(-900*x))/900"},
        ),
        *(
            {"external": "sqrt(x^2)"},
            {"interaction": "sqrt(abs(x))"},
            {"interaction": "1-1/cosh(300*x)"},
            {"interaction": "log(cosh(x))"},
            {"interaction": "abs(x)"},
            {"interaction": "abs(x)^1.5"},
        ),
    ],
)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_what_has_finite_values_is_accepted(model, precision):
    build_model(potential({"eulerian.precision": precision, "lagrangian.precision": precision}, **model))


def test_a_cut_potential_moves_density_and_units_as_the_one_that_is_not_cut():
    energies, places = [], []
    for external in ("min(x^2/2, 1e20)", "x^2/2"):
        case = potential(external=external)
        model = build_model(case)
        solver, flow = build_solver(case, model, None), build_flow(case, model, Ladder([20], [2], 1), None)
        solver.advance(1.0)
        flow.advance(1.0)
        energies.append(solver.state.energy)
        places.append(flow.backend.download(flow.state))
    assert energies[0] == energies[1] > 0
    np.testing.assert_array_equal(*places)


def test_a_teacher_keeps_the_smaller_of_two_numbers():
    data = build_dataset(network())
    np.testing.assert_array_equal(data.y, data.x[:, 0])


def test_a_run_that_leaves_the_range_names_the_formula():
    laws = {"law": "uniform", "low": -0.5, "high": 0.5}
    tables = {
        "time": 9.0,
        "model": {"kind": "potential", "external": "x*log(1 + x)"},
        "parameters": {"x": {"initial": laws}},
    }
    tables |= {
        "dynamics": {"diffusion": 0.5},
        "eulerian": {"enabled": False},
        "lagrangian": {"units": [50], "replicates": 2},
    }
    case = case_from_tables(tables, Path("case.toml"), "")
    model = build_model(case)
    flow = build_flow(case, model, Ladder([20], [2], 1), None)
    with (
        pytest.raises(RunError, match=r"model\.external: 'x\*log\(1 \+ x\)' is not finite at x = -1\."),
        blaming_units(flow, model),
    ):
        flow.advance(9.0)
