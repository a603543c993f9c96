"""What a model is: an energy E of measures whose potential V = (1/2) dE/dmu is linear in a few moments of the measure.

The same object serves the mesh and the particles; `network` and `potential` implement it.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from mfpde.measures.convolution import PairOperator
from mfpde.measures.mesh import Mesh
from mfpde.models.parameters import ParameterSpace


class Moments(NamedTuple):
    """Functionals of a measure, or of its rate of change."""

    linear: np.ndarray  #: what V is linear in: f(x_l) = int a phi(x_l, z) dmu of a network, (W*mu)(theta_j) of a pair interaction
    square: float  #: int int W dmu dmu of a pair interaction; 0 for a network, whose square is that of f
    penalty: float  #: int r dmu of a network, int V0 dmu of a potential
    mass: float  #: int dmu


@dataclass(frozen=True)
class Features:
    """A coupling of finite rank: h = matrix @ source, moments = matrix.T @ (first moments in a)."""

    matrix: np.ndarray  #: (Nz, L), z-cells in C order


#: how cells see each other: through features, through a pair interaction, or not at all
Coupling = Features | PairOperator | None


@dataclass(frozen=True)
class MeshPotential:
    """What a mesh needs to form V(a, z) = amplitude(a) h(z) + penalty_a(a) + penalty_z(z).

    h = matrix @ source for features, W * mu for a pair interaction, 0 without coupling. If `has_amplitude`, a is the first axis of
    the mesh; otherwise it is fixed and its arrays have one entry.
    """

    has_amplitude: bool
    amplitude: np.ndarray  #: (Na,)
    penalty_a: np.ndarray  #: (Na,)
    penalty_z: np.ndarray  #: (Nz,), z-cells in C order
    coupling: Coupling

    def values(self, source: np.ndarray) -> np.ndarray:
        """V at the cells, (Na, Nz), for what the model's `source` gives."""
        h = self.coupling.matrix @ source if isinstance(self.coupling, Features) else 0.0 if self.coupling is None else source
        return np.multiply.outer(self.amplitude, h + np.zeros_like(self.penalty_z)) + self.penalty_a[:, None] + self.penalty_z


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

    def energy_of(self, moments: Moments) -> float:
        """E of a measure on a mesh."""

    def curvature(self, change: Moments) -> float:
        """Second-order coefficient of E along a rate m': E(m + dt m') = E(m) + dt E' + dt^2 curvature."""

    def source(self, linear: np.ndarray) -> np.ndarray:
        """What the mesh forms V from: weights (f - f*) for a network, W * mu itself for a pair interaction."""

    def mean_potential(self, moments: Moments) -> float:
        """int V dmu of a probability measure."""

    def cloud_energies(
        self, state: np.ndarray, weights: np.ndarray, predictions: np.ndarray, potential: np.ndarray, starts: np.ndarray
    ) -> np.ndarray:
        """E of every network of units.

        Arguments:
            state: (components + 1, units); weights, potential (V at the units): (units,); predictions: (networks, L).
            starts: the first unit of every network.
        """

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """The arrays that define V on the cells of a mesh of the free parameters."""

    def coupling_numbers(self, mesh: Mesh) -> int:
        """Numbers the coupling on a mesh will hold, to refuse what cannot fit."""

    def digest(self) -> str:
        """SHA-256 of the data, or of the formulas, that define the model."""
