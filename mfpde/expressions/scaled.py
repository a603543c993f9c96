"""Values with an exponent of their own: what has no stable form is computed as m e^s, so that nothing
overflows or vanishes on the way.

Products add exponents, powers multiply them, sums take out the largest: (m1, s1) + (m2, s2) = (m1 e^(s1 - s)
+ m2 e^(s2 - s), s) with s = max(s1, s2), known from logarithms of sums of exponentials. Only the parts of an
expression that need it are written so, just before values are computed; derivatives are taken before. What is
used more than once gets a name, so that nested formulas stay short.
"""

import functools
from collections.abc import Sequence

import sympy

from mfpde.expressions.functions import (
    absolute,
    choose,
    expm1,
    larger,
    sigmoid,
    smaller,
    softplus,
    whole_power,
)

#: a value m e^s
Scaled = tuple[sympy.Expr, sympy.Expr]
#: names and what they stand for, each in terms of those before it
Named = Sequence[tuple[sympy.Symbol, sympy.Expr]]

ZERO, ONE = sympy.Integer(0), sympy.Integer(1)
#: what carries an exponent
CARRIERS = (sympy.exp, sigmoid, expm1, softplus)
#: powers beside an exponential that are drawn into it
HIGH_POWER = 8
#: log(1 + e^t) is e^t to rounding below
SOFTPLUS_IS_EXP = sympy.Integer(-40)
#: longer than names of parameters can be
PREFIX = "intermediate_value_"


@functools.lru_cache(maxsize=512)
def safe(expressions: tuple[sympy.Expr, ...]) -> tuple[Named, Sequence[sympy.Expr]]:
    """Expressions of the same values whose parts do not overflow unless the values do.

    In terms of their variables and of the names that come first.
    """
    if not any(expression.has(*CARRIERS) for expression in expressions):
        return (), expressions
    scaler = _Scaler()
    results = [scaler.safe(expression) for expression in expressions]
    return [(name, expression) for expression, name in scaler.names.items()], results


@functools.lru_cache(maxsize=4096)
def _carries(node: sympy.Expr) -> bool:
    """Whether a value may be far from 1 by an exponential that can be taken out of it."""
    if isinstance(node, CARRIERS):
        return True
    if isinstance(node, sympy.Pow):
        return _carries(node.args[0])
    return isinstance(node, sympy.Add | sympy.Mul) and any(_carries(argument) for argument in node.args)


def _grows(node: sympy.Expr) -> bool:
    """Whether a factor may overflow by its exponential."""
    base, exponent = node.as_base_exp() if not isinstance(node, sympy.exp) else (node, ONE)
    if isinstance(base, sigmoid):
        return bool(exponent.is_negative)
    return _carries(base)


def _needs(node: sympy.Expr) -> bool:
    if isinstance(node, sympy.Mul):
        carriers = [f for f in node.args if _carries(f)]
        high = any(f.is_Pow and f.exp.is_Integer and abs(f.exp) >= HIGH_POWER for f in node.args)
        return bool(carriers) and (high or (len(carriers) > 1 and any(_grows(f) for f in carriers)))
    if isinstance(node, sympy.Pow):
        if isinstance(node.args[0], sigmoid):  # a root reaches twice as far
            return not node.exp.is_Integer
        return (
            isinstance(node.args[0], sympy.Add)
            and _carries(node.args[0])
            and not (node.exp.is_Integer and node.exp > 0)
        )
    return (
        isinstance(node, sympy.log)
        and isinstance(node.args[0], sympy.Add | sympy.Mul | sympy.Pow)
        and _carries(node.args[0])
    )


class _Scaler:
    """Rewrites expressions that share names."""

    def __init__(self) -> None:
        self.names: dict[sympy.Expr, sympy.Symbol] = {}
        self.known: dict[sympy.Expr, sympy.Expr] = {}
        self.pairs: dict[sympy.Expr, Scaled] = {}

    def safe(self, node: sympy.Expr) -> sympy.Expr:
        """The node, with what needs it written as m e^s."""
        if not node.args:
            return node
        if node not in self.known:
            if _needs(node):
                self.known[node] = self._named(_together(*self._scaled(node)))
            else:
                arguments = [self.safe(argument) for argument in node.args]
                self.known[node] = (
                    node
                    if all(a is b for a, b in zip(arguments, node.args, strict=True))
                    else node.func(*arguments)
                )
        return self.known[node]

    def _named(self, value: sympy.Expr) -> sympy.Expr:
        if not value.args or value.is_number:
            return value
        return self.names.setdefault(value, sympy.Symbol(f"{PREFIX}{len(self.names)}", real=True))

    def _inner(self, node: sympy.Expr) -> sympy.Expr:
        """An argument, by name if it holds exponentials itself."""
        return self._named(self.safe(node)) if node.has(*CARRIERS) else node

    def _scaled(self, node: sympy.Expr) -> Scaled:
        """(m, s) with value m e^s, and m of moderate size as far as exponentials go."""
        if node not in self.pairs:
            self.pairs[node] = self._taken_apart(node)
        return self.pairs[node]

    def _taken_apart(self, node: sympy.Expr) -> Scaled:
        if isinstance(node, sympy.log):
            m, s = self._scaled(node.args[0])
            return sympy.log(m) + s, ZERO
        if not _carries(node):
            return self._inner(node), ZERO
        if isinstance(node, sympy.Add):
            return self._sum([self._scaled(term) for term in node.args])
        if isinstance(node, sympy.Mul):
            parts = [self._scaled(factor) for factor in node.args]
            return sympy.Mul(*(m for m, _ in parts)), sympy.Add(*(s for _, s in parts))
        if isinstance(node, sympy.Pow):
            m, s = self._scaled(node.args[0])
            return m**node.exp, node.exp * s
        t = self._inner(node.args[0])
        if isinstance(node, sympy.exp):
            return ONE, t
        if isinstance(node, sigmoid):
            return sigmoid(absolute(t)), smaller(t, ZERO)
        if isinstance(node, expm1):
            return choose(t, ZERO, -expm1(-t), expm1(t)), larger(t, ZERO)
        below = smaller(t, ZERO)
        return choose(t, SOFTPLUS_IS_EXP, softplus(t) * _exp(-larger(below, SOFTPLUS_IS_EXP)), ONE), below

    def _sum(self, terms: list[Scaled]) -> Scaled:
        together: dict[sympy.Expr, list[sympy.Expr]] = {}
        for m, s in terms:
            together.setdefault(s, []).append(m)
        scales, by_scale = list(together), [(sympy.Add(*parts), s) for s, parts in together.items()]
        if len(by_scale) == 1:
            return by_scale[0]
        top = self._named(_largest(scales))
        if len(by_scale) == 2 and by_scale[0][0] == -by_scale[1][0]:
            d = scales[0] - scales[1]
            return self._named(by_scale[0][0] * choose(d, ZERO, -expm1(-d), expm1(d))), top
        return self._named(sympy.Add(*(m * _exp(s - top) for m, s in by_scale))), top


def _largest(values: list[sympy.Expr]) -> sympy.Expr:
    """The maximum, by halves: a chain of hundreds would be nested too deeply."""
    half = len(values) // 2
    return larger(_largest(values[:half]), _largest(values[half:])) if half else values[0]


def _together(m: sympy.Expr, s: sympy.Expr) -> sympy.Expr:
    """m e^s; a high power in m and its share of e^s are one power."""
    if s == 0:
        return m
    high = [f for f in sympy.Mul.make_args(m) if f.is_Pow and f.exp.is_Integer and abs(f.exp) >= HIGH_POWER]
    if not high:
        return m * _exp(s)
    power = max(high, key=lambda f: (abs(f.exp), sympy.default_sort_key(f)))
    n = abs(power.exp)
    return m / power * whole_power((power.base if power.exp > 0 else 1 / power.base) * _exp(s / n), n)


def _exp(s: sympy.Expr) -> sympy.Expr:
    """e^s as it stands; SymPy would ask whether s is a logarithm or a multiple of i pi."""
    return sympy.exp(s, evaluate=False) if s != 0 else ONE
