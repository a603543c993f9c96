"""lambda (a^2 + |z|^2) / 2: weight decay of all weights, which for ReLU is the path norm |a| |z|.

For functions homogeneous in z of degree 1, min over measures of int r dmu is lambda times the variation norm
over |z| <= 1 (Neyshabur, Tomioka & Srebro, arXiv:1412.6614).
"""

import sympy

from mfpde.models.penalty import Penalty



class Path(Penalty):
    """lambda (a^2 + |z|^2) / 2."""

    def formula(self, a: sympy.Symbol) -> sympy.Expr:
        """r_a of one amplitude."""
        return sympy.Float(self.spec.strength / 2) * a**2

    @property
    def confinement(self) -> float:
        """lambda / 2."""
        return self.spec.strength / 2


PENALTY = Path
