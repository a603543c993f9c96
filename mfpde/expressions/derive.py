"""Derivatives in stable forms.

Of a quotient N / D over one denominator, (N' D - N D') / D^2, with what cancels on paper taken out. At kinks
and cusps, where that of u^p, p < 1, is 0 times infinity, they are 0, as those of |t| and relu are: the force
between two units at one place, by W = sqrt(x^2 + y^2), vanishes.
"""

import itertools
import math

import sympy

from mfpde.expressions.functions import absolute, choose, sigmoid
from mfpde.expressions.stable import stable

#: products of a numerator that are written out
MAX_PRODUCTS = 64


def derivative(expression: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    """The derivative by a variable, in stable forms."""
    slope = stable(sympy.diff(expression, variable))
    if isinstance(slope, sympy.Add) and (joined := _over_one_denominator(slope)) is not None:
        slope = stable(joined)
    return (
        sympy.Add(*(_zero_at_kinks(term) for term in slope.args))
        if isinstance(slope, sympy.Add)
        else _zero_at_kinks(slope)
    )


def _zero_at_kinks(term: sympy.Expr) -> sympy.Expr:
    """A product u' u^(p - 1) ..., p < 1, as 0 where the other factors are."""
    roots = [
        f
        for f in term.args
        if f.is_Pow and f.exp.is_number and f.exp.is_negative and not f.exp.is_Integer and _may_vanish(f.base)
    ]
    if not (isinstance(term, sympy.Mul) and roots):
        return term
    rest = sympy.Mul(*(f for f in term.args if f not in roots))
    return term if rest.is_number else choose(absolute(rest), sympy.Integer(0), term, sympy.Integer(0))


def _may_vanish(base: sympy.Expr) -> bool:
    return not (base.is_number or isinstance(base, sigmoid))


def _over_one_denominator(node: sympy.Add) -> sympy.Expr | None:
    """A sum in which N1 / D and N2 / D^2 are one term; None where that makes nothing shorter."""
    quotients: dict[sympy.Expr, dict[sympy.Expr, tuple[int, sympy.Expr]]] = {}
    for term in node.args:
        for base, power in (f.as_base_exp() for f in sympy.Mul.make_args(term)):
            if isinstance(base, sympy.Add) and power in (-1, -2) and base.has(sympy.exp):
                quotients.setdefault(base, {})[term] = int(power), term / base**power
    if len(quotients) != 1:
        return None
    ((base, terms),) = quotients.items()
    if {power for power, _ in terms.values()} != {-1, -2}:
        return None
    products = [
        _products(numerator, *((base,) if power == -1 else ())) for power, numerator in terms.values()
    ]
    if None in products:
        return None
    numerator = sympy.Add(*itertools.chain.from_iterable(p for p in products if p is not None))
    joined = sympy.Add(numerator / base**2, *(t for t in node.args if t not in terms))
    return joined if joined.count_ops() < node.count_ops() else None


def _products(*factors: sympy.Expr) -> list[sympy.Expr] | None:
    """The terms of a product of sums; None if there are too many."""
    sums = [sympy.Add.make_args(f) for product in factors for f in sympy.Mul.make_args(product)]
    if math.prod(len(terms) for terms in sums) > MAX_PRODUCTS:
        return None
    return [sympy.Mul(*choice) for choice in itertools.product(*sums)]
