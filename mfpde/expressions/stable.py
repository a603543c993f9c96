"""Forms that neither overflow nor cancel, recognised in an expression: what is equal to them on paper is
replaced by them.

    (a e^u + b e^v)^p and log(a e^u + b e^v)    see `exponentials`, s the logistic function
    s(w)^p e^(-rw) = s(w)^(p-r) s(-w)^r
    (e^w - 1) s(-w) = tanh(w/2)
    s(w) - s(-w) = tanh(w/2)
    1 - s(w) = s(-w)

An expression without exponentials is returned as it is. What has no such form is left to `scaled`.
"""

from collections.abc import Iterator

import sympy

from mfpde.expressions.exponentials import logarithm, power, term_of, two_terms
from mfpde.expressions.functions import expm1, half_tanh, sigmoid, softplus

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
        result = power(*result.args) or result
    elif isinstance(result, sympy.log):
        result = logarithm(result.args[0]) or result
    # one after the other: a power or a logarithm may have become a product or a sum
    if isinstance(result, sympy.Mul) and any(
        isinstance(f, sympy.exp | sigmoid | expm1) for f in _factors(result)
    ):
        result = _product(result)
    if isinstance(result, sympy.Add) and len(result.args) <= MAX_TERMS:
        result = _sum(result)
    known[node] = result
    return result


def _factors(node: sympy.Expr) -> dict[sympy.Expr, sympy.Expr]:
    """The powers that a product is made of; e^u is its own base."""
    return dict(
        (f, sympy.Integer(1)) if isinstance(f, sympy.exp) else f.as_base_exp()
        for f in sympy.Mul.make_args(node)
    )


def _product(node: sympy.Expr) -> sympy.Expr:
    factors = _factors(node)
    sums = [f for f, p in factors.items() if p.is_Integer and p > 0 and two_terms(f) is not None]
    differences = [f for f in sums if len({c > 0 for c, *_ in (term_of(t) or (1,) for t in f.args)}) == 2]
    # (e^x - e^-x) / (e^x + e^-x)
    if differences or (sums and any(isinstance(f, sigmoid | expm1) for f in factors)):
        factors = _factors(sympy.Mul(*(power(f, p) or f**p for f, p in factors.items())))
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


def _sum(node: sympy.Expr) -> sympy.Expr:
    """Terms of a sum that belong together, by pairs, until there are none."""
    for term in node.args:
        for others, new in _partners(term):
            if all(other in node.args and other != term for other in others):
                rewritten = sympy.Add(*(t for t in node.args if t != term and t not in others), new)
                return _sum(rewritten) if isinstance(rewritten, sympy.Add) else rewritten
    if (
        len(node.args) == 2
        and (terms := two_terms(node)) is not None
        and terms[0] == -terms[2]
        and terms[1] == 0
    ):
        return terms[2] * expm1(terms[3])
    return node


def _partners(term: sympy.Expr) -> Iterator[tuple[tuple[sympy.Expr, ...], sympy.Expr]]:
    """Other terms, and what the sum of them and of this term is.

    X s(w) - X s(-w) = X tanh(w/2), X s(w) + X s(-w) = X, c - c s(w) = c s(-w), c s(w) - c/2 = c/2 tanh(w/2);
    with l(w) = log(1 + e^w), X l(w) - X l(-w) = X w, X l(w) - X w = X l(-w).
    """
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
