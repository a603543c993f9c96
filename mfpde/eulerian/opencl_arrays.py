"""What of a mesh and of V on it lies on a device and does not change."""

from collections.abc import Sequence

import numpy as np
import pyopencl as cl

from mfpde.device.buffers import Buffers
from mfpde.eulerian.layout import Layout
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models.mesh_potential import MeshPotential


class AxisArrays:
    """Arrays of all axes, one after the other, with zeros in ghost and padding cells."""

    def __init__(self, axes: Sequence[Axis], layout: Layout, buffers: Buffers, dtype: np.dtype):
        def upload(array: np.ndarray) -> cl.Buffer:
            return buffers.upload(array.astype(dtype))

        self.width = upload(layout.axis_arrays([axis.widths for axis in axes]))
        self.inverse_width = upload(layout.axis_arrays([1 / axis.widths for axis in axes]))
        self.inverse_distance = upload(layout.face_arrays([axis.inverse_distances for axis in axes]))
        self.loss_weight = upload(layout.axis_arrays([_loss_weight(axis) for axis in axes]))
        self.slopes = [
            upload(layout.slope_arrays(values))
            for values in zip(*(axis.slope_factors for axis in axes), strict=True)
        ]

    @property
    def of_transport(self) -> tuple[cl.Buffer, ...]:
        """AXES of kernels/eulerian.cl."""
        return self.width, self.inverse_width, self.loss_weight, *self.slopes


class ModelArrays:
    """V = amplitude(a) h(z) + penalty_a(a) + penalty_z(z) without h; its falls; weights of sums over a."""

    def __init__(self, mesh: Mesh, model: MeshPotential, layout: Layout, buffers: Buffers, dtype: np.dtype):
        def upload(array: np.ndarray) -> cl.Buffer:
            return buffers.upload(array.astype(dtype))

        self.layout, self.model, self.buffers, self.dtype = layout, model, buffers, dtype
        self.changes = 0  #: of the penalty, so far
        self.a_widths = mesh.axes[0].widths if model.has_amplitude else np.ones(1)
        self.amplitude = upload(layout.pad_amplitude(model.amplitude))
        penalty_a, penalty_z, fall, drift, weights = self._of_penalty(model.penalty_a, model.penalty_z)
        self.penalty_a, self.penalty_z = upload(penalty_a), upload(penalty_z)
        self.falls = [upload(self._fall(model.amplitude)), upload(fall)]
        self.drift, self.column_weights = upload(drift), buffers.upload(weights)
        self.z_volume = buffers.upload(layout.z_volumes())

    def _fall(self, values: np.ndarray) -> np.ndarray:
        """Of what does not change along z."""
        layout = self.layout
        return layout.fall(layout.pad_amplitude(values), 0) if self.model.has_amplitude else np.zeros(1)

    def _of_penalty(self, penalty_a: np.ndarray, penalty_z: np.ndarray) -> tuple[np.ndarray, ...]:
        """All arrays that r is in: itself, its falls, the weights of sums over a."""
        layout, first = self.layout, int(self.model.has_amplitude)
        padded = layout.pad_z(penalty_z)
        drift = [layout.fall(padded, k) for k in range(first, len(layout.cells))]
        summed = (np.ones_like(self.a_widths), self.model.amplitude, penalty_a)
        weights = np.concatenate([layout.inside_amplitude(v * self.a_widths) for v in summed])
        drifts = np.concatenate([*drift, np.zeros(1)])
        return layout.pad_amplitude(penalty_a), padded, self._fall(penalty_a), drifts, weights

    def set_penalty(self, penalty_a: np.ndarray, penalty_z: np.ndarray) -> None:
        """Another r from now on."""
        self.changes += 1
        *arrays, weights = self._of_penalty(penalty_a, penalty_z)
        places = (self.penalty_a, self.penalty_z, self.falls[1], self.drift)
        for place, array in zip(places, arrays, strict=True):
            self.buffers.write(place, array.astype(self.dtype))
        self.buffers.write(self.column_weights, weights)

    @property
    def of_columns(self) -> tuple[cl.Buffer, ...]:
        """What sums over a need."""
        return self.column_weights, self.penalty_z, self.z_volume


class Spreading:
    """Where the values of h at z-cells go, and what their differences are multiplied with: see
    `spread_potential`.

    Arguments:
        order: which z-cell each of the values of h belongs to.
        first: the first axis of z.
    """

    def __init__(self, order: np.ndarray, first: int, layout: Layout, buffers: Buffers):
        where, z_axes = layout.where_z(order), range(first, len(layout.cells))
        around = [where, *(layout.next_along(where, k) for k in z_axes)]
        self.where_z = buffers.upload(np.concatenate(around).astype(np.int32))
        slopes = [*(layout.slopes(len(where), k) for k in z_axes), np.zeros(1)]
        self.slope_z = buffers.upload(np.concatenate(slopes))


def _loss_weight(axis: Axis) -> np.ndarray:
    """Distance over mobility and width (cells,), for the face beyond each cell; 0 at walls."""
    beyond = axis.inverse_distances[1:]
    return np.divide(1.0, beyond * axis.widths, out=np.zeros(axis.cells), where=beyond > 0)
