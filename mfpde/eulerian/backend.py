"""What a backend must offer the stepper. Fields are opaque: arrays on the host or buffers on a device."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments

Field = Any  #: cell averages on the mesh, wherever they live
Potential = Any  #: V on the mesh, wherever it lives
FAINT_MASS = 1e-30


@dataclass(frozen=True)
class Rate:
    """-div(flux) of a field, with what limits a step along it."""

    field: Field
    courant: float  #: largest sum_k max(u+, |u-|) / dx_k of a cell that mass leaves, 1/time
    dissipation: float  #: sum over faces of A flux (V_left - V_right) = -1/2 dE/dt, >= 0


@dataclass(frozen=True)
class Stage:
    """The second stage of a step: the new field, and of the rate along which it went what limits a step."""

    field: Field
    courant: float
    dissipation: float
    least: float  #: min(0, smallest value of the field)


class Backend(Protocol):
    """Operations on fields; the physics of a cell. Implemented by `opencl` and `numpy`."""

    name: str
    #: how far below 0 a density may fall before the run is stopped; 0 where positivity is proved
    undershoot: float

    def upload(self, density: np.ndarray) -> Field:
        """A field with these cell averages."""

    def download(self, field: Field) -> np.ndarray:
        """Cell averages as a float64 array of the mesh's shape."""

    def moments(self, field: Field) -> Moments:
        """Functionals the model needs, accumulated in float64."""

    def set_penalty(self, penalty_a: np.ndarray, penalty_z: np.ndarray) -> None:
        """Another r from now on, by the arrays of `MeshPotential`; potentials are formed anew then."""

    def potential(self, source: np.ndarray) -> Potential:
        """V from what the energy's `source` gives."""

    def rate(self, field: Field, potential: Potential) -> Rate:
        """Transport along -grad V."""

    def combine(self, a: float, x: Field, b: float, y: Field, dt: float, rate: Field) -> tuple[Field, float]:
        """a x + b (y + dt rate), and min(0, its smallest value); values below the negligible threshold become
        0.
        """

    def stage(self, x: Field, y: Field, potential: Potential, dt: float) -> Stage:
        """(x + y + dt rate(y)) / 2: the second stage of Heun's method."""

    def react(
        self,
        field: Field,
        potential: Potential,
        strength: float,
        shift: float,
        power: float = 1.0,
        above: bool = False,
    ) -> Field:
        """field^power exp(-strength (V - shift)), of V - shift the positive part alone if `above`."""

    def blend(self, a: float, x: Field, b: float, y: Field) -> Field:
        """a x + b y."""

    def spread(
        self,
        field: Field,
        potential: Potential,
        mean: float,
        power: int,
        tau: float = 0.0,
        above: bool = False,
    ) -> float:
        """int |V + tau log mu - mean|^power dmu, power 1 or 2, of its positive part alone if `above`."""

    def entropy(self, field: Field) -> float:
        """int mu log mu dtheta."""

    def distance(self, x: Field, y: Field) -> float:
        """int |x - y| dtheta."""

    def nonnegative(self, field: Field) -> Field:
        """max(field, 0)."""

    def implicit(self, field: Field, potential: Potential | None, axis: int, dt: float) -> Field:
        """One implicit Euler step of drift-diffusion (of heat, if V is None) along one axis; nonnegative
        where the field is.
        """


def faint_density(mesh: Mesh) -> float:
    """Density up to which cells hold no mass to speak of: 1e-30 of the total in the largest of them.

    By transport nothing leaves such cells, so they limit no step; what they hold moves once more has come in.
    """
    return FAINT_MASS / float(np.prod([axis.widths.max() for axis in mesh.axes]))


def negligible(precision: str) -> float:
    """Densities below this are set to 0: far below rounding of the mass, far above subnormal numbers."""
    return 1e-200 if precision == "float64" else 1e-30
