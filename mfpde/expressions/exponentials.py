"""Sums of two exponentials, a e^u + b e^v, under powers and logarithms.

With s the logistic function and w = v - u + log|b/a|:

    a e^u + b e^v = a e^u / s(-w)  or  -a e^u (e^w - 1)
    log(a e^u + b e^v) = log a + u + log(1 + e^w)
"""

import math

import sympy

from mfpde.expressions.functions import expm1, log1mexp, log_cosh, sigmoid, softplus


def term_of(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """The number c and the exponent u of c e^u; None of anything else."""
    number, rest = term.as_coeff_Mul()
    if rest == 1:
        return number, sympy.Integer(0)
    return (number, rest.args[0]) if isinstance(rest, sympy.exp) else None


def two_terms(node: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr, sympy.Expr] | None:
    """(a, u, b, v) of a e^u + b e^v, in an order that depends on u and v alone; None of anything else."""
    if not isinstance(node, sympy.Add) or len(node.args) != 2:
        return None
    terms = [term_of(term) for term in node.args]
    if terms[0] is None or terms[1] is None or not all(_is_float(c) for c in (terms[0][0], terms[1][0])):
        return None
    (a, u), (b, v) = sorted((terms[0], terms[1]), key=lambda t: (t[1] != 0, sympy.default_sort_key(t[1])))
    return a, u, b, v


def _is_float(number: sympy.Expr) -> bool:
    """Whether a number is finite and not 0, as a float too."""
    return bool(number.is_Number) and 0 < abs(float(number)) < math.inf


def _offset(a: sympy.Expr, u: sympy.Expr, b: sympy.Expr, v: sympy.Expr) -> sympy.Expr:
    """w = v - u + log|b/a|."""
    return v - u + (0 if abs(a) == abs(b) else sympy.Float(math.log(abs(float(b))) - math.log(abs(float(a)))))


def power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr | None:
    """(a e^u + b e^v)^p by the logistic function, or by e^w - 1; None of anything else."""
    if (terms := two_terms(base)) is None:
        return None
    a, u, b, v = terms
    if a * b > 0 and (a > 0 or exponent.is_Integer):
        return a**exponent * sympy.exp(exponent * u) * sigmoid(-_offset(a, u, b, v)) ** -exponent
    if a * b < 0 and (a < 0 or exponent.is_Integer):
        return (-a) ** exponent * sympy.exp(exponent * u) * expm1(_offset(a, u, b, v)) ** exponent
    if a * b < 0:
        return (-b) ** exponent * sympy.exp(exponent * v) * expm1(_offset(b, v, a, u)) ** exponent
    return None


def logarithm(argument: sympy.Expr) -> sympy.Expr | None:
    """The logarithm of a product with positive factors, or of a e^u + b e^v; None of anything else."""
    parts = [(f, _positive_logarithm(f)) for f in sympy.Mul.make_args(argument)]
    outside = [part for _, part in parts if part is not None]
    if outside:
        inside = sympy.Mul(*(f for f, part in parts if part is None))
        return sympy.Add(
            *outside, sympy.Integer(0) if inside == 1 else logarithm(inside) or sympy.log(inside)
        )
    if argument.could_extract_minus_sign() and isinstance(-argument, expm1):  # 1 - e^w
        return log1mexp((-argument).args[0])
    if (terms := two_terms(argument)) is None:
        return _logarithm_of_sum(argument)
    a, u, b, v = terms
    if a < 0:
        a, u, b, v = b, v, a, u
    if a < 0:
        return None
    if a == b and u + v == 0:
        return _log(2 * a) + log_cosh(u)
    w = _offset(a, u, b, v)
    return _log(a) + u + (softplus(w) if b > 0 else log1mexp(w))


def _logarithm_of_sum(argument: sympy.Expr) -> sympy.Expr | None:
    """log(1 + R) = softplus(log R) for a sum R of exponentials, exact for small R too; None of others."""
    terms = [term_of(term) for term in argument.args] if isinstance(argument, sympy.Add) else []
    if len(terms) < 3 or not all(term is not None and _is_float(term[0]) and term[0] > 0 for term in terms):
        return None
    number, rest = argument.as_coeff_Add()
    if number == 0:
        return None
    rest = sympy.Add(*(term / number for term in rest.args))
    return _log(number) + softplus(logarithm(rest) or sympy.log(rest))


def _positive_logarithm(factor: sympy.Expr) -> sympy.Expr | None:
    """The logarithm of e^u, or of a power of the logistic function; None of anything else."""
    if isinstance(factor, sympy.exp):
        return factor.args[0]
    base, exponent = factor.as_base_exp()
    if isinstance(base, sigmoid):
        return -exponent * softplus(-base.args[0])
    return None


def _log(number: sympy.Expr) -> sympy.Expr:
    return sympy.Integer(0) if number == 1 else sympy.Float(math.log(float(number)))
