"""Expression tree to NumPy values, by walking the tree."""

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from scipy import special

from mfpde.expressions import functions
from mfpde.expressions.scaled import safe

LOG2 = math.log(2)

_NUMPY: dict[Any, Callable[..., Any]] = {
    sympy.Abs: np.abs,
    sympy.sign: np.sign,
    sympy.sin: np.sin,
    sympy.cos: np.cos,
    sympy.tan: np.tan,
    functions.tanh: np.tanh,
    sympy.exp: np.exp,
    sympy.log: np.log,
    sympy.erf: special.erf,
    functions.absolute: np.abs,
    functions.relu: lambda t: np.maximum(t, 0.0),
    # 0 and 1 are exact in every type
    functions.above: lambda t: np.asarray(t > 0, dtype=np.result_type(t, np.float32)),
    # by NumPy's own loops over vectors, which special.expit and np.logaddexp lack; exact to rounding also
    # where exp(-t) overflows
    functions.sigmoid: lambda t: 1 / (1 + np.exp(-t)),
    functions.softplus: lambda t: np.maximum(t, 0) + np.log1p(np.exp(-np.abs(t))),
    functions.half_tanh: lambda t: np.tanh(t / 2),
    functions.expm1: np.expm1,
    functions.log1mexp: lambda t: np.where(t > -LOG2, np.log(-np.expm1(t)), np.log1p(-np.exp(t))),
    functions.log_cosh: lambda t: np.where(
        np.abs(t) < 1,
        -np.log1p(-np.square(np.tanh(t))) / 2,
        np.abs(t) + (np.log1p(np.exp(-2 * np.abs(t))) - LOG2),
    ),
    functions.larger: np.maximum,
    functions.smaller: np.minimum,
    # what cannot be compared is not a number, and stays so
    functions.choose: (
        lambda a, b, p, q: np.where(a > b, p, np.where(a <= b, q, a + b)).astype(
            np.result_type(a, b, p, q), copy=False
        )
    ),
    functions.whole_power: np.power,
}
#: powers that need not go by way of a logarithm
_POWERS: dict[float, Callable[[Any], Any]] = {2.0: np.square, 0.5: np.sqrt, -1.0: lambda t: 1 / t}


def evaluate(expression: sympy.Expr, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Values of an expression at arrays of its variables (any mutually broadcastable shapes), in float64.

    Non-finite results are returned as they are; callers decide what they mean.
    """
    (result,) = evaluate_together([expression], values)
    return result.astype(np.float64)  # a copy, that the caller may change


def evaluate_together(
    expressions: Sequence[sympy.Expr], values: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
    """Values of several expressions, whose common parts are computed once.

    In the type of the variables; the caller must not change them.
    """
    known: dict[sympy.Expr, Any] = {}
    named, results = safe(tuple(expressions))
    with np.errstate(all="ignore"):
        given = dict(values)
        for name, expression in named:
            given[name.name] = _walk(expression, given, known)
        found = [_walk(expression, given, known) for expression in results]
    shape = np.broadcast_shapes(*(np.shape(v) for v in values.values())) if values else ()
    return [np.broadcast_to(np.asarray(result), shape) for result in found]


def _walk(node: sympy.Expr, values: Mapping[str, np.ndarray], known: dict[sympy.Expr, Any]):
    """The value of a node; `known` holds the values of functions and powers, which cost most."""
    if node.is_Symbol:
        return values[node.name]
    if (value := functions.constant(node)) is not None:
        return value
    if node.is_Integer:
        return np.copysign(np.inf, int(node > 0) - 0.5)
    if node in known:
        return known[node]
    if node.is_Add:
        return functools.reduce(operator.add, (_walk(term, values, known) for term in node.args))
    arguments = [_walk(argument, values, known) for argument in node.args]
    if node.is_Mul:
        return functools.reduce(operator.mul, arguments)
    known[node] = _power(*arguments) if node.is_Pow else _NUMPY[node.func](*arguments)
    return known[node]


def _power(base: Any, exponent: Any):
    if np.ndim(exponent) == 0 and float(exponent) in _POWERS:
        return _POWERS[float(exponent)](np.asarray(base) if np.ndim(base) else np.float64(base))
    return np.power(np.asarray(base, dtype=np.result_type(base, np.float32)), exponent)
