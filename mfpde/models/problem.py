"""What a problem is: an energy E of measures whose potential V = (1/2) dE/dmu is formed from a few moments of
them.

The same object serves meshes and particles. How to add one is told in `mfpde.case.problems`.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from mfpde.data import Dataset
from mfpde.measures.mesh import Mesh
from mfpde.models.function_space import FunctionSpace
from mfpde.models.mesh_potential import MeshPotential
from mfpde.models.parameters import ParameterSpace


class Cloud(NamedTuple):
    """Networks of units, one after another."""

    state: np.ndarray  #: (components + 1, units)
    weights: np.ndarray  #: (units,), summing to the mass of each network, which is 1 where it is conserved
    predictions: np.ndarray  #: coordinates of f (networks, r)
    potential: np.ndarray  #: V at the units (units,)
    starts: np.ndarray  #: the first unit of every network


class Problem(Protocol):
    """An energy of a measure on a parameter space; dimensionless, dE/dmu = 2 V."""

    @property
    def forces(self) -> str:
        """How units feel it, a key of `lagrangian.forces.FORCES`."""

    @property
    def parameters(self) -> ParameterSpace:
        """The components of theta."""

    @property
    def function(self) -> FunctionSpace | None:
        """Where the function of a measure is known; None if measures have none."""

    @property
    def data(self) -> Dataset | None:
        """What is learnt, where that is a table of data points."""

    def known_by(self) -> dict[str, Any]:
        """What its functions are known by, as views for metrics: "data"; or "teacher" with "pivots" or
        "samples".
        """

    @property
    def scale(self) -> float:
        """Size of the energy, for tolerances of rounding."""

    @property
    def kink(self) -> float:
        """lambda of a penalty lambda |a| that holds units at a = 0; 0 without one."""

    @property
    def why_no_tangent(self) -> str:
        """The key that leaves it without a linearised flow of its own, and why; empty if it has one."""

    def cloud_values(self, cloud: Cloud) -> dict[str, np.ndarray]:
        """Numbers of every network of units (networks,), by name: "energy", and "loss" of those with a
        function.
        """

    def unit_functions(self, state: np.ndarray) -> np.ndarray:
        """The function of every unit of a state by its coordinates (units, r)."""

    def unit_squares(self, state: np.ndarray) -> np.ndarray:
        """Its square norm in L2(nu) (units,)."""

    def unit_products(self, state: np.ndarray, function: np.ndarray) -> np.ndarray:
        """Its inner product in L2(nu) with a function of coordinates (r,), of every unit (units,)."""

    def on_mesh(self, mesh: Mesh) -> MeshPotential:
        """The arrays that define V on the cells of a mesh of the free parameters."""

    def coupling_numbers(self, mesh: Mesh) -> int:
        """Numbers the coupling on a mesh will hold, to refuse what cannot fit."""

    def unit_numbers(self, networks: np.ndarray) -> int:
        """Numbers kept for every unit of networks of these sizes, besides states."""

    def check_forces(self, theta: np.ndarray) -> None:
        """Refuse formulas that are not finite at units theta (components, n).

        Raises:
            InputError: with the formula and the place.
        """

    def digest(self) -> str:
        """SHA-256 of the data, or of the formulas, that define it."""


class Certified(Problem, Protocol):
    """A problem that bounds its least energy from below by any measure."""

    def gap(self, theta: np.ndarray, masses: np.ndarray, energy: float) -> Any:
        """What the measure of atoms theta (components, n) with masses (n,) and this energy proves: `gap`, how
        far it is from the least at most, and `eta`, the largest value of its dual certificate.
        """


class ProblemOfUnits(Problem, Protocol):
    """A problem with forces = "own": it says itself what moves units."""

    def unit_rates(self, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """-grad V of the components and V (components + 1, units), at the units theta (components, units) of
        one network with these weights.
        """
