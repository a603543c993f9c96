"""Tensor meshes on boxes and circles, and densities on them."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.laws import Law
from mfpde.measures.axis import Axis
from mfpde.measures.cells import cell_masses, deposit


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
        """Cell averages of the density of a product law: exact cell masses, shared so that every mean is kept
        (`measures.cells`).

        The little that a law puts beyond walls is put into the outermost cells, where walls hold particles
        too.
        """
        return outer(
            [cell_masses(axis, law) / axis.widths for axis, law in zip(self.axes, laws, strict=True)]
        )

    def density_of_points(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Cell averages of a weighted cloud, every point shared by the cells around it so that means are kept
        (`measures.cells.deposit`).

        Arguments:
            points: (axes, n); weights: (n,).
        """
        shared = [deposit(axis, x) for axis, x in zip(self.axes, points, strict=True)]
        masses = np.zeros(math.prod(self.shape))
        for choice in itertools.product(*(range(len(cells)) for cells, _ in shared)):
            places = np.ravel_multi_index(
                [cells[k] for (cells, _), k in zip(shared, choice, strict=True)], self.shape
            )
            parts = weights * np.prod(
                [shares[k] for (_, shares), k in zip(shared, choice, strict=True)], axis=0
            )
            masses += np.bincount(places, parts, len(masses))
        return masses.reshape(self.shape) / self.volumes

    def marginal(self, density: np.ndarray, name: str) -> np.ndarray:
        """Density of one parameter (cells,), from cell averages of the joint density."""
        k = self.names.index(name)
        others = tuple(j for j in range(len(self.axes)) if j != k)
        return (density * self.volumes).sum(axis=others) / self.axes[k].widths

    def points(
        self, density: np.ndarray, negligible: float, split: Sequence[bool] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Every cell as 2^axes points of equal mass at +-width/sqrt(12) from its centre, which keeps its
        second moments.

        Arguments:
            negligible: cells of less than this share of the largest cell's mass are left out, and the rest
                scaled to the same total.
            split: along which axes; all if None. Along the others points lie at the centre.
        Returns:
            Points (n, axes) and their masses (n,).
        """
        masses = density * self.volumes
        kept = masses > negligible * masses.max()
        total, masses = masses.sum(), masses[kept]
        centres = np.stack(
            [g[kept] for g in np.meshgrid(*(axis.centres for axis in self.axes), indexing="ij")], axis=-1
        )
        offsets = np.stack(
            [g[kept] for g in np.meshgrid(*(axis.widths / np.sqrt(12) for axis in self.axes), indexing="ij")],
            axis=-1,
        )
        sides = [(-1, 1) if parted else (0,) for parted in split or [True] * len(self.axes)]
        corners = np.array(list(itertools.product(*sides)))
        points = (centres[:, None, :] + corners * offsets[:, None, :]).reshape(-1, len(self.axes))
        return points, np.repeat(masses * total / masses.sum() / len(corners), len(corners))

    def wall_mass(self, density: np.ndarray) -> dict[str, float]:
        """Mass in the outermost cells of each axis that has walls."""
        masses = {
            axis.name: self.marginal(density, axis.name) * axis.widths
            for axis in self.axes
            if not axis.periodic
        }
        return {name: float(mass[0] + mass[-1]) for name, mass in masses.items()}


def outer(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """Tensor product of vectors; a scalar 1 for none."""
    product = np.ones(())
    for vector in vectors:
        product = np.multiply.outer(product, vector)
    return product
