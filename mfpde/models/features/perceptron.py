"""phi(z; x) = sigma(<w, x> + b), z = (w1, ..., wd[, b]): the hidden unit of a shallow network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mfpde.activations import FORMULAS, Activation, find_activation
from mfpde.case import Case, schema
from mfpde.data import Dataset
from mfpde.models.at_data import FeaturesAtData
from mfpde.models.loss import Loss
from mfpde.models.neuron import Neuron, preactivations
from mfpde.models.parameters import Component
from mfpde.models.reach import precisions, reached_arguments, refuse_where_not_finite
from mfpde.threads import product


@dataclass(frozen=True)
class Perceptron(Neuron, FeaturesAtData):
    """Units with an activation; has_bias tells whether z ends with b."""

    activation: Activation
    has_bias: bool

    @classmethod
    def components(cls, spec: schema.NetworkModel, dimension: int) -> list[str]:
        """w1, ..., wd (w for one input), and b."""
        weights = ["w"] if dimension == 1 else [f"w{k + 1}" for k in range(dimension)]
        return [*weights, *(["b"] if spec.bias else [])]

    @classmethod
    def build(cls, spec: schema.NetworkModel, data: Dataset, loss: Loss) -> "Perceptron":
        """The hidden units a case describes."""
        return cls(data, loss, find_activation(spec.activation), spec.bias)

    @property
    def label(self) -> str:
        """The activation as a case gives it."""
        return f"model.activation: '{self.activation.name}'"

    def forward(self, z: np.ndarray, prepared: np.ndarray) -> tuple[np.ndarray, Any]:
        """sigma and its slope."""
        t = product(z.reshape(-1, z.shape[-1]), prepared.T)
        return self.activation.with_slope(t.reshape(*z.shape[:-1], len(prepared)))

    def pull_back(
        self, evaluated: tuple[np.ndarray, Any], prepared: np.ndarray, residual: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """h and its gradient: the slope times residual-weighted inputs, one product of matrices."""
        value, slope = evaluated
        h = np.einsum("knl,kl->kn", value, residual)
        return h, product(slope, residual[..., None] * prepared)

    def check(self, components: Sequence[Component], case: Case) -> None:
        """Refuse an activation that is not finite, or whose derivatives are not, where units go."""
        if self.activation.name not in FORMULAS:
            t = reached_arguments(components, self.data.x)
            self.check_at(t, *precisions(case), with_curvature=case.fluctuations.predict)

    def preactivations(self, z: np.ndarray) -> np.ndarray:
        """<w, x_l> + b at the data (..., L)."""
        return preactivations(z, self.data.x)

    def check_units(self, z: np.ndarray) -> None:
        """Refuse an activation that is not finite at units."""
        self.check_at(self.preactivations(z).ravel(), slopes_in="float64")

    def check_at(
        self, t: np.ndarray, values_in: str = "float64", slopes_in: str = "none", with_curvature: bool = False
    ) -> None:
        """Refuse an activation that is not finite, or whose derivatives are not, at one of the arguments t.

        Arguments:
            values_in, slopes_in: the precisions in which values and slopes are needed; "none" for none.
        Raises:
            InputError: with the formula and t.
        """
        sigma, where = self.activation, "model.activation"
        refuse_where_not_finite({f"'{sigma.name}'": sigma.formula}, "t", [t], where, values_in)
        if slopes_in != "none":
            named = {f"the derivative of '{sigma.name}'": sigma.derivative}
            refuse_where_not_finite(named, "t", [t], where, slopes_in)
        if with_curvature:
            named = {f"the second derivative of '{sigma.name}'": sigma.second_derivative}
            refuse_where_not_finite(named, "t", [t], where)

    @property
    def why_no_tangent(self) -> str:
        """Kinks."""
        if self.activation.is_smooth:
            return ""
        return f"model.activation: '{self.activation.name}' has a kink, where the tangent jumps"

    def opencl(self) -> str:
        """By the activation's own text."""
        return (
            self.activation.opencl()
            + f"#define HAS_BIAS {int(self.has_bias)}\n"
            + """
static inline real preactivation(const real *z, __global const real *x)
{
    real t = HAS_BIAS ? z[INPUTS] : 0;
    for (int k = 0; k < INPUTS; ++k) t += z[k] * x[k];
    return t;
}
static inline void feature(const real *z, __global const real *x, real *value)
{
    activation(preactivation(z, x), value);
}
static inline void feature_with_slopes(const real *z, __global const real *x, real *value, real *slopes)
{
    real slope;
    activation_with_slope(preactivation(z, x), value, &slope);
    for (int k = 0; k < INPUTS; ++k) slopes[k] = slope * x[k];
    if (HAS_BIAS) slopes[INPUTS] = slope;
}
"""
        )


FEATURES = Perceptron
