"""The network that learns a planted teacher under a law of all inputs, x ~ N(0, I_d) or uniform on a sphere:
no data, no sampling error.

V(theta) = a (int a' k(z, z') dmu - sum_k a*_k k(z, z*_k)) + r(theta) with the kernel k of
`population_kernels`. Units feel it by exact sums over pairs. A mesh has V in the coordinates of `nystroem`,
whose pivots depend on the domains but not on the cells: a prediction means the same on every mesh and for
every network. In high dimension, where there is no mesh, a prediction is f at inputs drawn from the law
(`sampled`).
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mfpde.activations import Activation, find_activation
from mfpde.case import Case, schema
from mfpde.case.teacher_tables import PlantedTeacher
from mfpde.data.teachers import planted_units
from mfpde.errors import InputError, about
from mfpde.models.changing import strength_of
from mfpde.models.feature_map import Batch, FeatureMap
from mfpde.models.features.perceptron import Perceptron
from mfpde.models.function_space import FunctionSpace
from mfpde.models.loss import Loss, build_loss
from mfpde.models.network import Network
from mfpde.models.neuron import Neuron
from mfpde.models.nystroem import Nystroem, build_nystroem, candidates_of
from mfpde.models.parameters import MOST_AXES, ParameterSpace, network_parameters
from mfpde.models.penalty import build_penalty
from mfpde.models.population_kernels import PopulationKernel, find_kernel
from mfpde.models.problem import Cloud
from mfpde.models.risk import LeastSquares
from mfpde.models.sampled import SampledInputs, sample_inputs

#: error of features, relative to the largest, beyond which a basis of features is given up for sampled inputs
COARSE = 0.03


@dataclass(frozen=True)
class PopulationFeatures(Neuron, FeatureMap):
    """Units with an activation under a law of all inputs, and a teacher f* = sum_k amplitudes_k phi(.,
    units_k).
    """

    activation: Activation
    has_bias: bool
    loss: Loss
    parameters: ParameterSpace
    kernel: PopulationKernel
    units: np.ndarray  #: z*_k (m, components of z)
    amplitudes: np.ndarray  #: a*_k (m,)

    forces = "kernel"
    data = None

    @property
    def label(self) -> str:
        """The activation as a case gives it."""
        return f"model.activation: '{self.activation.name}'"

    @property
    def why_no_tangent(self) -> str:
        """It is a formula of data points."""
        return "data.population: the tangent needs data points"

    @cached_property
    def basis(self) -> Nystroem | SampledInputs:
        """Coordinates of f: features that span all others in the domain or, where these are too many, values
        at sampled inputs.

        A mesh, of which V is made in these coordinates, has features whatever their error.
        """
        found = build_nystroem(self.kernel, np.concatenate([self.units, candidates_of(self.parameters)]))
        return (
            found
            if found.error <= COARSE or len(self.parameters.free) <= MOST_AXES
            else sample_inputs(self.activation, self.kernel)
        )

    @cached_property
    def teacher_square(self) -> float:
        """|f*|^2."""
        return float(self.amplitudes @ self.kernel(self.units, self.units) @ self.amplitudes)

    @cached_property
    def risk(self) -> LeastSquares:
        """The energy by coefficients of f in the basis; what it misses of f* is constant."""
        targets = self.basis.of_sum(self.units, self.amplitudes)
        spanned = isinstance(self.basis, Nystroem)
        missed = max(0.0, self.teacher_square - float(targets @ targets)) if spanned else 0.0
        return LeastSquares(targets, np.ones(len(targets)), missed)

    @cached_property
    def space(self) -> FunctionSpace:
        """Coefficients in the basis."""
        return FunctionSpace(self.risk.weights, self.risk.targets, self.risk, "coefficient")

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Coefficients of phi(., z), shape (N, r), for z of shape (N, components of z)."""
        return self.basis(z)

    def squares(self, z: np.ndarray) -> np.ndarray:
        """k(z, z) (N,), without the basis."""
        return self.kernel.diagonal(z)

    def of_sum(self, z: np.ndarray, charges: np.ndarray) -> np.ndarray:
        """Coefficients of sum_j charges_j phi(., z_j)."""
        return self.basis.of_sum(z, charges)

    def losses(self, cloud: Cloud, own: np.ndarray, parameters: ParameterSpace) -> np.ndarray:
        """|f|^2 - 2 <f, f*> + |f*|^2, of which V at the units gives the first and one of the second: exact,
        without the basis.

        Where f is as good as f*, rounding would make it negative; it is 0 then.
        """
        along = self.kernel(parameters.z(cloud.state), self.units) @ self.amplitudes
        sums = np.add.reduceat(cloud.weights * (own - parameters.a(cloud.state)[0] * along), cloud.starts)
        return np.maximum(sums + self.teacher_square, 0.0)

    def draw(self, size: int, random: np.random.Generator) -> Batch:
        """New inputs every time, and the teacher there."""
        x = self.kernel.inputs(random, size)
        return Batch(x, (self.amplitudes @ self.values(self.units, x))[None], 1 / size)

    def known_by(self) -> dict[str, Any]:
        """The teacher, and the basis."""
        return {"teacher": self, "pivots" if isinstance(self.basis, Nystroem) else "samples": self.basis}

    def digest(self) -> str:
        """SHA-256 of the teacher and the law."""
        facts = (self.kernel.factor, self.units.tolist(), self.amplitudes.tolist())
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def build_population(case: Case) -> Network:
    """The network a case with data.population describes.

    Raises:
        InputError: no closed form for this activation, law and bias, or a teacher that does not fit.
    """
    spec, data = case.model, case.data
    assert isinstance(spec, schema.NetworkModel)
    assert data is not None
    assert data.population is not None
    assert data.dimension is not None
    assert isinstance(data.teacher, PlantedTeacher)
    with about(case.path):
        if spec.loss != "square":
            raise InputError(
                f'model.loss: "{spec.loss}" needs data points; under data.population there are closed forms'
                ' for the loss "square" alone'
            )
        activation = find_activation(spec.activation)
        kernel = find_kernel(activation.name, spec.bias, data.population, data.dimension)
        if data.teacher.activation not in (None, activation.name):
            raise InputError(
                f"data.teacher.activation: '{data.teacher.activation}' is not that of the model,"
                f" '{activation.name}'; under data.population there are closed forms for equal activations"
                " alone"
            )
        w, b, amplitudes = planted_units(data.teacher, data.dimension)
        if np.any(b) and not spec.bias:
            raise InputError(
                "data.teacher.units: have biases b, which a model without bias cannot express; set model.bias"
                " = true or leave them out"
            )
        names = Perceptron.components(spec, data.dimension)
        parameters = network_parameters(case, names)
        units = np.column_stack([w, b]) if spec.bias else w
        features = PopulationFeatures(
            activation, spec.bias, build_loss(spec), parameters, kernel, units, amplitudes
        )
        network = Network(parameters, features, build_penalty(spec.penalty), strength_of(case))
        network.check_periods()
    return network
