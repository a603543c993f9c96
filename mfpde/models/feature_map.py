"""What a feature map phi(z; x) must offer: a network is f(x) = int a phi(z; x) dmu(a, z).

To add a feature map, add a module to `mfpde.models.features` that defines `FEATURES`, a class of
`PointwiseFeatures`: it needs phi, its derivatives by z and its OpenCL text, and serves meshes, units, nodes
and descent.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mfpde.case import Case, schema
from mfpde.data import Dataset
from mfpde.models.function_space import FunctionSpace
from mfpde.models.loss import Loss
from mfpde.models.parameters import Component, ParameterSpace
from mfpde.models.problem import Cloud
from mfpde.models.risk import LeastSquares, Risk


class Batch(NamedTuple):
    """B pairs, each with the same weight."""

    x: np.ndarray  #: (B, d)
    y: np.ndarray  #: (outputs, B)
    weight: float


class FeatureMap(ABC):
    """phi(z; .) by its coordinates in a space of functions, and the risk in these coordinates."""

    #: how units feel the network, a key of `lagrangian.forces.FORCES`
    forces: ClassVar[str]
    loss: Loss
    data: Dataset | None

    @property
    @abstractmethod
    def space(self) -> FunctionSpace:
        """Where functions are known."""

    @property
    @abstractmethod
    def risk(self) -> LeastSquares | Risk:
        """The loss by coordinates of f, and 2 int r dmu."""

    @abstractmethod
    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Coordinates of phi(., z) of one output, for z of shape (..., components of z)."""

    @abstractmethod
    def squares(self, z: np.ndarray) -> np.ndarray:
        """|phi(., z)|^2 in L2(nu) (N,), for z (N, components of z)."""

    @abstractmethod
    def of_sum(self, z: np.ndarray, charges: np.ndarray) -> np.ndarray:
        """Coordinates of sum_j charges_j phi(., z_j) of one output, for z (N, components of z),
        charges (N,).
        """

    @abstractmethod
    def draw(self, size: int, random: np.random.Generator) -> Batch:
        """Independent pairs of what is learnt, as many as `size`."""

    @abstractmethod
    def values(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """phi (..., N, L) at any inputs x (..., L, d), for z (..., N, components of z)."""

    @abstractmethod
    def pull(self, z: np.ndarray, x: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """h = sum_l residual_l phi(z; x_l) (..., N) and its gradient (..., N, components of z)."""

    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the data, or of the law of inputs and the teacher."""

    @abstractmethod
    def known_by(self) -> dict[str, Any]:
        """What functions are known by, as views for metrics."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The formula that a user gave, for messages."""

    @property
    def why_no_tangent(self) -> str:
        """The key that leaves the map without a linearised flow of its own, and why; empty if it has one."""
        return "model.features: have no second derivatives here"

    def check_units(self, z: np.ndarray) -> None:
        """Refuse a formula that is not finite at units z (N, components of z).

        Raises:
            InputError: with the formula and the place.
        """
        return

    def losses(self, cloud: Cloud, own: np.ndarray, parameters: ParameterSpace) -> np.ndarray:
        """The loss of every network of units (networks,).

        Arguments:
            own: V - r at the units (units,).
        """
        return self.risk.loss(cloud.predictions)


class PointwiseFeatures(FeatureMap):
    """A map whose functions are known by their values at inputs."""

    @classmethod
    @abstractmethod
    def build(cls, spec: schema.NetworkModel, data: Dataset, loss: Loss) -> "PointwiseFeatures":
        """The features a case describes."""

    @classmethod
    @abstractmethod
    def components(cls, spec: schema.NetworkModel, dimension: int) -> list[str]:
        """Names of the components of z, for inputs of this dimension."""

    @abstractmethod
    def slopes(self, z: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Derivatives of phi by z (..., N, L, components of z)."""

    @abstractmethod
    def opencl(self) -> str:
        """Source of ``feature(z, x, &value)`` and ``feature_with_slopes(z, x, &value, slopes)``, where x has
        INPUTS numbers.
        """

    def remainder(self, centre: np.ndarray, radius: np.ndarray, x: np.ndarray) -> np.ndarray | None:
        """A proven bound of |phi(z; x) - phi(c; x) - <grad phi(c; x), z - c>| (N, L) over the boxes
        |z_k - c_k| <= radius_k around c, by which suprema over z are certified; None if nothing is proven.

        Arguments:
            centre, radius: (N, components of z).
        """
        return None

    def check(self, components: Sequence[Component], case: Case) -> None:
        """Refuse features that are not finite where units of these components go.

        Raises:
            InputError: with the place.
        """
        return

    def prepare(self, x: np.ndarray) -> np.ndarray:
        """Inputs (L, d) in the form in which `forward` and `pull_back` take them."""
        return x

    def forward(self, z: np.ndarray, prepared: np.ndarray) -> tuple[np.ndarray, Any]:
        """phi (..., N, L), and what `pull_back` needs beside it."""
        return self.values(z, prepared), self.slopes(z, prepared)

    def pull_back(
        self, evaluated: tuple[np.ndarray, Any], prepared: np.ndarray, residual: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """h = sum_l residual_l phi(z; x_l) (..., N) and its gradient (..., N, components of z).

        Arguments:
            evaluated: what `forward` gave; residual: (..., L).
        """
        value, slopes = evaluated
        h = np.einsum("...nl,...l->...n", value, residual)
        return h, np.einsum("...nlc,...l->...nc", slopes, residual)

    def pull(self, z: np.ndarray, x: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same from inputs that differ from network to network: x (..., L, d), residual (..., L)."""
        return self.pull_back((self.values(z, x), self.slopes(z, x)), x, residual)
