"""Tensor meshes on boxes and circles, and densities on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.measures.laws import Law, Point


@dataclass(frozen=True)
class Axis:
    """One axis of the mesh: cells between consecutive faces."""

    name: str
    faces: np.ndarray  #: (cells + 1,), increasing
    periodic: bool = False
    mobility: float = 1.0

    @cached_property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.faces) - 1

    @cached_property
    def centres(self) -> np.ndarray:
        """Cell centres (cells,)."""
        return (self.faces[1:] + self.faces[:-1]) / 2

    @cached_property
    def widths(self) -> np.ndarray:
        """Cell widths (cells,)."""
        return np.diff(self.faces)

    @property
    def length(self) -> float:
        """Length of the domain; the period of a circle."""
        return float(self.faces[-1] - self.faces[0])

    @cached_property
    def uniform(self) -> bool:
        """Whether all cells have the same width, up to rounding."""
        return bool(np.ptp(self.widths) <= 1e-9 * self.widths[0])

    def wrap(self, differences: np.ndarray) -> np.ndarray:
        """Differences of two points, on a circle the shortest."""
        return differences - self.length * np.round(differences / self.length) if self.periodic else differences

    @cached_property
    def inverse_distances(self) -> np.ndarray:
        """Mobility over the distance of the centres on both sides of each face (cells + 1,); 0 at walls."""
        inverse = np.zeros(self.cells + 1)
        inverse[1:-1] = 1 / np.diff(self.centres)
        if self.periodic:
            inverse[[0, -1]] = 2 / (self.widths[0] + self.widths[-1])
        return self.mobility * inverse


@dataclass(frozen=True)
class Mesh:
    """A tensor product of axes; arrays on it have one array axis per mesh axis, in the same order."""

    axes: Sequence[Axis]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Cells per axis."""
        return tuple(axis.cells for axis in self.axes)

    @property
    def names(self) -> list[str]:
        """Axis names in order."""
        return [axis.name for axis in self.axes]

    @cached_property
    def volumes(self) -> np.ndarray:
        """Cell volumes, of shape `shape`."""
        return outer([axis.widths for axis in self.axes])

    def average_density(self, laws: Sequence[Law]) -> np.ndarray:
        """Cell averages of the density of a product law: exact differences of its distribution functions.

        The little that a law puts beyond the domain is put into the outermost cells, where walls hold particles too.
        """
        return outer([_cell_masses(axis, law) / axis.widths for axis, law in zip(self.axes, laws, strict=True)])

    def marginal(self, density: np.ndarray, name: str) -> np.ndarray:
        """Density of one parameter (cells,), from cell averages of the joint density."""
        k = self.names.index(name)
        others = tuple(j for j in range(len(self.axes)) if j != k)
        return (density * self.volumes).sum(axis=others) / self.axes[k].widths

    def wall_mass(self, density: np.ndarray) -> dict[str, float]:
        """Mass in the outermost cells of each axis that has walls."""
        masses = {axis.name: self.marginal(density, axis.name) * axis.widths for axis in self.axes if not axis.periodic}
        return {name: float(mass[0] + mass[-1]) for name, mass in masses.items()}


def _cell_masses(axis: Axis, law: Law) -> np.ndarray:
    if isinstance(law, Point):
        masses = np.zeros(axis.cells)
        cell = int(np.searchsorted(axis.faces, law.at, side="right")) - 1
        masses[min(cell, axis.cells - 1)] = 1.0
        return masses
    cumulative = law.cdf(axis.faces)
    if axis.periodic:
        cumulative /= cumulative[-1] - cumulative[0]
    else:
        cumulative[0], cumulative[-1] = 0.0, 1.0
    return np.diff(cumulative)


def outer(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """Tensor product of vectors; a scalar 1 for none."""
    product = np.ones(())
    for vector in vectors:
        product = np.multiply.outer(product, vector)
    return product
