"""Find that an interaction is of finite rank: a sum of waves (see `measures.finite_rank`).

The waves are s^p exp(g.s) cos(w.s) or sin(w.s). Along lines the formula is taken apart, exactly: sums,
products, whole powers, sine, cosine and exponential of linear forms are waves again. What remains depends on
circles alone and becomes a Fourier series, to rounding. On a circle s^2 is the square of the shortest
difference. Its kink allows no short series: pairs are summed.
"""

import math
from collections.abc import Sequence

import numpy as np
import sympy

from mfpde.expressions import evaluate
from mfpde.expressions.functions import absolute, expm1
from mfpde.measures.finite_rank import FiniteRank, build_finite_rank
from mfpde.measures.wave import Wave
from mfpde.models.fourier import NoSeries, fourier_series
from mfpde.models.parameters import Component

#: features beyond which sums over pairs are as good
MOST_RANK = 1024
#: degree of polynomials at most: up to 3^degree units of rounding may be lost, see `measures.finite_rank`
MOST_POWERS = 12
#: products of terms that are formed at most
MOST_PRODUCTS = 2**14
#: what is left of terms that cancel, relative to them
ROUNDING = 1e-14
#: points at which what was found is compared with the formula, and how far they may differ relative to the
#: largest W there
CHECKS, AGREEMENT = 64, 1e-9

#: a sum of waves; coefficients depend on circles alone
Terms = dict[Wave, sympy.Expr]


class _NoWaves(Exception):
    """Not a sum of waves, or of too many."""


def find_finite_rank(interaction: sympy.Expr, components: Sequence[Component]) -> FiniteRank | None:
    """An even function of the differences by its features; None if it is not of finite rank, or of a high
    one.
    """
    symbols = [sympy.Symbol(c.name, real=True) for c in components]
    formula = interaction.xreplace(
        {s: sympy.Integer(0) for s, c in zip(symbols, components, strict=True) if not c.free}
    )
    periods = [c.domain[1] - c.domain[0] if c.periodic and c.domain is not None else 0.0 for c in components]
    lines = {symbol: k for k, (symbol, period) in enumerate(zip(symbols, periods, strict=True)) if not period}
    circles = {
        symbol: (k, period) for k, (symbol, period) in enumerate(zip(symbols, periods, strict=True)) if period
    }
    try:
        numbers: dict[Wave, float] = {}
        sizes: dict[Wave, float] = {}
        for wave, coefficient in _Expansion(lines, len(symbols)).of(formula).items():
            for other, value in fourier_series(coefficient, circles, len(symbols)).items():
                for made, factor in _product(wave, other):
                    numbers[made] = numbers.get(made, 0.0) + factor * value
                    sizes[made] = sizes.get(made, 0.0) + abs(factor * value)
        waves = {
            wave: value
            for wave, value in numbers.items()
            if abs(value) > ROUNDING * sizes[wave] and not _odd(wave)
        }
        if (
            any(sum(wave.powers) > MOST_POWERS for wave in waves)
            or sum(map(_features, waves)) > 2 * MOST_RANK
        ):
            return None
        found = build_finite_rank(waves, periods)
    except (_NoWaves, NoSeries):
        return None
    return found if found.rank <= MOST_RANK and _agrees(found, formula, components, periods) else None


def _odd(wave: Wave) -> bool:
    """Whether it changes its sign with the differences: W, which is even, has no such waves but for
    rounding.
    """
    return not any(wave.growth) and (sum(wave.powers) + wave.sine) % 2 == 1


def _features(wave: Wave) -> int:
    return math.prod(p + 1 for p in wave.powers) * (2 if wave.turns else 1)


class _Expansion:
    """Formulas as sums of waves along the lines among d components."""

    def __init__(self, lines: dict[sympy.Symbol, int], d: int):
        self.lines, self.symbols = lines, set(lines)
        self.flat = Wave((0,) * d, (0.0,) * d, (0.0,) * d)
        self.left = MOST_PRODUCTS

    def of(self, node: sympy.Expr) -> Terms:
        """The waves of an expression."""
        if not node.free_symbols & self.symbols:
            return {self.flat: node}
        if node.is_Symbol:
            return {self.flat._replace(powers=_unit(self.lines[node], self.flat.powers)): sympy.Integer(1)}
        if node.is_Add:
            total: Terms = {}
            for term in node.args:
                _add(total, self.of(term))
            return total
        if node.is_Mul:
            result = self.of(node.args[0])
            for factor in node.args[1:]:
                result = self.times(result, self.of(factor))
            return result
        if node.is_Pow:
            return self.power(*node.args)
        if isinstance(node, sympy.exp):
            slopes, rest = self.linear(node.args[0])
            return {self.flat._replace(growth=slopes): sympy.exp(rest)}
        if isinstance(node, expm1):
            return self.of(sympy.exp(node.args[0]) - 1)
        if isinstance(node, sympy.sin | sympy.cos):
            slopes, rest = self.linear(node.args[0])
            turned = isinstance(node, sympy.sin)
            result = {}  # sin(a + b) = sin a cos b + cos a sin b, cos(a + b) = cos a cos b - sin a sin b
            for sine, factor in (
                (turned, sympy.cos(rest)),
                (not turned, sympy.sin(rest) * (1 if turned else -1)),
            ):
                for wave, sign in _canonical(self.flat._replace(frequency=slopes, sine=sine)):
                    _add(result, {wave: factor * sign})
            return result
        if isinstance(node, absolute) and node.args[0].is_nonnegative:
            return self.of(node.args[0])
        raise _NoWaves

    def power(self, base: sympy.Expr, exponent: sympy.Expr) -> Terms:
        """A whole power of waves, or any power of a single exponential."""
        number = float(exponent) if exponent.is_number and exponent.is_real else math.nan
        whole = number == int(number) if math.isfinite(number) else False
        if whole and number > 0:
            if isinstance(base, absolute) and number % 2 == 0:
                base = base.args[0]
            factor, result = self.of(base), {self.flat: sympy.Integer(1)}
            for _ in range(int(number)):
                result = self.times(result, factor)
            return result
        terms = self.of(base)
        if len(terms) == 1 and math.isfinite(number):
            ((wave, coefficient),) = terms.items()
            if not any(wave.powers) and not wave.turns and (whole or coefficient.is_positive):
                return {wave._replace(growth=tuple(number * g for g in wave.growth)): coefficient**exponent}
        raise _NoWaves

    def linear(self, node: sympy.Expr) -> tuple[tuple[float, ...], sympy.Expr]:
        """Slopes along all components of a function that is linear along lines, and what does not depend on
        lines.
        """
        slopes, rest = [0.0] * len(self.flat.powers), sympy.Integer(0)
        for wave, coefficient in self.of(node).items():
            if wave == self.flat:
                rest = coefficient
            elif sum(wave.powers) == 1 and not wave.turns and not any(wave.growth) and coefficient.is_number:
                slopes[wave.powers.index(1)] = float(coefficient)
            else:
                raise _NoWaves
        return tuple(slopes), rest

    def times(self, one: Terms, other: Terms) -> Terms:
        """The product of two sums."""
        self.left -= len(one) * len(other)
        if self.left < 0:
            raise _NoWaves
        result: Terms = {}
        for a, first in one.items():
            for b, second in other.items():
                for wave, factor in _product(a, b):
                    _add(result, {wave: first * second * (1 if factor == 1 else sympy.Rational(factor))})
        return result


def _add(total: Terms, more: Terms) -> None:
    for wave, coefficient in more.items():
        value = total.get(wave, sympy.Integer(0)) + coefficient
        if value == 0:
            total.pop(wave, None)
        else:
            total[wave] = value


def _unit(k: int, zeros: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(j == k) for j in range(len(zeros)))


def _product(a: Wave, b: Wave) -> list[tuple[Wave, float]]:
    """The product of two waves: one or two, with their factors."""
    powers = tuple(p + q for p, q in zip(a.powers, b.powers, strict=True))
    growth = tuple(g + h for g, h in zip(a.growth, b.growth, strict=True))
    if not (a.turns and b.turns):
        turning = a if a.turns else b
        return [(Wave(powers, growth, turning.frequency, turning.sine), 1.0)]
    if a.sine and not b.sine:
        a, b = b, a
    apart = tuple(v - w for v, w in zip(b.frequency, a.frequency, strict=True))
    together = tuple(v + w for v, w in zip(b.frequency, a.frequency, strict=True))
    sine = a.sine != b.sine
    # 2 cos cos = cos(b - a) + cos(b + a), 2 sin sin = cos(b - a) - cos(b + a), 2 cos a sin b = sin(b - a) +
    # sin(b + a)
    found = [
        (Wave(powers, growth, apart, sine), 0.5),
        (Wave(powers, growth, together, sine), -0.5 if a.sine else 0.5),
    ]
    return [(wave, sign * factor) for raw, factor in found for wave, sign in _canonical(raw)]


def _canonical(wave: Wave) -> list[tuple[Wave, float]]:
    """The same with a frequency whose first entry that is not 0 is positive, and the sign that costs; nothing
    if it is sin 0.
    """
    leading = next((w for w in wave.frequency if w), 0.0)
    if not leading:
        return [] if wave.sine else [(wave._replace(frequency=(0.0,) * len(wave.frequency)), 1.0)]
    if leading > 0:
        return [(wave, 1.0)]
    return [
        (wave._replace(frequency=tuple(-w if w else 0.0 for w in wave.frequency)), -1.0 if wave.sine else 1.0)
    ]


def _agrees(
    found: FiniteRank, formula: sympy.Expr, components: Sequence[Component], periods: Sequence[float]
) -> bool:
    """Whether the features give W at differences of points inside the laws, and as far apart on circles as
    can be.
    """
    random = np.random.default_rng(0)
    here, there = (np.array([c.law.quantile(random.random(CHECKS)) for c in components]) for _ in range(2))
    for k, period in enumerate(periods):
        if period:
            here[k], there[k] = period * random.random(CHECKS), 0.0
    differences = [
        d - period * np.round(d / period) if period else d
        for d, period in zip(here - there, periods, strict=True)
    ]
    names = [c.name for c in components]
    exact = evaluate(formula, dict(zip(names, differences, strict=True)))
    middle = (here + there) / 2
    with np.errstate(all="ignore"):
        u, v = found.values(here - middle), found.values(there - middle)
        ours = np.sum(u * (found.matrix @ v), axis=0)
    return bool(np.all(np.abs(ours - exact) <= AGREEMENT * np.max(np.abs(exact))))
