"""Text to expression tree; the text is data, and nothing is ever executed."""

import ast
import keyword
import math
import operator
import re
import warnings
from collections.abc import Callable, Sequence

import sympy

from mfpde.errors import InputError, nearest
from mfpde.expressions import functions
from mfpde.expressions.evaluate import evaluate
from mfpde.expressions.stable import stable

MAX_LENGTH = 1000
MAX_DEPTH = 40
#: nodes of the expression tree, which derivatives multiply
MAX_NODES = 2000
MAX_EXPONENT = 64
#: operations in a constant that is kept exact: about larger ones SymPy would think for too long
MAX_EXACT = 8

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
    "tanh": (1, functions.tanh),
    "sinh": (1, lambda t: (sympy.exp(t) - sympy.exp(-t)) / 2),
    "cosh": (1, lambda t: (sympy.exp(t) + sympy.exp(-t)) / 2),
    "exp": (1, sympy.exp),
    "log": (1, sympy.log),
    "sqrt": (1, sympy.sqrt),
    "erf": (1, sympy.erf),
    "abs": (1, functions.absolute),
    "relu": (1, functions.relu),
    "sigmoid": (1, functions.sigmoid),
    "softplus": (1, functions.softplus),
    "max": (2, functions.larger),
    "min": (2, functions.smaller),
}

CONSTANTS = {"pi": sympy.pi}

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: names that no variable can have: words of Python, whose syntax formulas borrow, and what formulas have
#: already
RESERVED = {*keyword.kwlist, *CONSTANTS, *FUNCTIONS}


def parse(text: str, variables: Sequence[str], where: str = "formula", hint: str = "") -> sympy.Expr:
    """Parse a formula in the given variables.

    Arguments:
        text: for example ``"sin(2*pi*x0) + 0.5*x1^2"``; both ``^`` and ``**`` mean power.
        variables: names that may occur; each becomes a real symbol of that name.
        where: the key or file the text came from, for messages.
        hint: what an unknown {name} may mean, for messages.
    Raises:
        InputError: unknown names, unsupported syntax, or a formula that is too long or too deep.
    """
    if len(text) > MAX_LENGTH:
        raise InputError(
            f"{where}: the formula has {len(text)} characters; at most {MAX_LENGTH} are accepted"
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python programmers' slips, such as 1if
            tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if word := next((word for word in NAME.findall(text) if keyword.iskeyword(word)), None):
            raise InputError(
                f"{where}: '{word}' in '{text}' is a reserved word, which formulas do not have as a name;"
                " choose another"
            ) from None
        raise InputError(
            f"{where}: '{text}' is not a formula; expected something like 'sin(2*pi*t)'"
        ) from None
    symbols = {name: sympy.Symbol(name, real=True) for name in variables}
    try:
        _check_size(tree.body, where)
        # SymPy turns sqrt(t^2) into its own |t|, whose second derivative is a delta function
        return stable(
            sympy.sympify(_build(tree.body, symbols, text, where, hint)).replace(
                sympy.Abs, functions.absolute
            )
        )
    except (TypeError, ValueError, ArithmeticError):
        raise InputError(
            f"{where}: '{text}' cannot be evaluated as a formula of {', '.join(variables)}"
        ) from None


def _check_size(node: ast.AST, where: str, depth: int = 0) -> int:
    """The nodes of the tree that will be built; of too many, the formula is refused.

    Derivatives of max and min hold each argument and its derivative; sinh and cosh are two terms.
    """
    if depth > MAX_DEPTH:
        raise InputError(f"{where}: the formula is nested more than {MAX_DEPTH} deep")
    inner = sum(
        _check_size(child, where, depth + 1)
        for child in ast.iter_child_nodes(node)
        if isinstance(child, ast.expr)
    )
    doubled = (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("max", "min", "sinh", "cosh")
    )
    count = 1 + (2 if doubled else 1) * inner
    if count > MAX_NODES:
        raise InputError(
            f"{where}: the formula has more than {MAX_NODES} terms, counting both that max, min, sinh and"
            " cosh make of each argument"
        )
    return count


def _build(node: ast.expr, symbols: dict, text: str, where: str, hint: str) -> sympy.Expr:
    """The expression of a node, whose constants are finite and real."""
    expression = _combine(node, symbols, text, where, hint)
    # (t^64)^64 = t^4096
    if expression.is_Pow and expression.exp.is_number and abs(evaluate(expression.exp, {})) > MAX_EXPONENT:
        raise InputError(
            f"{where}: the powers of powers in '{text}' make an exponent of more than {MAX_EXPONENT}"
        )
    constants = {*expression.atoms(sympy.Number), *((expression,) if expression.is_number else ())}
    if expression.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I) or not all(
        math.isfinite(evaluate(c, {})) for c in constants
    ):
        raise InputError(
            f"{where}: '{text}' is not finite and real (a division by zero, or the root of a negative number)"
        )
    if expression.is_number and (expression.has(*functions.OWN) or expression.count_ops() > MAX_EXACT):
        return sympy.Float(float(evaluate(expression, {})))
    return expression


def _combine(node: ast.expr, symbols: dict, text: str, where: str, hint: str) -> sympy.Expr:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int(number)):
            return sympy.Integer(number) if abs(number) < 10**15 else sympy.Float(number)
        case ast.Constant(value=float(number)):
            return sympy.Float(number)
        case ast.Name(id=name):
            known = {**symbols, **CONSTANTS}
            if name in FUNCTIONS and name not in known:
                raise InputError(
                    f"{where}: '{name}' in '{text}' is a function; expected its argument in brackets, such as"
                    f" {name}({next(iter(known))})"
                )
            if name not in known:
                raise InputError(
                    f"{where}: unknown name '{name}' in"
                    f" '{text}'{hint.format(name=name)}{nearest(name, known)}"
                )
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_build(operand, symbols, text, where, hint)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _build(operand, symbols, text, where, hint)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = (_build(side, symbols, text, where, hint) for side in (left, right))
            if isinstance(op, ast.Pow) and not (b.is_number and abs(evaluate(b, {})) <= MAX_EXPONENT):
                raise InputError(
                    f"{where}: a power in '{text}' must have a constant exponent of at most {MAX_EXPONENT}"
                )
            if isinstance(op, ast.Pow) and a.is_number:
                # exact integer towers could grow without bound
                return sympy.Float(float(evaluate(a, {})) ** float(evaluate(b, {})))
            return _BINARY[type(op)](a, b)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                hint = "; the natural logarithm is log" if name == "ln" else nearest(name, FUNCTIONS)
                raise InputError(f"{where}: unknown function '{name}' in '{text}'{hint}")
            count, make = FUNCTIONS[name]
            if len(arguments) != count:
                raise InputError(
                    f"{where}: {name} takes {count} argument(s), '{text}' gives {len(arguments)}"
                )
            return make(*(_build(argument, symbols, text, where, hint) for argument in arguments))
    raise InputError(
        f"{where}: '{text}' uses syntax that formulas do not have; use numbers, names, + - * / ^ and"
        " functions"
    )
