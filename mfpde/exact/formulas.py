"""Questions about formulas that exact solutions ask."""

import sympy


def is_zero(expression: sympy.Expr) -> bool:
    """Whether a formula is 0 everywhere, as far as expanding it shows."""
    return bool(sympy.expand(expression) == 0)


def multiple_of(expression: sympy.Expr, basis: sympy.Expr) -> float | None:
    """The number s with expression = s basis; None if there is none, as far as expanding shows."""
    expanded = sympy.expand(expression)
    factor = expanded.coeff(basis)
    return float(factor) if factor.is_number and is_zero(expanded - factor * basis) else None
