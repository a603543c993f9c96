"""V on a mesh as NumPy keeps it, V = amplitude(a) h(z) + penalty_a(a) + penalty_z(z), and the velocities at
faces that follow from it.

Differences of V along an axis are those of one factor times the other one. So they are taken on the small
arrays, once, in float64, where they lose nothing to rounding; on the cells, one product and one sum are left.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.eulerian.scharfetter_gummel import exchange
from mfpde.eulerian.windows import Window
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models.mesh_potential import MeshPotential

#: cells beyond each end of an axis that a flux through its first or last face may depend on
GHOSTS = 2


def face_speeds(axis: Axis, values: np.ndarray, k: int) -> np.ndarray:
    """-(right - left) / distance times mobility at every face along array axis k, 0 at walls; face 0 is at
    GHOSTS - 1, beyond the ends there are 0s.

    On a uniform axis they are divided by the width of a cell, as all that is made of them would have to be.
    """
    along = np.moveaxis(values, k, 0)
    speeds = np.zeros((axis.cells + 2 * GHOSTS, *along.shape[1:]))
    rise = np.diff(along, axis=0, prepend=along[-1:], append=along[:1])
    scale = axis.inverse_distances / axis.widths[0] if axis.uniform else axis.inverse_distances
    speeds[GHOSTS - 1 : -GHOSTS] = -rise * scale.reshape(-1, *[1] * (along.ndim - 1))
    return np.moveaxis(speeds, 0, k)


@dataclass(frozen=True)
class Potential:
    """V of one measure on the mesh."""

    mesh: Mesh
    model: MeshPotential
    source: np.ndarray
    dtype: np.dtype

    @cached_property
    def values(self) -> np.ndarray:
        """V in the shape of the mesh."""
        return self.model.values(self.source).reshape(self.mesh.shape)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype)

    def exchanged(self, k: int, tau: float) -> tuple[np.ndarray, np.ndarray]:
        """What cells along axis k exchange, see `scharfetter_gummel.exchange`, that axis first; kept, for
        sweeps come in pairs.
        """
        if (k, tau) not in self._exchanges:
            self._exchanges[k, tau] = exchange(self.mesh.axes[k], np.moveaxis(self.values, k, 0), tau)
        return self._exchanges[k, tau]

    @cached_property
    def _exchanges(self) -> dict[tuple[int, float], tuple[np.ndarray, np.ndarray]]:
        return {}

    @cached_property
    def _h(self) -> np.ndarray:
        """h on the z-axes."""
        shape = self.mesh.shape[1:] if self.model.has_amplitude else self.mesh.shape
        return self.model.h(self.source).reshape(shape)

    @cached_property
    def _factors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Amplitude, penalty of it, h and the penalty of z, so that they broadcast to the mesh."""
        model, ones = self.model, [1] * self._h.ndim
        shape = (-1, *ones) if model.has_amplitude else (1,) * self._h.ndim
        return (
            model.amplitude.reshape(shape),
            model.penalty_a.reshape(shape),
            self._h,
            model.penalty_z.reshape(self._h.shape),
        )

    def on(self, window: Window) -> np.ndarray:
        """V in a window."""
        amplitude, penalty_a, h, penalty_z = (_cut(values, window) for values in self._factors)
        result = amplitude * h
        result += penalty_a
        result += penalty_z
        return result

    @cached_property
    def _speeds(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """By axis: two factors whose product, with the third added, are the velocities of `face_speeds`."""
        amplitude, penalty_a, h, penalty_z = self._factors
        found = []
        for k, axis in enumerate(self.mesh.axes):
            if self.model.has_amplitude and k == 0:
                factors = face_speeds(axis, amplitude, 0), h, face_speeds(axis, penalty_a, 0)
            else:
                j = k - self.model.has_amplitude
                factors = face_speeds(axis, h, j), amplitude, face_speeds(axis, penalty_z, j)
            first, second, third = (values.astype(self.dtype) for values in factors)
            found.append((first, second, third if np.any(third) else None))
        return found

    def speeds(self, k: int, window: Window) -> np.ndarray:
        """Velocities along an axis at the faces of a window and beyond: entry i is the face after cell i -
        GHOSTS of the window.
        """
        faces = tuple(slice(s.start, s.stop + 2 * GHOSTS) if j == k else s for j, s in enumerate(window))
        first, second, third = self._speeds[k]
        result = _cut(first, faces) * _cut(second, faces)
        if third is not None:
            result += _cut(third, faces)
        return result


def _cut(values: np.ndarray, window: Window) -> np.ndarray:
    """A window of an array whose leading axes may be missing, and whose axes of one entry stand for all."""
    own = window[len(window) - values.ndim :]
    return values[tuple(slice(None) if n == 1 else s for n, s in zip(values.shape, own, strict=True))]
