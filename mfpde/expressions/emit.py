"""Expression tree to OpenCL C: built node by node, never copied from a user's text."""

from collections.abc import Mapping, Sequence

import sympy

from mfpde.expressions import functions
from mfpde.expressions.scaled import safe

#: Functions that OpenCL has under the same meaning for scalars and vectors, or that `common.cl` defines.
_OPENCL = {
    sympy.Abs: "fabs",
    sympy.sign: "sign",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    functions.tanh: "fast_tanh",
    sympy.exp: "exp",
    sympy.log: "log",
    sympy.erf: "erf",
    functions.absolute: "fabs",
    functions.relu: "relu",
    functions.above: "above",
    functions.sigmoid: "sigmoid",
    functions.softplus: "softplus",
    functions.half_tanh: "half_tanh",
    functions.expm1: "expm1",
    functions.log1mexp: "log1mexp",
    functions.log_cosh: "log_cosh",
    functions.larger: "larger",
    functions.smaller: "smaller",
    functions.choose: "choose",
}


def opencl_function(
    name: str, variables: Sequence[sympy.Symbol], outputs: Sequence[tuple[str, sympy.Expr]]
) -> str:
    """Source of ``void name(realv variable, ..., realv *out, ...)`` with common subexpressions computed once.

    Arguments:
        outputs: pairs of output name and expression in the variables.
    """
    named, safely = safe(tuple(expression for _, expression in outputs))
    shared, reduced = sympy.cse(
        [*(value for _, value in named), *safely], symbols=sympy.numbered_symbols("shared")
    )
    results = reduced[len(named) :]
    known = dict(shared) | dict(zip((name for name, _ in named), reduced, strict=False))
    lines = [f"const realv {symbol.name} = (realv)({_code(value)});" for symbol, value in _in_order(known)]
    lines += [f"*{out} = (realv)({_code(value)});" for (out, _), value in zip(outputs, results, strict=True)]
    arguments = ", ".join(
        [*(f"const realv {v.name}" for v in variables), *(f"realv *{out}" for out, _ in outputs)]
    )
    body = "\n    ".join(lines)
    return f"static inline void {name}({arguments})\n{{\n    {body}\n}}\n"


def _in_order(known: Mapping[sympy.Symbol, sympy.Expr]) -> list[tuple[sympy.Symbol, sympy.Expr]]:
    """What symbols stand for, each after those that it is made of, in the order given as far as that goes."""
    done: dict[sympy.Symbol, sympy.Expr] = {}
    for start in known:
        waiting = [start]
        while waiting:
            missing = [
                s for s in sorted(known[waiting[-1]].free_symbols, key=str) if s in known and s not in done
            ]
            if missing:
                waiting += missing
                continue
            symbol = waiting.pop()
            done[symbol] = known[symbol]
    return list(done.items())


def _code(node: sympy.Expr) -> str:
    if node.is_Symbol:
        return node.name
    if (value := functions.constant(node)) is not None:
        return f"((real){value!r})".replace("inf", "INFINITY")
    if node.is_Pow and node.exp.is_Integer:
        power = "*".join([_code(node.base)] * abs(int(node.exp))) if abs(node.exp) <= 4 else _power(node)
        return f"({power})" if node.exp > 0 else f"(((real)1.0)/({power}))"
    if node.is_Pow:
        return (
            f"sqrt((realv)({_code(node.base)}))"
            if node.exp == sympy.Rational(1, 2)
            else f"pow({_code(node.base)}, (realv)({_code(node.exp)}))"
        )
    if isinstance(node, functions.whole_power):
        return f"pow({_code(node.args[0])}, (realv)({_code(node.args[1])}))"
    arguments = [_code(argument) for argument in node.args]
    if node.is_Add:
        return f"({' + '.join(arguments)})"
    if node.is_Mul:
        return f"({' * '.join(arguments)})"
    return f"{_OPENCL[node.func]}({', '.join(f'(realv)({argument})' for argument in arguments)})"


def _power(node: sympy.Expr) -> str:
    return f"pow({_code(node.base)}, (realv)((real){abs(int(node.exp))}))"
