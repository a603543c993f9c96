"""phi(z; x) = exp(-k^2 |x - c|^2 / 2), z = (c1, ..., cd, k): a bump with centre c and inverse width k.

Networks of radial basis functions, Broomhead & Lowe 1988; k may be fixed, for bumps of one width.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.case import schema
from mfpde.data import Dataset
from mfpde.models.at_data import FeaturesAtData
from mfpde.models.loss import Loss

MIXED = 0.84  #: sup |2 e - e^3| exp(-e^2 / 2), rounded up


@dataclass(frozen=True)
class Radial(FeaturesAtData):
    """Gaussian bumps."""

    @classmethod
    def components(cls, spec: schema.NetworkModel, dimension: int) -> list[str]:
        """c1, ..., cd (c for one input), and k."""
        return [*(["c"] if dimension == 1 else [f"c{j + 1}" for j in range(dimension)]), "k"]

    @classmethod
    def build(cls, spec: schema.NetworkModel, data: Dataset, loss: Loss) -> "Radial":
        """The bumps a case describes."""
        return cls(data, loss)

    @property
    def label(self) -> str:
        """For messages."""
        return 'model.features: "radial"'

    def values(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """exp(-k^2 |x - c|^2 / 2) (..., N, L)."""
        return np.exp(-(z[..., -1:] ** 2) * self._square(z, x) / 2)

    def _square(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """|x_l - c|^2 (..., N, L)."""
        return np.sum((x[..., None, :, :] - z[..., :, None, :-1]) ** 2, axis=-1)

    def slopes(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """k^2 (x - c) phi, and -k |x - c|^2 phi (..., N, L, components of z)."""
        k, away = z[..., -1:], x[..., None, :, :] - z[..., :, None, :-1]
        by_centre = (k**2)[..., None] * away
        by_width = -k * self._square(z, x)
        return np.concatenate([by_centre, by_width[..., None]], axis=-1) * self.values(z, x)[..., None]

    def remainder(self, centre: np.ndarray, radius: np.ndarray, x: np.ndarray) -> np.ndarray:
        """By bounds of the second derivatives: with k = 0 (and e = k |x - c|) |phi_cc| <= k^2, |phi_ck| <=
        sup |2 e - e^3| exp(-e^2 / 2) < 0.84 and |phi_kk| <= |x - c|^2 (N, L).
        """
        k = np.abs(centre[:, -1]) + radius[:, -1]
        by_centre, by_width = np.sqrt(np.sum(radius[:, :-1] ** 2, axis=1)), radius[:, -1]
        far = np.sum((np.abs(x[None] - centre[:, None, :-1]) + radius[:, None, :-1]) ** 2, axis=-1)
        constant = (k * by_centre) ** 2 / 2 + MIXED * by_centre * by_width
        return constant[:, None] + far * by_width[:, None] ** 2 / 2

    def opencl(self) -> str:
        """The same, one input at a time."""
        return """
static inline void feature_with_slopes(const real *z, __global const real *x, real *value, real *slopes)
{
    const real k = z[INPUTS];
    real square = 0;
    for (int j = 0; j < INPUTS; ++j) square += (x[j] - z[j]) * (x[j] - z[j]);
    *value = exp(-k * k * square / 2);
    for (int j = 0; j < INPUTS; ++j) slopes[j] = k * k * (x[j] - z[j]) * *value;
    slopes[INPUTS] = -k * square * *value;
}
static inline void feature(const real *z, __global const real *x, real *value)
{
    real slopes[INPUTS + 1];
    feature_with_slopes(z, x, value, slopes);
}
"""


FEATURES = Radial
