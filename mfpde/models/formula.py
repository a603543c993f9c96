"""A formula of the case as NumPy values, symbolic derivatives and device code, from one tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from mfpde.expressions import derivative, evaluate, opencl_function
from mfpde.models.reach import refuse_where_not_finite


@dataclass(frozen=True)
class Formula:
    """A function of the components of theta (or of their differences) with its gradient."""

    expression: sympy.Expr
    names: Sequence[str]
    text: str = ""  #: as the case gives it

    @cached_property
    def gradient(self) -> list[sympy.Expr]:
        """Derivatives by every component, symbolic."""
        return [derivative(self.expression, sympy.Symbol(name, real=True)) for name in self.names]

    def value(self, points: Sequence[np.ndarray]) -> np.ndarray:
        """Values at points given by component (arrays that broadcast together)."""
        return evaluate(self.expression, dict(zip(self.names, points, strict=True)))

    def slopes(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Derivatives by every component."""
        values = dict(zip(self.names, points, strict=True))
        return [evaluate(slope, values) for slope in self.gradient]

    def check(
        self, points: Sequence[np.ndarray], where: str, values_in: str = "float64", slopes_in: str = "none"
    ) -> None:
        """Refuse the formula if its value, or a derivative, is not finite at one of the points, in these
        precisions.

        Raises:
            InputError: with the formula and the place.
        """
        refuse_where_not_finite({f"'{self.text}'": self.expression}, self.names, points, where, values_in)
        if slopes_in != "none":
            slopes = {
                f"the derivative of '{self.text}' by {name}": slope
                for name, slope in zip(self.names, self.gradient, strict=True)
            }
            refuse_where_not_finite(slopes, self.names, points, where, slopes_in)

    def opencl(self, function: str) -> str:
        """Source of ``function(const realv *theta, realv *value, realv *slopes)``."""
        # names of the user's never reach the compiler
        symbols = [sympy.Symbol(f"t{k}", real=True) for k in range(len(self.names))]
        rename = dict(zip((sympy.Symbol(name, real=True) for name in self.names), symbols, strict=True))
        outputs = [
            ("value", self.expression),
            *((f"slope{k}", slope) for k, slope in enumerate(self.gradient)),
        ]
        source = opencl_function(
            f"{function}_at", symbols, [(name, value.xreplace(rename)) for name, value in outputs]
        )
        arguments = (
            [f"theta[{k}]" for k in range(len(symbols))]
            + ["value"]
            + [f"slopes + {k}" for k in range(len(symbols))]
        )
        call = (
            f"static inline void {function}(const realv *theta, realv *value, realv *slopes)\n{{\n   "
            f" {function}_at({', '.join(arguments)});\n}}\n"
        )
        return source + call
