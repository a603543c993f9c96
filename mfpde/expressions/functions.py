"""Functions of formulas that SymPy lacks, with derivatives that are safe at every argument."""

import sympy


def constant(node: sympy.Expr) -> float | None:
    """The value of an expression without variables; None if it has some, or no real value."""
    if not node.is_number:
        return None
    try:
        return float(node)
    # of the functions below, of a complex number, of an integer beyond all floats
    except (TypeError, OverflowError):
        return None


def may_be_infinite(expression: sympy.Expr) -> bool:
    """Whether an expression holds functions that grow without bound, or powers that are not natural."""
    return expression.has(sympy.exp, sympy.log, sympy.tan) or any(
        not (p.exp.is_Integer and p.exp > 0) for p in expression.atoms(sympy.Pow)
    )


class tanh(sympy.tanh):
    """SymPy's tanh, without its search for real and imaginary parts, which may take for ever."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative 1 - tanh^2."""
        return 1 - self**2

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_extended_real


class sigmoid(sympy.Function):
    """Logistic function 1 / (1 + exp(-t))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative s(t) s(-t): as exact as s, where s (1 - s) is 0 from t = 37 on."""
        return sigmoid(self.args[0]) * sigmoid(-self.args[0])

    def _eval_is_positive(self) -> bool:
        return True


class half_tanh(sympy.Function):
    """tanh(t / 2) = s(t) - s(-t), what differences of logistic functions are."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative 2 s(t) s(-t), which is exact in the tails too."""
        return 2 * sigmoid(self.args[0]) * sigmoid(-self.args[0])


class expm1(sympy.Function):
    """exp(t) - 1, without cancellation at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative exp(t)."""
        return sympy.exp(self.args[0])


class log1mexp(sympy.Function):
    """log(1 - exp(t)) for t < 0, without cancellation at 0 and in the tail."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative -1 / (exp(-t) - 1)."""
        return -1 / expm1(-self.args[0])


class whole_power(sympy.Function):
    """t^n, whose base SymPy does not take apart."""

    nargs = 2


class log_cosh(sympy.Function):
    """log cosh t, without overflow, and without cancellation at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative tanh t."""
        return half_tanh(2 * self.args[0])


class softplus(sympy.Function):
    """log(1 + exp(t)), evaluated without overflow."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: the logistic function."""
        return sigmoid(self.args[0])


class above(sympy.Function):
    """1 where the argument is positive, else 0: the derivative of relu, with the value 0 at the kink."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Zero: the jump carries no density."""
        return sympy.Integer(0)


class choose(sympy.Function):
    """choose(a, b, p, q): p where a > b, else q. What is not chosen may be anything, even infinite."""

    nargs = 4

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        a, b, p, q = self.args
        slopes = p.diff(s), q.diff(s)
        return choose(a, b, *slopes) if slopes[0] != slopes[1] else slopes[0]


class larger(sympy.Function):
    """max(a, b), exactly one of the two; where they are equal, its derivative is that of b."""

    nargs = 2

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        a, b = self.args
        return choose(a, b, a, b)._eval_derivative(s)


class smaller(sympy.Function):
    """min(a, b), exactly one of the two; where they are equal, its derivative is that of b."""

    nargs = 2

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        a, b = self.args
        return choose(b, a, a, b)._eval_derivative(s)


class relu(sympy.Function):
    """max(t, 0)."""

    nargs = 1

    def _eval_derivative(self, s: sympy.Symbol) -> sympy.Expr:
        inner = self.args[0].diff(s)
        # what may be infinite where t < 0 is not multiplied by 0 there, but passed over
        return (
            choose(self.args[0], sympy.Integer(0), inner, sympy.Integer(0))
            if may_be_infinite(inner)
            else self.fdiff() * inner
        )

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: 1 where t > 0, else 0."""
        return above(self.args[0])


class absolute(sympy.Function):
    """|t|."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative sign(t), taken as 0 at 0."""
        return above(self.args[0]) - above(-self.args[0])


#: those defined here
OWN = (
    sigmoid, half_tanh, expm1, log1mexp, log_cosh, softplus, above, choose, larger, smaller, relu, absolute,
)  # fmt: skip
#: what formulas with kinks or jumps are made of
KINKED = (above, choose, larger, smaller, relu, absolute, sympy.Abs, sympy.sign)
