"""What a model is: an energy E of measures whose potential V = (1/2) dE/dmu is linear in a few moments of the
measure.

The same object serves the mesh and the particles; `network` and `potential` implement it. On a mesh it
becomes a `MeshPotential`."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mfpde.measures.convolution import PairOperator
from mfpde.measures.mesh import Mesh
from mfpde.measures.moment_operator import MomentOperator
from mfpde.models.energy import Energy, Moments
from mfpde.models.features import BoxFeatures, Features
from mfpde.models.parameters import ParameterSpace

#: how cells see each other: through features, through a pair interaction, or not at all
Coupling = Features | BoxFeatures | PairOperator | MomentOperator | None


@dataclass(frozen=True)
class MeshPotential:
    """A model on a mesh: its energy on moments, and what it needs to form V(a, z) = amplitude(a) h(z) +
    penalty_a(a) + penalty_z(z).

    h = matrix @ source for features, W * mu for a pair interaction, 0 without coupling. If `has_amplitude`, a
    is the first axis of the mesh; otherwise it is fixed and its arrays have one entry."""

    has_amplitude: bool
    amplitude: np.ndarray  #: (Na,)
    penalty_a: np.ndarray  #: (Na,)
    penalty_z: np.ndarray  #: (Nz,), z-cells in C order
    coupling: Coupling
    energy: Energy

    def moments(self, masses: np.ndarray) -> Moments:
        """Functionals of a measure by its masses in the cells (Na, Nz)."""
        first = self.amplitude @ masses
        penalty = float(np.sum(self.penalty_a @ masses) + np.sum(masses @ self.penalty_z))
        return self.moments_of(first, penalty, float(masses.sum()))

    def moments_of(self, first: np.ndarray, penalty: float, mass: float) -> Moments:
        """The same, where int a dmu of every z-cell (Nz,), int r dmu and int dmu are known."""
        if self.coupling is None:
            return Moments(np.zeros(0), 0.0, penalty, mass)
        if isinstance(self.coupling, Features | BoxFeatures):
            return Moments(self.coupling.moments(first), 0.0, penalty, mass)
        linear = self.coupling(first)
        return Moments(linear, float(first @ linear), penalty, mass)

    def values(self, source: np.ndarray, duration: float = 1.0) -> np.ndarray:
        """V at the cells, (Na, Nz), for what the energy's `source` gives; its time integral for that of the
        source.
        """
        penalty = self.penalty_a[:, None] + self.penalty_z
        return np.multiply.outer(self.amplitude, self.h(source)) + duration * penalty

    def h(self, source: np.ndarray) -> np.ndarray:
        """The part of V that depends on the measure, by z-cell (Nz,)."""
        if isinstance(self.coupling, Features | BoxFeatures):
            return self.coupling.potential(source)
        return np.zeros_like(self.penalty_z) if self.coupling is None else source


class Model(Protocol):
    """An energy of measures on a parameter space; dimensionless, dE/dmu = 2 V."""

    @property
    def parameters(self) -> ParameterSpace:
        """The components of theta."""

    @property
    def scale(self) -> float:
        """Size of the energy, for tolerances of rounding."""

    @property
    def has_kink(self) -> bool:
        """Whether a penalty lambda |a| holds units at a = 0."""

    def cloud_energies(
        self,
        state: np.ndarray,
        weights: np.ndarray,
        predictions: np.ndarray,
        potential: np.ndarray,
        starts: np.ndarray,
    ) -> np.ndarray:
        """E of every network of units.

        Arguments:
            state: (components + 1, units); weights, potential (V at the units): (units,); predictions:
                (networks, L).
            starts: the first unit of every network.
        """

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """The arrays that define V on the cells of a mesh of the free parameters."""

    def coupling_numbers(self, mesh: Mesh) -> int:
        """Numbers the coupling on a mesh will hold, to refuse what cannot fit."""

    def digest(self) -> str:
        """SHA-256 of the data, or of the formulas, that define the model."""
