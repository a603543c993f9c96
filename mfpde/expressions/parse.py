"""Text to expression tree. The text is data: only the syntax named here is understood, nothing is ever executed."""

import ast
import operator
from collections.abc import Callable, Sequence

import sympy

from mfpde.errors import InputError, nearest
from mfpde.expressions import functions

MAX_LENGTH = 1000
MAX_DEPTH = 40
MAX_EXPONENT = 64

_BINARY: dict[type[ast.operator], Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}

#: name -> (number of arguments, constructor)
FUNCTIONS: dict[str, tuple[int, Callable]] = {
    "sin": (1, sympy.sin),
    "cos": (1, sympy.cos),
    "tan": (1, sympy.tan),
    "tanh": (1, sympy.tanh),
    "exp": (1, sympy.exp),
    "log": (1, sympy.log),
    "sqrt": (1, sympy.sqrt),
    "erf": (1, sympy.erf),
    "abs": (1, functions.absolute),
    "relu": (1, functions.relu),
    "sigmoid": (1, functions.sigmoid),
    "softplus": (1, functions.softplus),
    "max": (2, lambda a, b: b + functions.relu(a - b)),
    "min": (2, lambda a, b: b - functions.relu(b - a)),
}

CONSTANTS = {"pi": sympy.pi}


def parse(text: str, variables: Sequence[str], where: str = "formula") -> sympy.Expr:
    """Parse a formula in the given variables.

    Arguments:
        text: for example ``"sin(2*pi*x0) + 0.5*x1^2"``; both ``^`` and ``**`` mean power.
        variables: names that may occur; each becomes a real symbol of that name.
        where: the key or file the text came from, for messages.
    Raises:
        InputError: unknown names, unsupported syntax, or a formula that is too long or too deep.
    """
    if len(text) > MAX_LENGTH:
        raise InputError(f"{where}: the formula has {len(text)} characters; at most {MAX_LENGTH} are accepted")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"{where}: '{text}' is not a formula; expected something like 'sin(2*pi*t)'") from None
    symbols = {name: sympy.Symbol(name, real=True) for name in variables}
    try:
        expression = sympy.sympify(_build(tree.body, symbols, text, where, 0))
    except (TypeError, ValueError, RecursionError, OverflowError, ZeroDivisionError):
        raise InputError(f"{where}: '{text}' cannot be evaluated as a formula of {', '.join(variables)}") from None
    if expression.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I):
        raise InputError(f"{where}: '{text}' is not finite and real (a division by zero, or the root of a negative number)")
    return expression


def _build(node: ast.expr, symbols: dict, text: str, where: str, depth: int) -> sympy.Expr:
    if depth > MAX_DEPTH:
        raise InputError(f"{where}: the formula is nested more than {MAX_DEPTH} deep")
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int(number)):
            return sympy.Integer(number) if abs(number) < 10**15 else sympy.Float(number)
        case ast.Constant(value=float(number)):
            return sympy.Float(number)
        case ast.Name(id=name):
            known = {**CONSTANTS, **symbols}
            if name not in known:
                raise InputError(f"{where}: unknown name '{name}' in '{text}'{nearest(name, [*known, *FUNCTIONS])}")
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_build(operand, symbols, text, where, depth + 1)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _build(operand, symbols, text, where, depth + 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = (_build(side, symbols, text, where, depth + 1) for side in (left, right))
            if isinstance(op, ast.Pow) and not (b.is_number and abs(float(b)) <= MAX_EXPONENT):
                raise InputError(f"{where}: a power in '{text}' must have a constant exponent of at most {MAX_EXPONENT}")
            if isinstance(op, ast.Pow) and a.is_number:
                return sympy.Float(float(a) ** float(b))  # exact integer towers could grow without bound
            return _BINARY[type(op)](a, b)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                raise InputError(f"{where}: unknown function '{name}' in '{text}'{nearest(name, FUNCTIONS)}")
            count, make = FUNCTIONS[name]
            if len(arguments) != count:
                raise InputError(f"{where}: {name} takes {count} argument(s), '{text}' gives {len(arguments)}")
            return make(*(_build(argument, symbols, text, where, depth + 1) for argument in arguments))
    raise InputError(f"{where}: '{text}' uses syntax that formulas do not have; use numbers, names, + - * / ^ and functions")
