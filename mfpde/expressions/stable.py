"""Forms that neither overflow nor cancel, recognised in an expression: what is equal to them on paper is
replaced by them.

    a e^u + b e^v = a e^u / s(-w) or -a e^u (e^w - 1),  w = v - u + log|b/a|    under powers and logarithms, s
    the logistic function log(a e^u + b e^v) = log a + u + log(1 + e^w) s(w)^p e^(-rw) = s(w)^(p-r) s(-w)^r,
    (e^w - 1) s(-w) = tanh(w/2),  s(w) - s(-w) = tanh(w/2),  1 - s(w) = s(-w)

An expression without exponentials is returned as it is. What has no such form is left to `scaled`.
"""

import math
from collections.abc import Iterator

import sympy

from mfpde.expressions.functions import expm1, half_tanh, log1mexp, log_cosh, sigmoid, softplus

#: terms of a sum in which pairs are looked for
MAX_TERMS = 64


def stable(expression: sympy.Expr) -> sympy.Expr:
    """The expression with the forms above in place of what equals them."""
    return _rewrite(expression, {})


def _rewrite(node: sympy.Expr, known: dict[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    """Every node once, arguments first. Nothing is expanded: that could take for ever."""
    if not node.args:
        return node
    if node in known:
        return known[node]
    arguments = [_rewrite(argument, known) for argument in node.args]
    result = node if all(a is b for a, b in zip(arguments, node.args, strict=True)) else node.func(*arguments)
    if (
        isinstance(result, sympy.Pow)
        and result.exp.is_number
        and not (result.exp.is_Integer and result.exp > 0)
    ):
        result = _power(*result.args) or result
    elif isinstance(result, sympy.log):
        result = _logarithm(result.args[0]) or result
    # one after the other: a power or a logarithm may have become a product or a sum
    if isinstance(result, sympy.Mul) and any(
        isinstance(f, sympy.exp | sigmoid | expm1) for f in _factors(result)
    ):
        result = _product(result)
    if isinstance(result, sympy.Add) and len(result.args) <= MAX_TERMS:
        result = _sum(result)
    known[node] = result
    return result


# --- sums of two exponentials -------------------------------------------------------------------------------


def _term(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """The number c and the exponent u of c e^u; None of anything else."""
    number, rest = term.as_coeff_Mul()
    if rest == 1:
        return number, sympy.Integer(0)
    return (number, rest.args[0]) if isinstance(rest, sympy.exp) else None


def _two_terms(node: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr, sympy.Expr] | None:
    """(a, u, b, v) of a e^u + b e^v, in an order that depends on u and v alone; None of anything else."""
    if not isinstance(node, sympy.Add) or len(node.args) != 2:
        return None
    terms = [_term(term) for term in node.args]
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


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr | None:
    """(a e^u + b e^v)^p by the logistic function, or by e^w - 1; None of anything else."""
    if (terms := _two_terms(base)) is None:
        return None
    a, u, b, v = terms
    if a * b > 0 and (a > 0 or exponent.is_Integer):
        return a**exponent * sympy.exp(exponent * u) * sigmoid(-_offset(a, u, b, v)) ** -exponent
    if a * b < 0 and (a < 0 or exponent.is_Integer):
        return (-a) ** exponent * sympy.exp(exponent * u) * expm1(_offset(a, u, b, v)) ** exponent
    if a * b < 0:
        return (-b) ** exponent * sympy.exp(exponent * v) * expm1(_offset(b, v, a, u)) ** exponent
    return None


def _logarithm(argument: sympy.Expr) -> sympy.Expr | None:
    """The logarithm of a product with positive factors, or of a e^u + b e^v; None of anything else."""
    parts = [(f, _positive_logarithm(f)) for f in sympy.Mul.make_args(argument)]
    outside = [part for _, part in parts if part is not None]
    if outside:
        inside = sympy.Mul(*(f for f, part in parts if part is None))
        return sympy.Add(
            *outside, sympy.Integer(0) if inside == 1 else _logarithm(inside) or sympy.log(inside)
        )
    if argument.could_extract_minus_sign() and isinstance(-argument, expm1):  # 1 - e^w
        return log1mexp((-argument).args[0])
    if (terms := _two_terms(argument)) is None:
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
    """log(1 + R) = softplus(log R) for a sum R of exponentials, which is exact where R is small too; None of
    anything else.
    """
    terms = [_term(term) for term in argument.args] if isinstance(argument, sympy.Add) else []
    if len(terms) < 3 or not all(term is not None and _is_float(term[0]) and term[0] > 0 for term in terms):
        return None
    number, rest = argument.as_coeff_Add()
    if number == 0:
        return None
    rest = sympy.Add(*(term / number for term in rest.args))
    return _log(number) + softplus(_logarithm(rest) or sympy.log(rest))


def _positive_logarithm(factor: sympy.Expr) -> sympy.Expr | None:
    """The logarithm of e^u, of a power of the logistic function, or of a positive number beside such; None of
    anything else.
    """
    if isinstance(factor, sympy.exp):
        return factor.args[0]
    base, exponent = factor.as_base_exp()
    if isinstance(base, sigmoid):
        return -exponent * softplus(-base.args[0])
    return None


def _log(number: sympy.Expr) -> sympy.Expr:
    return sympy.Integer(0) if number == 1 else sympy.Float(math.log(float(number)))


# --- products -----------------------------------------------------------------------------------------------


def _factors(node: sympy.Expr) -> dict[sympy.Expr, sympy.Expr]:
    """The powers that a product is made of; e^u is its own base."""
    return dict(
        (f, sympy.Integer(1)) if isinstance(f, sympy.exp) else f.as_base_exp()
        for f in sympy.Mul.make_args(node)
    )


def _product(node: sympy.Expr) -> sympy.Expr:
    factors = _factors(node)
    sums = [f for f, p in factors.items() if p.is_Integer and p > 0 and _two_terms(f) is not None]
    differences = [f for f in sums if len({c > 0 for c, *_ in (_term(t) or (1,) for t in f.args)}) == 2]
    # (e^x - e^-x) / (e^x + e^-x)
    if differences or (sums and any(isinstance(f, sigmoid | expm1) for f in factors)):
        factors = _factors(sympy.Mul(*(_power(f, p) or f**p for f, p in factors.items())))
    elif len(sums) == 1 and factors[sums[0]] == 1:  # e^-x (e^x + e^-x)
        rest = node / sums[0]
        return sympy.Add(*(term * rest for term in sums[0].args))
    for f in [f for f in factors if isinstance(f, sympy.exp)]:
        exponent = f.args[0]
        for s in [s for s in factors if isinstance(s, sigmoid)]:
            ratio = _ratio(exponent, s.args[0])
            if ratio is not None and 0 < -ratio <= factors[s]:
                mirrored = sigmoid(-s.args[0])
                factors[s], factors[mirrored] = factors[s] + ratio, factors.get(mirrored, 0) - ratio
                exponent = exponent - ratio * s.args[0]
        if exponent != f.args[0]:
            del factors[f]
            factors[sympy.exp(exponent)] = sympy.Integer(1)
    for f in [f for f in factors if isinstance(f, expm1)]:
        partner = sigmoid(-f.args[0])
        p, q = factors[f], factors.get(partner, sympy.Integer(0))
        if p.is_Integer and q.is_Integer and p * q > 0:
            shared = min(abs(p), abs(q)) * sympy.sign(p)
            factors[f], factors[partner] = p - shared, q - shared
            factors[half_tanh(f.args[0])] = factors.get(half_tanh(f.args[0]), 0) + shared
    return sympy.Mul(*(f**p for f, p in factors.items()))


def _ratio(u: sympy.Expr, w: sympy.Expr) -> sympy.Expr | None:
    """The number r with u - r w constant; None if there is none, as far as can be seen."""
    above, below = u.as_coefficients_dict(), w.as_coefficients_dict()
    above.pop(sympy.S.One, None), below.pop(sympy.S.One, None)
    if not above or above.keys() != below.keys():
        return None
    ratios = {above[k] / below[k] for k in above}
    return ratios.pop() if len(ratios) == 1 else None


# --- sums ---------------------------------------------------------------------------------------------------


def _sum(node: sympy.Expr) -> sympy.Expr:
    """Terms of a sum that belong together, by pairs, until there are none."""
    for term in node.args:
        for others, new in _partners(term):
            if all(other in node.args and other != term for other in others):
                rewritten = sympy.Add(*(t for t in node.args if t != term and t not in others), new)
                return _sum(rewritten) if isinstance(rewritten, sympy.Add) else rewritten
    if (
        len(node.args) == 2
        and (terms := _two_terms(node)) is not None
        and terms[0] == -terms[2]
        and terms[1] == 0
    ):
        return terms[2] * expm1(terms[3])
    return node


def _partners(term: sympy.Expr) -> Iterator[tuple[tuple[sympy.Expr, ...], sympy.Expr]]:
    """Other terms, and what the sum of them and of this term is.

    X s(w) - X s(-w) = X tanh(w/2), X s(w) + X s(-w) = X, c - c s(w) = c s(-w), c s(w) - c/2 = c/2 tanh(w/2);
    with l(w) = log(1 + e^w), X l(w) - X l(-w) = X w, X l(w) - X w = X l(-w)."""
    for f, p in _factors(term).items():
        if isinstance(f, sigmoid) and p.is_number and p >= 1:
            rest, mirrored, difference = term / f, sigmoid(-f.args[0]), half_tanh(f.args[0])
            yield (-rest * mirrored,), rest * difference
            yield (rest * mirrored,), rest
            yield (-rest,), -rest * mirrored
            yield (-rest / 2,), rest * difference / 2
        elif isinstance(f, softplus) and p == 1:
            rest, mirrored = term / f, softplus(-f.args[0])
            yield (-rest * mirrored,), rest * f.args[0]
            yield sympy.Add.make_args(-rest * f.args[0]), rest * mirrored
