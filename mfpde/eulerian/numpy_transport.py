"""Transport of cell averages with NumPy: sweeps along all axes of a window."""

from collections.abc import Sequence

import numpy as np

from mfpde.eulerian.sweeps import sweep, with_ghosts
from mfpde.eulerian.velocities import Potential
from mfpde.eulerian.windows import Window
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh


class Transport:
    """Upwind fluxes of the limited linear reconstruction.

    Arguments:
        faint: density from which on mass leaves a cell, see `mfpde.eulerian.backend.faint_density`.
    """

    def __init__(self, mesh: Mesh, scheme: str, faint: float, dtype: np.dtype):
        self.axes: Sequence[Axis] = mesh.axes
        self.scheme, self.faint, self.dtype = scheme, faint, dtype
        self.face_weights = [_face_weights(axis) for axis in mesh.axes]

    def __call__(
        self, field: np.ndarray, potential: Potential, window: Window
    ) -> tuple[np.ndarray, float, float]:
        """The rate in a window, what limits a step there (`Rate.courant`), and the dissipation.

        Dissipation is that at the faces after its cells.
        """
        change, courant = np.zeros((2, *(s.stop - s.start for s in window)), self.dtype)
        dissipation = 0.0
        for k, axis in enumerate(self.axes):
            ghosts, speeds = with_ghosts(field, window, k, axis.periodic), potential.speeds(k, window)
            found = sweep(self.scheme, axis, k, window, ghosts, speeds, self.faint)
            change += found.change
            courant += found.courant
            dissipation += self._dissipation(k, window, found.dissipation)
        empty = field[window] <= self.faint
        if empty.any():  # what nothing leaves cannot become negative, however fast it is
            courant[empty] = 0
        return change, float(courant.max()), dissipation

    def _dissipation(self, k: int, window: Window, values: np.ndarray) -> float:
        """Sum of A flux (V_left - V_right) over the faces after a window's cells, by the sweep along k."""
        for j in range(len(window) - 1, -1, -1):
            weights = self.face_weights[k] if j == k else self.axes[j].widths
            values = np.einsum("...j,j->...", values, weights[window[j]].astype(values.dtype)).astype(
                np.float64
            )
        return float(values)


def _face_weights(axis: Axis) -> np.ndarray:
    """Weight of flux times velocity, at the face after each cell, in sum_faces A flux (V_left - V_right)."""
    if axis.uniform:  # fluxes and velocities were over widths
        return axis.widths**3 / axis.mobility if axis.mobility else np.zeros(axis.cells)
    after = axis.inverse_distances[1:]
    return np.divide(1.0, after, out=np.zeros(axis.cells), where=after > 0)
