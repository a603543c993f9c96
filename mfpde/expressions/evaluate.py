"""Expression tree to NumPy values, by walking the tree."""

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy
from scipy import special

from mfpde.expressions import functions

_NUMPY: dict[Any, Callable[[Any], Any]] = {
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
    functions.above: lambda t: np.where(t > 0, 1.0, 0.0),
    functions.sigmoid: special.expit,
    functions.softplus: lambda t: np.logaddexp(0.0, t),
}


def evaluate(expression: sympy.Expr, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Values of an expression at arrays of its variables (any mutually broadcastable shapes).

    Non-finite results are returned as they are; callers decide what they mean.
    """
    with np.errstate(all="ignore"):
        result = _walk(expression, values)
    shape = np.broadcast_shapes(*(np.shape(v) for v in values.values())) if values else ()
    return np.broadcast_to(np.asarray(result, dtype=np.float64), shape).copy()


def _walk(node: sympy.Expr, values: Mapping[str, np.ndarray]):
    if node.is_Symbol:
        return values[node.name]
    if (value := functions.constant(node)) is not None:
        return value
    if node.is_Integer:
        return np.copysign(np.inf, int(node > 0) - 0.5)
    arguments = [_walk(argument, values) for argument in node.args]
    if node.is_Add:
        return functools.reduce(operator.add, arguments)
    if node.is_Mul:
        return functools.reduce(operator.mul, arguments)
    if node.is_Pow:
        base, exponent = arguments
        return np.sqrt(base) if exponent == 0.5 else np.power(np.asarray(base, dtype=np.float64), exponent)
    return _NUMPY[node.func](*arguments)
