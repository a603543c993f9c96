"""lambda (a^2 + |z|^2) / 2: weight decay of all weights, which for ReLU is the path norm |a| |z|.

For functions homogeneous in z of degree 1, min over measures of int r dmu is lambda times the variation norm
over |z| <= 1 (Neyshabur, Tomioka & Srebro, arXiv:1412.6614).
"""

from mfpde.models.penalties.power import Power


class Path(Power):
    """lambda (a^2 + |z|^2) / 2."""

    @property
    def strength(self) -> float:
        """Of a^2: lambda / 2."""
        return self.spec.weight / 2

    @property
    def confinement(self) -> float:
        """lambda / 2."""
        return self.spec.weight / 2

    def confinement_at(self, factor: float) -> float:
        """It is lambda too."""
        return factor * self.confinement


PENALTY = Path
