"""How a mesh lies in device memory: at least two ghost cells on each side of each axis, rows aligned and
padded so that blocks may overrun.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.measures.mesh import Mesh, outer

GHOSTS = 2


@dataclass(frozen=True)
class Layout:
    """Padded shape, strides and offsets; C order, the last axis contiguous."""

    mesh: Mesh
    has_amplitude: bool
    width: int  #: lanes of a block of the contiguous axis

    @cached_property
    def cells(self) -> list[int]:
        """Cells per axis, without ghosts."""
        return list(self.mesh.shape)

    @cached_property
    def pitches(self) -> list[int]:
        """Cells per axis with ghosts; the last also holds whole blocks."""
        last = self.starts[-1] + self.cells[-1] + GHOSTS
        return [n + 2 * GHOSTS for n in self.cells[:-1]] + [-(-last // self.width) * self.width]

    @cached_property
    def starts(self) -> list[int]:
        """Ghosts and padding before the first cell of each axis; whole blocks on the last, so that rows are
        aligned.
        """
        return [GHOSTS] * (len(self.cells) - 1) + [max(GHOSTS, self.width)]

    @cached_property
    def strides(self) -> list[int]:
        """Distance of neighbours along each axis."""
        return [int(np.prod(self.pitches[k + 1 :])) for k in range(len(self.pitches))]

    @cached_property
    def offsets(self) -> list[int]:
        """Where each axis starts in concatenated axis arrays."""
        starts = [sum(self.pitches[:k]) + k for k in range(len(self.pitches))]
        return [*starts[:-1], -(-starts[-1] // self.width) * self.width]

    @property
    def spare(self) -> int:
        """Numbers after the last cell that a block may touch."""
        return 4 * self.width + 4

    @property
    def size(self) -> int:
        """Numbers in a field buffer."""
        return int(np.prod(self.pitches)) + self.spare

    @cached_property
    def a_pitch(self) -> int:
        """Padded cells of the amplitude axis; 1 if a is fixed."""
        return self.pitches[0] if self.has_amplitude else 1

    @cached_property
    def z_pitch(self) -> int:
        """Padded cells of the other axes together."""
        return int(np.prod(self.pitches)) // self.a_pitch

    @property
    def z_size(self) -> int:
        """Numbers in a buffer over z-cells."""
        return self.z_pitch + self.spare

    def axis_arrays(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """One number per cell of each axis, concatenated; zero in ghosts and padding."""
        return self._concatenate(values)

    def slope_arrays(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """As `axis_arrays`, but ghosts of circles hold what the cells they copy hold: their slopes count at
        the face where a circle closes.
        """
        result = self.axis_arrays(values)
        for first, value, axis in zip(np.add(self.offsets, self.starts), values, self.mesh.axes, strict=True):
            if axis.periodic:
                result[first - GHOSTS : first + len(value) + GHOSTS] = np.pad(value, GHOSTS, mode="wrap")
        return result

    def face_arrays(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """One number per face of each axis; entry j belongs to the face left of padded cell j."""
        return self._concatenate(values)

    def _concatenate(self, values: Sequence[np.ndarray]) -> np.ndarray:
        result = np.zeros(self.offsets[-1] + self.pitches[-1] + 1 + self.spare)
        for first, value in zip(np.add(self.offsets, self.starts), values, strict=True):
            result[first : first + len(value)] = value
        return result

    def _padding(self, k: int) -> tuple[int, int]:
        return self.starts[k], self.pitches[k] - self.starts[k] - self.cells[k]

    def pad_field(self, density: np.ndarray) -> np.ndarray:
        """A flat padded copy of cell averages; ghosts are zero."""
        padded = np.pad(density, [self._padding(k) for k in range(density.ndim)])
        return np.concatenate([padded.ravel(), np.zeros(self.spare)])

    def unpad_field(self, flat: np.ndarray) -> np.ndarray:
        """Cell averages without ghosts."""
        inner = tuple(slice(start, start + n) for start, n in zip(self.starts, self.cells, strict=True))
        return flat[: int(np.prod(self.pitches))].reshape(self.pitches)[inner]

    def pad_amplitude(self, values: np.ndarray) -> np.ndarray:
        """Values of the amplitude axis with ghosts (one entry if a is fixed) and spare room."""
        padded = self._with_ghosts(values, 0, 0) if self.has_amplitude else values
        return np.concatenate([padded, np.zeros(self.spare)])

    def inside_amplitude(self, values: np.ndarray) -> np.ndarray:
        """As `pad_amplitude`, but zero in ghosts and without spare room: weights of sums over a."""
        return np.pad(values, self._padding(0)) if self.has_amplitude else values

    def pad_z(self, values: np.ndarray, spare: int | None = None) -> np.ndarray:
        """Values per z-cell (Nz, ...) with ghosts: copies of the edge at walls, of the other side on
        circles.
        """
        first = int(self.has_amplitude)
        array = values.reshape((*self.cells[first:], *values.shape[1:]))
        for k in range(first, len(self.cells)):
            array = self._with_ghosts(array, k, k - first)
        array = array.reshape(self.z_pitch, *values.shape[1:])
        room = self.spare if spare is None else spare
        return np.concatenate([array, np.zeros((room, *values.shape[1:]))])

    def _with_ghosts(self, array: np.ndarray, axis: int, k: int) -> np.ndarray:
        n, (low, high) = self.cells[axis], self._padding(axis)
        index = np.arange(-low, n + high)
        index = index % n if self.mesh.axes[axis].periodic else np.clip(index, 0, n - 1)
        return np.take(array, index, axis=k)

    def slopes(self, size: int, k: int) -> np.ndarray:
        """M / distance to the next cell along axis k, per padded a- or z-cell (size,); 0 at walls."""
        inverse = np.zeros(self.pitches[k] + 1)
        inverse[self.starts[k] : self.starts[k] + self.cells[k] + 1] = self.mesh.axes[k].inverse_distances
        return inverse[np.arange(size) // self._stride(k) % self.pitches[k] + 1]

    def next_along(self, padded: np.ndarray, k: int) -> np.ndarray:
        """Values of the next cells along axis k, per padded a- or z-cell; beyond the end, a cell's own."""
        stride = self._stride(k)
        return np.append(padded[stride:], padded[len(padded) - stride :])

    def fall(self, padded: np.ndarray, k: int) -> np.ndarray:
        """-M (difference to the next cell along axis k) / distance, of values per padded a- or z-cell; 0 at
        walls.
        """
        return (padded - self.next_along(padded, k)) * self.slopes(len(padded), k)

    def _stride(self, k: int) -> int:
        return 1 if self.has_amplitude and k == 0 else self.strides[k]

    @property
    def z_cells(self) -> int:
        """z-cells without ghosts."""
        return int(np.prod(self.cells[int(self.has_amplitude) :]))

    def inside_z(self) -> np.ndarray:
        """Padded index of every z-cell (z_cells,), C order."""
        first = int(self.has_amplitude)
        padded = np.arange(self.z_pitch).reshape(self.pitches[first:] or [1])
        return padded[
            tuple(
                slice(start, start + n)
                for start, n in zip(self.starts[first:], self.cells[first:], strict=True)
            )
        ].ravel()

    def where_z(self, order: np.ndarray) -> np.ndarray:
        """For every padded z-cell, where its value lies among values in some order of z-cells; ghosts as in
        `pad_z`.

        Arguments:
            order: z-cells, each at least once; its first place counts.
        """
        position = np.empty(self.z_cells, dtype=int)
        position[order[::-1]] = np.arange(len(order))[::-1]
        return self.pad_z(position, spare=0).astype(int)

    def z_volumes(self) -> np.ndarray:
        """Volumes of z-cells, zero in ghosts, padding and spare room."""
        first = int(self.has_amplitude)
        widths = [
            np.pad(axis.widths, self._padding(k)) for k, axis in enumerate(self.mesh.axes) if k >= first
        ]
        return np.concatenate([outer(widths).ravel(), np.zeros(self.spare)])
