"""One axis of a mesh, a box or a circle cut into cells."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


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
        return (
            differences - self.length * np.round(differences / self.length) if self.periodic else differences
        )

    def place(self, points: np.ndarray) -> np.ndarray:
        """Points, on a circle those beyond its ends moved by whole turns."""
        if not self.periodic:
            return points
        low, high = self.faces[0], self.faces[-1]
        return np.where((points < low) | (points > high), low + (points - low) % self.length, points)

    @cached_property
    def slope_factors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Width over the distance to the left neighbour, to the right one, and to both together (cells,); 1,
        1, 1/2 on uniform axes.

        They turn differences of cell averages into slopes times width. Beyond a wall lies the mirror image of
        the cell.
        """
        if self.uniform:
            ones = np.ones(self.cells)
            return ones, ones, ones / 2
        distances = np.diff(self.centres)
        ends = (self.widths[0] + self.widths[-1]) / 2 if self.periodic else None
        left = np.concatenate([[self.widths[0] if ends is None else ends], distances])
        right = np.concatenate([distances, [self.widths[-1] if ends is None else ends]])
        return self.widths / left, self.widths / right, self.widths / (left + right)

    @cached_property
    def inverse_distances(self) -> np.ndarray:
        """Mobility over the distance of the centres on both sides of each face (cells + 1,); 0 at walls."""
        inverse = np.zeros(self.cells + 1)
        inverse[1:-1] = 1 / np.diff(self.centres)
        if self.periodic:
            inverse[[0, -1]] = 2 / (self.widths[0] + self.widths[-1])
        return self.mobility * inverse


def sinh_faces(low: float, high: float, cells: int, stretch: float, at: float) -> np.ndarray:
    """Faces at + k sinh(stretch xi), xi uniform: smallest cells at `at`, by about sinh(stretch) / stretch.

    Uniform for stretch 0.
    """
    if stretch == 0:
        return np.linspace(low, high, cells + 1)
    k = (high - low) / 2 / np.sinh(stretch)
    ends = np.arcsinh((np.array([low, high]) - at) / k)
    faces = at + k * np.sinh(np.linspace(ends[0], ends[1], cells + 1))
    faces[[0, -1]] = low, high
    return faces
