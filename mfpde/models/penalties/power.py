"""r_a = lambda |a|^power: weight decay for a power of 2, the total variation of the measure for 1."""

import numpy as np
import sympy

from mfpde.expressions.functions import absolute
from mfpde.models.penalty import Penalty


class Power(Penalty):
    """strength |a|^power."""

    @property
    def strength(self) -> float:
        """lambda."""
        return self.spec.weight

    def formula(self, a: sympy.Symbol) -> sympy.Expr:
        """r_a of one amplitude."""
        power = self.spec.power
        exponent = sympy.Integer(int(power)) if power == int(power) else sympy.Float(power)
        # even powers need no absolute value, and are smooth without it
        base = a if power % 2 == 0 else absolute(a)
        return sympy.Float(self.strength) * base**exponent

    @property
    def kink(self) -> float:
        """lambda for a power of 1."""
        return self.strength if self.spec.power == 1 else 0.0

    @property
    def is_smooth(self) -> bool:
        """From a power of 2 on."""
        return not self.strength or self.spec.power >= 2

    @property
    def growth(self) -> float:
        """lambda for a power of 1, infinite for others."""
        return self.strength if self.spec.power == 1 or not self.strength else np.inf

    def minimiser(self, h: np.ndarray, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
        """In closed form: -sign(h) (|h| / (lambda power))^(1 / (power - 1)) within [low, high]."""
        strength, power = self.strength, self.spec.power
        if not strength or power == 1:
            nearest = np.clip(0.0, low, high)
            return np.where(h > strength, low, np.where(h < -strength, high, nearest))
        with np.errstate(over="ignore"):
            free = -np.sign(h) * (np.abs(h) / (strength * power)) ** (1 / (power - 1))
        return np.clip(free, low, high)


PENALTY = Power
