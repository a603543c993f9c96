"""A measure's potential on a mesh: V(a, z) = a h(z) + r_a(a) + r_z(z), which is never stored on all cells."""

from dataclasses import dataclass, replace

import numpy as np

from mfpde.measures.mesh import Mesh
from mfpde.models.coupling import Coupling
from mfpde.models.energy import Energy, Moments


@dataclass(frozen=True)
class MeshPotential:
    """A problem on the mesh of one species: its energy on moments, and what V is formed from.

    If `has_amplitude`, a is the first axis of the mesh; otherwise it is fixed and its arrays have one entry.
    """

    has_amplitude: bool
    amplitude: np.ndarray  #: (Na,)
    penalty_a: np.ndarray  #: (Na,)
    penalty_z: np.ndarray  #: (Nz,), z-cells in C order
    coupling: Coupling
    energy: Energy
    #: of the squares of linear moments in the norm of L2(nu) (r,); empty where there is no such norm
    weights: np.ndarray

    def moments(self, masses: np.ndarray) -> Moments:
        """Functionals of a measure by its masses in the cells (Na, Nz)."""
        first = self.amplitude @ masses
        penalty = float(np.sum(self.penalty_a @ masses) + np.sum(masses @ self.penalty_z))
        return self.moments_of(first, penalty, float(masses.sum()))

    def moments_of(self, first: np.ndarray, penalty: float, mass: float) -> Moments:
        """The same, where int a dmu of every z-cell (Nz,), int r dmu and int dmu are known."""
        return Moments(*self.coupling.moments(first), penalty, mass)

    def values(self, source: np.ndarray, duration: float = 1.0) -> np.ndarray:
        """V at the cells, (Na, Nz), for what the energy's `source` gives; its time integral for that of the
        source.
        """
        penalty = self.penalty_a[:, None] + self.penalty_z
        return np.multiply.outer(self.amplitude, self.h(source)) + duration * penalty

    def h(self, source: np.ndarray) -> np.ndarray:
        """The part of V that depends on the measure, by z-cell (Nz,)."""
        return self.coupling.potential(source)

    def compressed(self, mesh: Mesh, tolerance: float) -> "MeshPotential":
        """The same on fewer moments, where that pays."""
        shape = mesh.shape[1:] if self.has_amplitude else mesh.shape
        coupling, basis = self.coupling.compressed(self.weights, shape or (1,), tolerance)
        return (
            self if basis is None else replace(self, coupling=coupling, energy=self.energy.projected(basis))
        )
