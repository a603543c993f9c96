"""Activations sigma(t). Each is one formula; its derivative and its OpenCL code follow from it.

To add an activation, add a line here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from mfpde.errors import InputError, nearest
from mfpde.expressions import derivative, evaluate, evaluate_together, functions, opencl_function, parse

FORMULAS = {
    "relu": "relu(t)",
    "relu_squared": "relu(t)^2",
    "tanh": "tanh(t)",
    "erf": "erf(t/sqrt(2))",
    "sigmoid": "sigmoid(t)",
    "softplus": "softplus(t)",
    "cos": "cos(t)",
    "gaussian": "exp(-t^2/2)",
    "linear": "t",
    "quadratic": "t^2",
}

_T = sympy.Symbol("t", real=True)


@dataclass(frozen=True)
class Activation:
    """An activation, by name or by formula in the variable t."""

    name: str
    formula: sympy.Expr

    @cached_property
    def derivative(self) -> sympy.Expr:
        """sigma'(t), symbolic; 0 at the kink of relu."""
        return derivative(self.formula, _T)

    @cached_property
    def second_derivative(self) -> sympy.Expr:
        """sigma''(t), symbolic, away from kinks."""
        return derivative(self.derivative, _T)

    @property
    def is_smooth(self) -> bool:
        """Whether sigma' is continuous, as far as can be told from the formula: known to be, or made of
        smooth functions alone.
        """
        return self.name == "relu_squared" or not self.formula.has(*functions.KINKED)

    def value(self, t: np.ndarray) -> np.ndarray:
        """sigma(t), elementwise."""
        return evaluate(self.formula, {"t": t})

    def slope(self, t: np.ndarray) -> np.ndarray:
        """sigma'(t), elementwise."""
        return evaluate(self.derivative, {"t": t})

    def with_slope(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both, in the type of t; not to be changed."""
        value, slope = evaluate_together([self.formula, self.derivative], {"t": t})
        return value, slope

    def with_curvature(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Both and sigma''(t), in the type of t; not to be changed."""
        value, slope, curvature = evaluate_together(
            [self.formula, self.derivative, self.second_derivative], {"t": t}
        )
        return value, slope, curvature

    def curvature(self, t: np.ndarray) -> np.ndarray:
        """sigma''(t), elementwise."""
        return evaluate(self.second_derivative, {"t": t})

    def opencl(self) -> str:
        """Source of ``activation(t, &value)`` and ``activation_with_slope(t, &value, &slope)``."""
        value = opencl_function("activation", [_T], [("value", self.formula)])
        both = opencl_function(
            "activation_with_slope", [_T], [("value", self.formula), ("slope", self.derivative)]
        )
        return value + both

    def curvature_opencl(self) -> str:
        """Source of ``activation_with_curvature(t, &value, &slope, &curvature)``."""
        outputs = [("value", self.formula), ("slope", self.derivative), ("curvature", self.second_derivative)]
        return opencl_function("activation_with_curvature", [_T], outputs)


def find_activation(text: str, where: str = "model.activation") -> Activation:
    """The activation of that name, or the one a formula in t defines.

    Raises:
        InputError: neither a known name nor a formula in t, or a formula that does not depend on t.
    """
    if text in FORMULAS:
        return Activation(text, parse(FORMULAS[text], ["t"], where))
    if text.isidentifier() and text != "t":
        raise InputError(
            f"{where}: unknown activation '{text}'{nearest(text, FORMULAS)}; or give a formula in t"
        )
    formula = parse(text, ["t"], where)
    if not formula.has(_T):
        raise InputError(f"{where}: '{text}' does not depend on t; expected a formula in t such as 'tanh(t)'")
    return Activation(text, formula)
