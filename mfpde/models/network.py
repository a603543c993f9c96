"""The shallow network as an energy of measures.

f(x) = int a sigma(<w, x> + b) dmu,  r(theta) = lambda |a|^q + kappa |(w, b)|^2,
E(mu) = |f - f*|^2 + 2 int r dmu,    V(theta) = a h(z) + r(theta),  h(z) = <f - f*, phi(., z)>,  dE/dmu = 2 V.

Conventions are those of Rotskoff, Jelassi, Bruna & Vanden-Eijnden (arXiv:1902.01843) without their factor
1/2."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.activations import FORMULAS, find_activation
from mfpde.case import Case, schema
from mfpde.data import Dataset, build_dataset
from mfpde.errors import about
from mfpde.measures.compression import BLOCK
from mfpde.models.energy import LeastSquares
from mfpde.models.parameters import network_parameters
from mfpde.models.reach import precisions, reached_arguments, refuse_where_not_finite
from mfpde.models.shallow import ShallowNetwork, preactivations


@dataclass(frozen=True)
class Network(ShallowNetwork):
    """A network with its data, penalty and parameter space; serves mesh and particles alike."""

    data: Dataset

    @cached_property
    def least_squares(self) -> LeastSquares:
        """The energy by the values of f at the data."""
        return LeastSquares(self.data.y, self.data.weights)

    def cloud_losses(
        self,
        state: np.ndarray,
        weights: np.ndarray,
        predictions: np.ndarray,
        potential: np.ndarray,
        starts: np.ndarray,
    ) -> np.ndarray:
        """|f - f*|^2 of every network of units; see `models.shallow.ShallowNetwork`."""
        return self.loss(predictions)

    def features(self, z: np.ndarray) -> np.ndarray:
        """sigma(<w, x_l> + b) at the data (..., L), for z of shape (..., components of z)."""
        return self.activation.value(self.preactivations(z))

    def feature_squares(self, z: np.ndarray) -> np.ndarray:
        """|phi(., z)|^2 (N,), in blocks."""
        rows = max(1, BLOCK // len(self.data.y))
        return np.concatenate(
            [self.square_norm(self.features(z[i : i + rows])) for i in range(0, len(z), rows)]
        )

    def digest(self) -> str:
        """SHA-256 of the data."""
        return self.data.digest()

    def preactivations(self, z: np.ndarray) -> np.ndarray:
        """<w, x_l> + b at the data (..., L), for z of shape (..., components of z)."""
        return preactivations(z, self.data.x)

    def check_activation(
        self, t: np.ndarray, values_in: str = "float64", slopes_in: str = "none", with_curvature: bool = False
    ) -> None:
        """Refuse an activation that is not finite, or whose derivatives are not, at one of the arguments t,
        in these precisions.

        Raises:
            InputError: with the formula and t.
        """
        sigma, where = self.activation, "model.activation"
        refuse_where_not_finite({f"'{sigma.name}'": sigma.formula}, "t", [t], where, values_in)
        if slopes_in != "none":
            refuse_where_not_finite(
                {f"the derivative of '{sigma.name}'": sigma.derivative}, "t", [t], where, slopes_in
            )
        if with_curvature:
            refuse_where_not_finite(
                {f"the second derivative of '{sigma.name}'": sigma.second_derivative}, "t", [t], where
            )


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
        activation = find_activation(spec.activation)
        data = build_dataset(case) if data is None else data
        network = Network(activation, spec.penalty, network_parameters(case, spec, data.dimension), data)
        network.check_periods()
        if activation.name not in FORMULAS:
            t = reached_arguments(network.parameters.components[1:], data.x)
            network.check_activation(t, *precisions(case), with_curvature=case.fluctuations.predict)
    return network
