"""Functions a formula may use that SymPy lacks, with derivatives that are safe at every argument; the values of constants."""

import sympy


def constant(node: sympy.Expr) -> float | None:
    """The value of an expression without variables; None of one with variables, and where SymPy finds no real value."""
    if not node.is_number:
        return None
    try:
        return float(node)
    except (TypeError, OverflowError):  # of the functions below, of a complex number, of an integer beyond all floats
        return None


class tanh(sympy.tanh):
    """SymPy's own, which to know whether it is real expands its argument by real and imaginary parts, however long that takes."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative 1 - tanh^2."""
        return 1 - self**2

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_extended_real


class sigmoid(sympy.Function):
    """Logistic function 1 / (1 + exp(-t))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative s (1 - s)."""
        s = sigmoid(self.args[0])
        return s * (1 - s)


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


class relu(sympy.Function):
    """max(t, 0)."""

    nargs = 1

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
OWN = (sigmoid, softplus, above, relu, absolute)
#: what formulas with kinks or jumps are made of
KINKED = (above, relu, absolute, sympy.Abs, sympy.sign)
