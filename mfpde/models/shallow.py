"""What all shallow networks share, whatever the law of their inputs: the penalty, and a loss that is
quadratic in coefficients of f.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from mfpde.activations import Activation
from mfpde.case import schema
from mfpde.errors import InputError
from mfpde.expressions import evaluate, opencl_function
from mfpde.expressions.functions import absolute
from mfpde.measures.compression import row_blocks
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import LeastSquares
from mfpde.models.features import Features
from mfpde.models.model import MeshPotential
from mfpde.models.parameters import ParameterSpace

#: features that usually span all others
SPANNING = 256


def preactivations(z: np.ndarray, x: np.ndarray) -> np.ndarray:
    """<w, x_l> + b of shape (..., N, L), for z = (w1, ..., wd[, b]) of shape (..., N, components of z) and x
    of shape (..., L, d).
    """
    d = x.shape[-1]
    t = z[..., :d] @ x.swapaxes(-1, -2)
    return t + z[..., d:] if z.shape[-1] > d else t


@dataclass(frozen=True)
class ShallowNetwork(ABC):
    """f(x) = int a sigma(<w, x> + b) dmu, E = |f - f*|^2 + 2 int r dmu. A prediction is f by its
    coefficients: its values at data, or others.
    """

    activation: Activation
    penalty: schema.Penalty
    parameters: ParameterSpace

    @property
    @abstractmethod
    def least_squares(self) -> LeastSquares:
        """The energy by coefficients of f."""

    def loss(self, prediction: np.ndarray) -> np.ndarray:
        """|f - f*|^2 in L2(nu); prediction has shape (..., r)."""
        return self.least_squares.loss(prediction)

    def energy(self, prediction: np.ndarray, mean_penalty: np.ndarray | float) -> np.ndarray:
        """E = loss + 2 int r dmu."""
        return self.loss(prediction) + 2 * mean_penalty

    def square_norm(self, values: np.ndarray) -> np.ndarray:
        """|g|^2 in L2(nu) of a function by its coefficients (..., r)."""
        return self.least_squares.square_norm(values)

    def residual(self, prediction: np.ndarray) -> np.ndarray:
        """weights * (f - f*): what the potential is linear in."""
        return self.least_squares.source(prediction)

    @abstractmethod
    def features(self, z: np.ndarray) -> np.ndarray:
        """Coefficients of phi(., z) = sigma(<w, .> + b), shape (..., r), for z = (w1, ..., wd[, b]) of shape
        (..., components of z).
        """

    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the data, or of the law of inputs."""

    @abstractmethod
    def feature_squares(self, z: np.ndarray) -> np.ndarray:
        """|phi(., z)|^2 in L2(nu), shape (N,), for z of shape (N, components of z)."""

    @abstractmethod
    def cloud_losses(
        self,
        state: np.ndarray,
        weights: np.ndarray,
        predictions: np.ndarray,
        potential: np.ndarray,
        starts: np.ndarray,
    ) -> np.ndarray:
        """|f - f*|^2 of every network of units; arguments as of `cloud_energies`."""

    def cloud_energies(
        self,
        state: np.ndarray,
        weights: np.ndarray,
        predictions: np.ndarray,
        potential: np.ndarray,
        starts: np.ndarray,
    ) -> np.ndarray:
        """E of every network of units; see `models.model.Model`."""
        return self.cloud_losses(state, weights, predictions, potential, starts) + 2 * self.mean_penalties(
            state, weights, starts
        )

    @property
    def scale(self) -> float:
        """Size of the energy, for tolerances of rounding."""
        return float(self.square_norm(self.least_squares.targets))

    def coupling_numbers(self, mesh: Mesh) -> int:
        """The feature matrix, and two matrices of those features that span it, which compression needs."""
        cells, values = (
            math.prod(mesh.shape[1 if self.parameters.amplitude.free else 0 :]),
            len(self.least_squares.targets),
        )
        return values * (cells + 2 * min(cells, values, SPANNING))

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """The arrays that define V on the cells of a mesh of the free parameters.

        Raises:
            InputError: features are not finite there.
        """
        axes = {axis.name: axis.centres for axis in mesh.axes}
        values = [axes.get(c.name, c.law.quantile(np.zeros(1))) for c in self.parameters.components]
        amplitude, z_axes = values[0], values[1:]
        z = np.stack([g.ravel() for g in np.meshgrid(*z_axes, indexing="ij")], axis=-1)
        features = np.empty((len(z), len(self.least_squares.targets)))
        finite = np.empty(len(z), dtype=bool)
        for part in row_blocks(features):  # what they are made of is as large
            features[part] = self.features(z[part])
            finite[part] = np.isfinite(features[part]).all(axis=-1)
        if not np.all(finite):
            bad = z[np.flatnonzero(~finite)[0]]
            place = ", ".join(
                f"{name} = {value:g}" for name, value in zip(self.parameters.names[1:], bad, strict=True)
            )
            raise InputError(
                f"model.activation: '{self.activation.name}' is not finite at an input for {place}; expected"
                " a formula that is"
            )
        penalty_a, penalty_z = self.penalty_amplitude(amplitude), self.penalty_rest(z)
        return MeshPotential(
            self.parameters.amplitude.free,
            amplitude,
            penalty_a,
            penalty_z,
            Features(features),
            self.least_squares,
        )

    def check_periods(self) -> None:
        """Refuse a circle on which the model does not close.

        Raises:
            InputError: a component is called periodic, but phi differs at the two ends of its domain.
        """
        rest = np.linspace(-1.3, 1.7, 5)[:, None] * np.ones(len(self.parameters.components) - 1)
        for k, c in enumerate(self.parameters.components):
            if not c.periodic or c.domain is None:
                continue
            if k == 0:
                raise InputError("parameters.a.periodic: f is linear in a, so a cannot live on a circle")
            ends = []
            for end in c.domain:
                z = rest.copy()
                z[:, k - 1] = end
                ends.append(self.features(z))
            if np.abs(ends[1] - ends[0]).max() > 1e-6 * np.abs(ends[0]).max() or self.penalty.confinement:
                raise InputError(
                    f"parameters.{c.name}.periodic: the model is not periodic in {c.name} with period"
                    f" {c.domain[1] - c.domain[0]:g}; expected phi to agree at both ends of the domain, and"
                    " no confinement"
                )

    def mean_penalties(self, state: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """int r dmu of every network of units; arguments as of `cloud_energies`."""
        return np.add.reduceat(
            weights * (self.penalty_amplitude(state[0]) + self.penalty_rest(state[1:-1].T)), starts
        )

    @cached_property
    def _amplitude_penalty(self) -> tuple[sympy.Expr, sympy.Expr]:
        """lambda |a|^q and its derivative, which is 0 at a = 0."""
        a = sympy.Symbol("a", real=True)
        power = self.penalty.power
        exponent = sympy.Integer(int(power)) if power == int(power) else sympy.Float(power)
        # even powers need no absolute value, and are smooth without it
        base = a if power % 2 == 0 else absolute(a)
        value = sympy.Float(self.penalty.strength) * base**exponent
        return value, sympy.diff(value, a)

    def penalty_amplitude(self, a: np.ndarray) -> np.ndarray:
        """lambda |a|^q."""
        return evaluate(self._amplitude_penalty[0], {"a": a})

    def penalty_amplitude_slope(self, a: np.ndarray) -> np.ndarray:
        """d/da of lambda |a|^q; 0 at a = 0."""
        return evaluate(self._amplitude_penalty[1], {"a": a})

    def penalty_amplitude_curvature(self, a: np.ndarray) -> np.ndarray:
        """d^2/da^2 of lambda |a|^q, for q of 2 or more."""
        return evaluate(self._penalty_curvature, {"a": a})

    @cached_property
    def _penalty_curvature(self) -> sympy.Expr:
        return sympy.diff(self._amplitude_penalty[1], sympy.Symbol("a", real=True))

    @property
    def has_kink(self) -> bool:
        """Whether the penalty is lambda |a|, which holds units at a = 0."""
        return self.penalty.strength > 0 and self.penalty.power == 1

    def penalty_opencl(self) -> str:
        """Source of ``amplitude_penalty(a, &value, &slope)``."""
        value, slope = self._amplitude_penalty
        return opencl_function(
            "amplitude_penalty", [sympy.Symbol("a", real=True)], [("value", value), ("slope", slope)]
        )

    def penalty_curvature_opencl(self) -> str:
        """Source of ``amplitude_penalty_curvature(a, &slope, &curvature)``."""
        outputs = [("slope", self._amplitude_penalty[1]), ("curvature", self._penalty_curvature)]
        return opencl_function("amplitude_penalty_curvature", [sympy.Symbol("a", real=True)], outputs)

    def penalty_rest(self, z: np.ndarray) -> np.ndarray:
        """kappa |z|^2 for z of shape (..., components of z)."""
        return self.penalty.confinement * np.sum(z**2, axis=-1)
