"""The shallow network as an energy of measures.

f(x) = int a sigma(<w, x> + b) dmu,  r(theta) = lambda |a|^q + kappa |(w, b)|^2,
E(mu) = |f - f*|^2 + 2 int r dmu,    V(theta) = a h(z) + r(theta),  h(z) = <f - f*, phi(., z)>,  dE/dmu = 2 V.

Conventions are those of Rotskoff, Jelassi, Bruna & Vanden-Eijnden (arXiv:1902.01843) without their factor 1/2.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from mfpde.activations import Activation, find_activation
from mfpde.case import Case, schema
from mfpde.data import Dataset, build_dataset
from mfpde.errors import InputError, about
from mfpde.expressions import evaluate, opencl_function
from mfpde.expressions.functions import absolute
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import LeastSquares
from mfpde.models.model import Features, MeshPotential
from mfpde.models.parameters import ParameterSpace, network_parameters


@dataclass(frozen=True)
class Network:
    """A network with its data, penalty and parameter space; serves mesh and particles alike."""

    activation: Activation
    penalty: schema.Penalty
    data: Dataset
    parameters: ParameterSpace

    @cached_property
    def least_squares(self) -> LeastSquares:
        """The energy by the values of f at the data."""
        return LeastSquares(self.data.y, self.data.weights)

    def loss(self, prediction: np.ndarray) -> np.ndarray:
        """|f - f*|^2 in L2(nu); prediction has shape (..., L)."""
        return self.least_squares.loss(prediction)

    def energy(self, prediction: np.ndarray, mean_penalty: np.ndarray | float) -> np.ndarray:
        """E = loss + 2 int r dmu."""
        return self.loss(prediction) + 2 * mean_penalty

    def square_norm(self, values: np.ndarray) -> np.ndarray:
        """|g|^2 in L2(nu) of a function by its values at the data (..., L)."""
        return self.least_squares.square_norm(values)

    def residual(self, prediction: np.ndarray) -> np.ndarray:
        """weights * (f - f*): what the potential is linear in."""
        return self.least_squares.source(prediction)

    @property
    def scale(self) -> float:
        """Size of the energy, for tolerances of rounding."""
        return float(self.square_norm(self.data.y))

    def cloud_energies(
        self, state: np.ndarray, weights: np.ndarray, predictions: np.ndarray, potential: np.ndarray, starts: np.ndarray
    ) -> np.ndarray:
        """E of every network of units; see `models.model.Model`."""
        penalty = weights * (self.penalty_amplitude(state[0]) + self.penalty_rest(state[1:-1].T))
        return self.energy(predictions, np.add.reduceat(penalty, starts))

    def coupling_numbers(self, mesh: Mesh) -> int:
        """The feature matrix."""
        first = 1 if self.parameters.amplitude.free else 0
        return int(np.prod(mesh.shape[first:])) * len(self.data.y)

    def digest(self) -> str:
        """SHA-256 of the data."""
        return self.data.digest()

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

    @property
    def has_kink(self) -> bool:
        """Whether the penalty is lambda |a|, which holds units at a = 0."""
        return self.penalty.strength > 0 and self.penalty.power == 1

    def penalty_opencl(self) -> str:
        """Source of ``amplitude_penalty(a, &value, &slope)``."""
        value, slope = self._amplitude_penalty
        return opencl_function("amplitude_penalty", [sympy.Symbol("a", real=True)], [("value", value), ("slope", slope)])

    def penalty_rest(self, z: np.ndarray) -> np.ndarray:
        """kappa |z|^2 for z of shape (..., components of z)."""
        return self.penalty.confinement * np.sum(z**2, axis=-1)

    def preactivations(self, z: np.ndarray) -> np.ndarray:
        """<w, x_l> + b of shape (..., L), for z = (w1, ..., wd[, b]) of shape (..., components of z)."""
        d = self.data.dimension
        t = z[..., :d] @ self.data.x.T
        return t + z[..., d:] if self.parameters.has_bias else t

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
                ends.append(self.activation.value(self.preactivations(z)))
            if np.abs(ends[1] - ends[0]).max() > 1e-6 * np.abs(ends[0]).max() or self.penalty.confinement:
                raise InputError(
                    f"parameters.{c.name}.periodic: the model is not periodic in {c.name} with period {c.domain[1] - c.domain[0]:g}; "
                    "expected phi to agree at both ends of the domain, and no confinement"
                )

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """The arrays that define V on the cells of a mesh of the free parameters."""
        axes = {axis.name: axis.centres for axis in mesh.axes}
        values = [axes.get(c.name, c.law.quantile(np.zeros(1))) for c in self.parameters.components]
        amplitude, z_axes = values[0], values[1:]
        z = np.stack([g.ravel() for g in np.meshgrid(*z_axes, indexing="ij")], axis=-1)
        features = self.activation.value(self.preactivations(z))
        if not np.all(np.isfinite(features)):
            raise InputError(f"model.activation: '{self.activation.name}' is not finite on the mesh; narrow the domain of w or b")
        penalty_a, penalty_z = self.penalty_amplitude(amplitude), self.penalty_rest(z)
        return MeshPotential(self.parameters.amplitude.free, amplitude, penalty_a, penalty_z, Features(features), self.least_squares)


def build_network(case: Case) -> Network:
    """The network a case describes, with its data.

    Raises:
        InputError: anything wrong with data, activation or parameters.
    """
    spec = case.model
    assert isinstance(spec, schema.NetworkModel)
    with about(case.path):
        activation = find_activation(spec.activation)
        data = build_dataset(case)
        network = Network(activation, spec.penalty, data, network_parameters(case, spec, data.dimension))
        network.check_periods()
    return network
