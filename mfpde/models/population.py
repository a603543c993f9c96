"""The network that learns a planted teacher under a law of all inputs, x ~ N(0, I_d) or uniform on a sphere:
no data, no sampling error.

V(theta) = a (int a' k(z, z') dmu - sum_k a*_k k(z, z*_k)) + r(theta) with the kernel k of
`population_kernels`. Units feel it by exact sums over pairs. A mesh has V in the coordinates of `nystroem`,
whose pivots depend on the domains but not on the cells: a prediction means the same on every mesh and for
every network. In high dimension, where there is no mesh, a prediction is f at inputs drawn from the law
(`sampled`)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.activations import find_activation
from mfpde.case import Case, schema
from mfpde.case.data_tables import PlantedTeacher
from mfpde.data.teachers import planted_units
from mfpde.errors import InputError, about
from mfpde.models.energy import LeastSquares
from mfpde.models.nystroem import Nystroem, build_nystroem, candidates_of
from mfpde.models.parameters import MOST_AXES, network_parameters
from mfpde.models.population_kernels import PopulationKernel, find_kernel
from mfpde.models.sampled import SampledInputs, sample_inputs
from mfpde.models.shallow import ShallowNetwork

#: error of features, relative to the largest, beyond which a basis of features is given up for sampled inputs
COARSE = 0.03


@dataclass(frozen=True)
class PopulationNetwork(ShallowNetwork):
    """A network with a teacher f* = sum_k amplitudes_k phi(., units_k); serves mesh and particles alike."""

    kernel: PopulationKernel
    units: np.ndarray  #: z*_k (m, components of z)
    amplitudes: np.ndarray  #: a*_k (m,)

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
    def least_squares(self) -> LeastSquares:
        """The energy by coefficients of f in the basis; what it misses of f* is constant."""
        targets = self.basis.of_sum(self.units, self.amplitudes)
        missed = (
            max(0.0, self.teacher_square - float(targets @ targets))
            if isinstance(self.basis, Nystroem)
            else 0.0
        )
        return LeastSquares(targets, np.ones(len(targets)), missed)

    def features(self, z: np.ndarray) -> np.ndarray:
        """Coefficients of phi(., z), shape (N, r), for z of shape (N, components of z)."""
        return self.basis(z)

    def feature_squares(self, z: np.ndarray) -> np.ndarray:
        """k(z, z) (N,), without the basis."""
        return self.kernel.diagonal(z)

    def predictions(self, state: np.ndarray, weights: np.ndarray, networks: Sequence[slice]) -> np.ndarray:
        """f of every network by its coefficients (networks, r), for a state (components + 1, units)."""
        state = state.astype(np.float64)
        return np.array(
            [self.basis.of_sum(state[1:-1, where].T, (weights * state[0])[where]) for where in networks]
        )

    def cloud_losses(
        self,
        state: np.ndarray,
        weights: np.ndarray,
        predictions: np.ndarray,
        potential: np.ndarray,
        starts: np.ndarray,
    ) -> np.ndarray:
        """|f|^2 - 2 <f, f*> + |f*|^2, of which V at the units gives the first and one of the second: exact,
        without the basis.

        Where f is as good as f*, rounding would make it negative; it is 0 then.
        """
        z = state[1:-1].T
        along = self.kernel(z, self.units) @ self.amplitudes
        own = potential - self.penalty_amplitude(state[0]) - self.penalty_rest(z)
        return np.maximum(
            np.add.reduceat(weights * (own - state[0] * along), starts) + self.teacher_square, 0.0
        )

    def digest(self) -> str:
        """SHA-256 of the teacher and the law."""
        return hashlib.sha256(
            repr((self.kernel.factor, self.units.tolist(), self.amplitudes.tolist())).encode()
        ).hexdigest()


def build_population(case: Case) -> PopulationNetwork:
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
        network = PopulationNetwork(
            activation,
            spec.penalty,
            network_parameters(case, spec, data.dimension),
            kernel,
            np.column_stack([w, b]) if spec.bias else w,
            amplitudes,
        )
        network.check_periods()
    return network
