"""phi(z; x) = s B(|x - c| / spacing), z = (c1, ..., cd): a cubic B-spline with centre c.

B vanishes from two spacings on and is twice differentiable; s makes the mean of |phi(c; .)|^2 in L2(nu) over
centres c at the data 1. With a period, inputs live on a circle (a torus), and distances are those around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.case import Case, schema
from mfpde.data import Dataset
from mfpde.errors import InputError
from mfpde.models.at_data import FeaturesAtData
from mfpde.models.loss import Loss
from mfpde.models.parameters import Component

#: data at which centres are put to find s, at most
CENTRES = 1000
#: the largest second derivative of B in any direction
STEEPEST = 2.0


@dataclass(frozen=True)
class Bump(FeaturesAtData):
    """Bumps of compact support: units further apart than their supports do not feel each other at all."""

    spacing: float
    period: float | None

    @classmethod
    def components(cls, spec: schema.NetworkModel, dimension: int) -> list[str]:
        """c1, ..., cd (c for one input)."""
        return ["c"] if dimension == 1 else [f"c{j + 1}" for j in range(dimension)]

    @classmethod
    def build(cls, spec: schema.NetworkModel, data: Dataset, loss: Loss) -> "Bump":
        """The bumps a case describes.

        Raises:
            InputError: a bump that meets itself around the circle, or data that lie apart from all bumps.
        """
        widest = 4 * spec.spacing
        if spec.period is not None and spec.period < widest:
            raise InputError(
                f"model.period: bumps of spacing {spec.spacing:g} are {widest:g} wide and meet themselves on"
                f" a circle of length {spec.period:g}; expected at least {widest:g}"
            )
        return cls(data, loss, spec.spacing, spec.period)

    @property
    def label(self) -> str:
        """For messages."""
        return 'model.features: "bump"'

    def check(self, components: Sequence[Component], case: Case) -> None:
        """Refuse a circle of centres of another length than that of inputs."""
        for c in components:
            length = c.domain[1] - c.domain[0] if c.domain is not None else None
            if c.periodic and length != self.period:
                given = "none" if self.period is None else f"{self.period:g}"
                raise InputError(
                    f"model.period: expected {length:g}, the length of the circle of parameters.{c.name}, got"
                    f" {given}"
                )

    @cached_property
    def scale(self) -> float:
        """s."""
        x = self.data.x
        centres = x[:: -(-len(x) // CENTRES)]
        squares = _spline(self._away(centres, x)[1]) ** 2 @ self.data.weights
        return float(1 / np.sqrt(squares.mean()))

    def _away(self, z: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x - c (..., N, L, d), by the shortest way, and |x - c| / spacing (..., N, L)."""
        away = x[..., None, :, :] - z[..., :, None, :]
        if self.period is not None:
            away = away - self.period * np.rint(away / self.period)
        return away, np.sqrt(np.sum(away**2, axis=-1)) / self.spacing

    def values(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """s B(|x - c| / spacing) (..., N, L)."""
        return self.scale * _spline(self._away(z, x)[1])

    def slopes(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """-s B'(t) / t (x - c) / spacing^2 (..., N, L, components of z)."""
        away, t = self._away(z, x)
        return (self.scale / self.spacing**2 * _fall(t))[..., None] * away

    def remainder(self, centre: np.ndarray, radius: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Half the largest second derivative times the square of a box's half diagonal, where the support can
        be reached, else 0 (N, L); see `FeatureMap`.
        """
        around = np.sqrt(np.sum(radius**2, axis=1))[:, None]
        near = self.spacing * self._away(centre, x)[1] < 2 * self.spacing + around
        return np.where(near, STEEPEST / 2 * self.scale * (around / self.spacing) ** 2, 0.0)

    def opencl(self) -> str:
        """The same, one input at a time."""
        period = 0.0 if self.period is None else self.period
        inverse = 0.0 if self.period is None else 1 / self.period
        return (
            f"#define BUMP_SCALE ((real){self.scale!r})\n#define PER_SPACING ((real){1 / self.spacing!r})\n"
            f"#define HAS_PERIOD {int(self.period is not None)}\n#define BUMP_PERIOD ((real){period!r})\n"
            f"#define PER_PERIOD ((real){inverse!r})\n"
            + """
static inline void feature_with_slopes(const real *z, __global const real *x, real *value, real *slopes)
{
    real square = 0;
    for (int j = 0; j < INPUTS; ++j) {
        slopes[j] = x[j] - z[j];
        if (HAS_PERIOD) slopes[j] -= BUMP_PERIOD * rint(slopes[j] * PER_PERIOD);
        square += slopes[j] * slopes[j];
    }
    const real t = sqrt(square) * PER_SPACING, left = t < 2 ? 2 - t : 0;
    *value = BUMP_SCALE * (t < 1 ? (real)2 / 3 - t * t * (1 - t / 2) : left * left * left * ((real)1 / 6));
    const real fall = t < 1 ? 2 - (real)1.5 * t : left * left / (2 * t);
    for (int j = 0; j < INPUTS; ++j) slopes[j] *= BUMP_SCALE * PER_SPACING * PER_SPACING * fall;
}
static inline void feature(const real *z, __global const real *x, real *value)
{
    real slopes[INPUTS];
    feature_with_slopes(z, x, value, slopes);
}
"""
        )


def _spline(t: np.ndarray) -> np.ndarray:
    """B at t >= 0."""
    left = np.maximum(2 - t, 0)
    return np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, left**3 / 6)


def _fall(t: np.ndarray) -> np.ndarray:
    """-B'(t) / t."""
    left = np.maximum(2 - t, 0)
    return np.where(t < 1, 2 - 1.5 * t, left**2 / (2 * np.maximum(t, 1)))


FEATURES = Bump
