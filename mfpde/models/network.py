"""The shallow network as an energy of measures: a feature map, a loss and a penalty.

f(x) = int a phi(z; x) dmu,  r(theta) = r_a(a) + kappa |z|^2,
E(mu) = 2 sum_l weight_l l(f(x_l), y_l) + 2 int r dmu,   V(theta) = <a, h(z)> + r(theta),
h(z) = <l'(f, y), phi(z; .)>,   dE/dmu = 2 V.

For l = (f - y)^2 / 2 the first part of E is |f - f*|^2; conventions are those of Rotskoff, Jelassi, Bruna &
Vanden-Eijnden (arXiv:1902.01843) without their factor 1/2. With several outputs a has a component for each.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mfpde.case import Case, schema
from mfpde.data import Dataset, build_dataset
from mfpde.errors import InputError, about
from mfpde.expressions.schedule import Schedule
from mfpde.kinds import FEATURES
from mfpde.measures.compression import BLOCK, row_blocks
from mfpde.measures.mesh import Mesh
from mfpde.models.changing import strength_of
from mfpde.models.feature_coupling import Features, Outputs
from mfpde.models.feature_map import FeatureMap
from mfpde.models.function_space import FunctionSpace
from mfpde.models.loss import Loss, build_loss
from mfpde.models.mesh_potential import MeshPotential
from mfpde.models.parameters import ParameterSpace, network_parameters
from mfpde.models.penalty import Penalty, build_penalty
from mfpde.models.problem import Cloud
from mfpde.models.risk import LeastSquares, Risk

#: features that usually span all others
SPANNING = 256


@dataclass(frozen=True)
class Network:
    """A network; serves mesh and particles alike."""

    parameters: ParameterSpace
    features: FeatureMap
    penalty: Penalty
    strength: Schedule | None = None  #: lambda(t) if it changes; `penalty` is that for lambda = 1 then

    @property
    def data(self) -> Dataset | None:
        """What is learnt; None under a population loss."""
        return self.features.data

    @property
    def forces(self) -> str:
        """As of its features."""
        return self.features.forces

    @property
    def function(self) -> FunctionSpace:
        """Where f is known."""
        return self.features.space

    @property
    def risk(self) -> LeastSquares | Risk:
        """E by coordinates of f."""
        return self.features.risk

    @property
    def loss(self) -> Loss:
        """Of one datum."""
        return self.features.loss

    def known_by(self) -> dict[str, Any]:
        """As of its features."""
        return self.features.known_by()

    def unit_functions(self, state: np.ndarray) -> np.ndarray:
        """Phi(theta) = a phi(z; .) of every unit by its coordinates (units, r), output after output."""
        values = self.features(self.parameters.z(state))
        return np.concatenate([a[:, None] * values for a in self.parameters.a(state)], axis=1)

    def unit_squares(self, state: np.ndarray) -> np.ndarray:
        """|Phi(theta)|^2 in L2(nu) of every unit (units,)."""
        return np.sum(self.parameters.a(state) ** 2, axis=0) * self.features.squares(self.parameters.z(state))

    def unit_products(self, state: np.ndarray, function: np.ndarray) -> np.ndarray:
        """<Phi(theta), f> in L2(nu) of every unit (units,), for f by its coordinates (r,)."""
        weighted = (self.function.weights * function).reshape(self.function.outputs, -1).T
        z, rows = self.parameters.z(state), max(1, BLOCK // len(weighted))
        found = np.concatenate([self.features(z[i : i + rows]) @ weighted for i in range(0, len(z), rows)])
        return np.sum(self.parameters.a(state) * found.T, axis=0)

    @property
    def scale(self) -> float:
        """Size of the energy, for tolerances of rounding."""
        return float(self.square_norm(self.function.targets))

    @property
    def kink(self) -> float:
        """As of its penalty."""
        return self.penalty.kink

    @property
    def why_no_tangent(self) -> str:
        """Features or a penalty without second derivatives."""
        if reason := self.features.why_no_tangent:
            return reason
        if self.function.outputs > 1:
            return "data.y: the tangent has one output"
        if not self.loss.is_smooth:
            return f'model.loss: "{self.loss.spec.loss}" has no second derivative where errors are clipped'
        if not self.penalty.is_smooth:
            return f"model.penalty.power: {self.penalty.spec.power:g} has no second derivative at a = 0"
        return ""

    def square_norm(self, values: np.ndarray) -> np.ndarray:
        """|g|^2 in L2(nu) of functions by their coordinates (..., r)."""
        return self.function.square_norm(values)

    def cloud_values(self, cloud: Cloud) -> dict[str, np.ndarray]:
        """Energy and loss of every network of units."""
        of_a = np.sum(self.penalty.amplitude(self.parameters.a(cloud.state)), axis=0)
        of_z = self.penalty.rest(self.parameters.z(cloud.state))
        losses = self.features.losses(cloud, cloud.potential - of_a - of_z, self.parameters)
        penalties = np.add.reduceat(cloud.weights * (of_a + of_z), cloud.starts)
        return {"energy": losses + 2 * penalties, "loss": losses}

    def coupling_numbers(self, mesh: Mesh) -> int:
        """The feature matrix, and two matrices of those features that span it, which compression needs."""
        cells = math.prod(axis.cells for axis in mesh.axes if axis.name not in self._amplitude_names)
        return self.function.size * (cells + 2 * min(cells, self.function.size, SPANNING))

    def unit_numbers(self, networks: np.ndarray) -> int:
        """None."""
        return 0

    @property
    def _amplitude_names(self) -> list[str]:
        return [c.name for c in self.parameters.amplitudes]

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """The arrays that define V on the cells of a mesh of the free parameters.

        Raises:
            InputError: features are not finite there.
        """
        a, z = self.points(mesh)
        features, weights = Features(self._matrix(z)), self.function.weights
        if self.function.outputs == 1:
            free = self.parameters.amplitudes[0].free
            return MeshPotential(free, a[:, 0], *self.penalties(mesh), features, self.risk, weights)
        # V has no single factor that depends on a: all cells are z-cells then
        every = Outputs(a, features)
        return MeshPotential(False, np.ones(1), *self.penalties(mesh), every, self.risk, weights)

    def penalties(self, mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
        """r on the cells of a mesh as `MeshPotential` has it: `penalty_a` and `penalty_z`."""
        a, z = self.points(mesh)
        of_a, of_z = np.sum(self.penalty.amplitude(a), axis=1), self.penalty.rest(z)
        return (of_a, of_z) if self.function.outputs == 1 else (np.zeros(1), np.add.outer(of_a, of_z).ravel())

    def points(self, mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
        """Amplitudes (Na, outputs) and z (Nz, components of z) of the cells, which are all pairs of them, in
        C order.
        """
        axes, outputs = {axis.name: axis.centres for axis in mesh.axes}, self.function.outputs
        values = [axes.get(c.name, c.law.quantile(np.zeros(1))) for c in self.parameters.components]
        return _points(values[:outputs]), _points(values[outputs:])

    def _matrix(self, z: np.ndarray) -> np.ndarray:
        """Coordinates of phi at all z (Nz, components of z).

        Raises:
            InputError: one is not finite.
        """
        features = np.empty((len(z), self.function.size // self.function.outputs))
        finite = np.empty(len(z), dtype=bool)
        for part in row_blocks(features):  # what they are made of is as large
            features[part] = self.features(z[part])
            finite[part] = np.isfinite(features[part]).all(axis=-1)
        if not np.all(finite):
            names, bad = [c.name for c in self.parameters.rest], z[np.flatnonzero(~finite)[0]]
            place = ", ".join(f"{name} = {value:g}" for name, value in zip(names, bad, strict=True))
            raise InputError(
                f"{self.features.label} is not finite at an input for {place}; expected a formula that is"
            )
        return features

    def check_periods(self) -> None:
        """Refuse a circle on which the model does not close.

        Raises:
            InputError: a component is called periodic, but phi differs at the two ends of its domain.
        """
        for c in self.parameters.amplitudes:
            if c.periodic:
                raise InputError(
                    f"parameters.{c.name}.periodic: f is linear in a, so a cannot live on a circle"
                )
        rest = np.linspace(-1.3, 1.7, 5)[:, None] * np.ones(len(self.parameters.rest))
        for k, c in enumerate(self.parameters.rest):
            if not c.periodic or c.domain is None:
                continue
            ends = []
            for end in c.domain:
                z = rest.copy()
                z[:, k] = end
                ends.append(self.features(z))
            closes = np.abs(ends[1] - ends[0]).max() <= 1e-6 * np.abs(ends[0]).max()
            if not closes or self.penalty.confinement:
                raise InputError(
                    f"parameters.{c.name}.periodic: the model is not periodic in {c.name} with period"
                    f" {c.domain[1] - c.domain[0]:g}; expected phi to agree at both ends of the domain, and"
                    " no confinement"
                )

    def check_forces(self, theta: np.ndarray) -> None:
        """Refuse features that are not finite at units; see `problem.Problem`."""
        self.features.check_units(theta[self.parameters.outputs :].T)

    def digest(self) -> str:
        """SHA-256 of the data, or of the law of inputs."""
        return self.features.digest()


def build_network(case: Case, data: Dataset | None = None) -> Network:
    """The network a case describes, with its data.

    Arguments:
        data: they, if they are known already.
    Raises:
        InputError: anything wrong with data, activation or parameters.
    """
    spec = case.model
    assert isinstance(spec, schema.NetworkModel)
    with about(case.path):
        data = build_dataset(case) if data is None else data
        kind = FEATURES[spec.features]
        features = kind.build(spec, data, build_loss(spec))
        parameters = network_parameters(case, kind.components(spec, data.dimension), data.outputs)
        network = Network(parameters, features, build_penalty(spec.penalty), strength_of(case))
        features.check(parameters.rest, case)
        network.check_periods()
    return network


def _points(axes: Sequence[np.ndarray]) -> np.ndarray:
    """All combinations of values of several axes (n, axes), in C order."""
    return np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=-1)
