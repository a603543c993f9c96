"""Enclosures of formulas in one variable over intervals: interval arithmetic on the tree, rounded outwards.

Moore, Kearfott & Cloud, Introduction to Interval Analysis, 2009. An interval is a pair of arrays (low, high);
where a formula is not defined its enclosure is (-inf, inf).
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

from mfpde.expressions import functions
from mfpde.expressions.evaluate import evaluate_together

Interval = tuple[np.ndarray, np.ndarray]

#: units in the last place by which results of elementary functions are widened
ULPS = 8
#: increasing where they are defined
_INCREASING = (
    sympy.exp, sympy.erf, functions.tanh, functions.sigmoid, functions.half_tanh, functions.expm1,
    functions.softplus, functions.relu, functions.above,
)  # fmt: skip
#: those of them whose slope jumps at 0
_KINKED = (functions.relu, functions.above)


@dataclass
class Enclosure:
    """A formula over intervals low <= t <= high (n,) of its variable."""

    low: np.ndarray
    high: np.ndarray
    #: whether a kink or a jump of the formula may lie in the interval (n,)
    kinked: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.kinked = np.zeros(len(self.low), dtype=bool)

    def of(self, formula: sympy.Expr) -> Interval:
        """Bounds of its values (n,) each; infinite where there are none."""
        with np.errstate(all="ignore"):
            return self._walk(formula)

    def _walk(self, node: sympy.Expr) -> Interval:
        if node.is_Symbol:
            return self.low, self.high
        if (value := functions.constant(node)) is not None:
            return np.full(len(self.low), value), np.full(len(self.low), value)
        arguments = [self._walk(argument) for argument in node.args]
        if node.is_Add:
            return functools.reduce(lambda x, y: _outwards(x[0] + y[0], x[1] + y[1]), arguments)
        if node.is_Mul:
            return functools.reduce(_times, arguments)
        if node.is_Pow:
            return self._power(arguments[0], node.exp)
        return self._function(node.func, arguments)

    def _power(self, base: Interval, exponent: sympy.Expr) -> Interval:
        power, (low, high) = functions.constant(exponent), base
        if power is None:
            return _unknown(low)
        if power != int(power):
            found = _outwards(np.minimum(low**power, high**power), np.maximum(low**power, high**power))
            return _where(low >= (0 if power > 0 else np.finfo(float).tiny), found, _unknown(low))
        ends = low**power, high**power
        found = np.minimum(*ends), np.maximum(*ends)
        if power > 0 and power % 2 == 0:
            found = np.where((low <= 0) & (high >= 0), 0.0, found[0]), found[1]
        if power < 0:
            found = _where((low > 0) | (high < 0), found, _unknown(low))
        return _outwards(*found)

    def _function(self, function: Any, arguments: list[Interval]) -> Interval:
        low, high = arguments[0]
        if function in _INCREASING:
            if function in _KINKED:
                self.kinked |= (low <= 0) & (high >= 0)
            return _outwards(*_ends(function, low, high))
        if function in (sympy.sin, sympy.cos):
            return _outwards(*_wave(low, high, math.pi / 2 if function is sympy.sin else 0.0))
        if function in (sympy.Abs, functions.absolute, functions.log_cosh):
            if function is not functions.log_cosh:
                self.kinked |= (low <= 0) & (high >= 0)
            ends = _ends(function, low, high)
            return _outwards(np.where((low <= 0) & (high >= 0), 0.0, np.minimum(*ends)), np.maximum(*ends))
        if function in (functions.larger, functions.smaller):
            return self._one_of(function is functions.larger, *arguments)
        if function is functions.choose:
            return self._choose(*arguments)
        if function is sympy.log:
            return _where(low > 0, _outwards(*_ends(function, low, high)), _unknown(low))
        return _unknown(low)  # tan, sign, ...: nothing is claimed of them

    def _one_of(self, larger: bool, x: Interval, y: Interval) -> Interval:
        self.kinked |= (x[0] <= y[1]) & (y[0] <= x[1])
        of = np.maximum if larger else np.minimum
        return of(x[0], y[0]), of(x[1], y[1])

    def _choose(self, a: Interval, b: Interval, p: Interval, q: Interval) -> Interval:
        first, second = a[0] > b[1], a[1] <= b[0]
        self.kinked |= ~(first | second)
        either = np.minimum(p[0], q[0]), np.maximum(p[1], q[1])
        return _where(first, p, _where(second, q, either))


def _ends(function: Callable, low: np.ndarray, high: np.ndarray) -> Interval:
    """The function at both ends."""
    t = sympy.Symbol("t", real=True)
    found = evaluate_together([function(t)], {"t": np.stack([low, high])})[0]
    return found[0], found[1]


def _times(x: Interval, y: Interval) -> Interval:
    products = np.stack([x[i] * y[j] for i in (0, 1) for j in (0, 1)])
    products = np.where(np.isnan(products), 0.0, products)  # of 0 and a bound that is infinite
    return _outwards(products.min(axis=0), products.max(axis=0))


def _wave(low: np.ndarray, high: np.ndarray, phase: float) -> Interval:
    """cos(t - phase)."""
    low, high = low - phase, high - phase
    ends = np.cos(low), np.cos(high)

    def holds(at: float) -> np.ndarray:  # some at + 2 pi k, with room for rounding
        turn, room = 2 * math.pi, 1e-12 * (1 + np.abs(low))
        return np.floor((high - at + room) / turn) >= np.ceil((low - at - room) / turn)

    error = ULPS * np.finfo(float).eps * (1 + np.abs(low) + np.abs(high))  # of the shift
    return (
        np.where(holds(math.pi), -1.0, np.minimum(*ends) - error),
        np.where(holds(0.0), 1.0, np.maximum(*ends) + error),
    )


def _outwards(low: np.ndarray, high: np.ndarray) -> Interval:
    room = ULPS * np.finfo(float).eps
    low, high = (
        low - room * np.abs(low) - np.finfo(float).tiny,
        high + room * np.abs(high) + np.finfo(float).tiny,
    )
    bad = np.isnan(low) | np.isnan(high)
    return np.where(bad, -np.inf, low), np.where(bad, np.inf, high)


def _unknown(like: np.ndarray) -> Interval:
    return np.full(like.shape, -np.inf), np.full(like.shape, np.inf)


def _where(condition: np.ndarray, x: Interval, y: Interval) -> Interval:
    return np.where(condition, x[0], y[0]), np.where(condition, x[1], y[1])
