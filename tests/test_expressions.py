"""Formulas: parsed from a whitelist, differentiated, evaluated alike by NumPy and OpenCL."""

import numpy as np
import pytest
import sympy
from conftest import FUNCTIONS, difference_error
from hypothesis import given
from hypothesis import strategies as st

from mfpde.activations import FORMULAS, find_activation
from mfpde.device.buffers import Buffers
from mfpde.device.program import build_program, precision_constants
from mfpde.device.widths import vector_width
from mfpde.errors import InputError
from mfpde.expressions import evaluate, parse

T = np.linspace(-5, 5, 64)


def test_arithmetic_functions_and_both_powers():
    x = {"x0": np.array([0.3, 2.0]), "x1": np.array([-1.0, 0.5])}
    given = evaluate(parse("2*sin(pi*x0)^2 - x1**3/(1 + abs(x1)) + min(x0, 1)", ["x0", "x1"]), x)
    expected = (
        2 * np.sin(np.pi * x["x0"]) ** 2 - x["x1"] ** 3 / (1 + np.abs(x["x1"])) + np.minimum(x["x0"], 1)
    )
    np.testing.assert_allclose(given, expected, rtol=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "t +",
            "import os",
            "__import__('os')",
            "t.real",
            "().__class__",
            "[t]",
            "t if t else 1",
            "lambda: t",
            "t := 1",
            "f'{t}'",
        ),
        *(
            "t @ t",
            "t < 1",
            "sin",
            "sin(t, t)",
            "sin(x=t)",
            "unknown(t)",
            "y",
            "t^t",
            "t^99",
            "9^9^9^9^9",
            "1/0",
            "0/0",
            "log(-1)*t",
        ),
        *(
            "'t'",
            "True",
            "1j*t",
            "nan",
            "inf*t",
            "t+" * 600 + "t",
            "(" * 60 + "t" + ")" * 60 + "+",
            "-" * 50 + "t",
            "t\x00",
        ),
    ],
)
def test_anything_else_is_refused_with_one_sentence(text):
    with pytest.raises(InputError, match=r"^here: "):
        parse(text, ["t"], "here")


@given(st.text(alphabet="t0123456789.+-*/^() sincoexplgqrtabm,_'", max_size=40))
def test_random_text_is_a_formula_or_refused(text):
    try:
        expression = parse(text, ["t"], "here")
    except InputError:
        return
    assert isinstance(expression, sympy.Expr)
    evaluate(expression, {"t": T})


@pytest.mark.parametrize("name", FORMULAS)
def test_slope_is_the_derivative(name):
    activation, step = find_activation(name), 1e-5
    t = T + 0.01  # away from the kink of relu
    difference = (activation.value(t + step) - activation.value(t - step)) / (2 * step)
    size = np.abs(activation.value(t)).max()
    np.testing.assert_allclose(
        activation.slope(t), difference, rtol=FUNCTIONS, atol=difference_error(step, size, third=4)
    )


def test_relu_has_slope_zero_at_its_kink_and_softplus_does_not_overflow():
    assert find_activation("relu").slope(np.zeros(1)) == 0
    assert find_activation("softplus").slope(np.zeros(1)) == 0.5
    np.testing.assert_allclose(find_activation("softplus").value(np.array([-800.0, 800.0])), [0, 800])


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    "name", [*FORMULAS, "exp(-t^2)/sqrt(pi)", "abs(t)^1.5*sigmoid(t)", "sqrt(t^2)*t", "t^3 - max(t, 0.5)^-2"]
)
def test_opencl_code_computes_the_same(name, precision, device):
    activation, dtype = find_activation(name), np.dtype(precision)
    kernel = (
        "__kernel void probe(__global const real *t, __global real *value, __global real *slope) {int i ="
        " get_global_id(0) * VW; realv v, s; activation_with_slope(LOAD(t + i), &v, &s); STORE(v, value + i);"
        " STORE(s, slope + i); }"
    )
    width = vector_width(device, dtype)
    program = build_program(
        device, [], precision_constants(dtype, width) | {"NEGLIGIBLE": 0}, activation.opencl() + kernel
    )
    buffers = Buffers(device)
    t = T.astype(dtype)
    value, slope = buffers.empty(len(t), dtype), buffers.empty(len(t), dtype)
    program.probe(buffers.queue, (len(t) // width,), None, buffers.upload(t), value, slope)
    tolerance = 40 * np.finfo(dtype).eps
    exact = t.astype(np.float64)
    scale = 1 + np.abs(activation.value(exact)).max()
    np.testing.assert_allclose(
        buffers.read(value, len(t), dtype), activation.value(exact), rtol=tolerance, atol=tolerance * scale
    )
    scale = 1 + np.abs(activation.slope(exact)).max()
    np.testing.assert_allclose(
        buffers.read(slope, len(t), dtype), activation.slope(exact), rtol=tolerance, atol=tolerance * scale
    )
