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

        first = int(model.has_amplitude)
        self.amplitude = upload(layout.pad_amplitude(model.amplitude))
        self.penalty_a = upload(layout.pad_amplitude(model.penalty_a))
        self.penalty_z = upload(layout.pad_z(model.penalty_z))
        self.falls = [  # of what does not change along a
            upload(layout.fall(layout.pad_amplitude(v), 0) if first else np.zeros(1))
            for v in (model.amplitude, model.penalty_a)
        ]
        drift = [layout.fall(layout.pad_z(model.penalty_z), k) for k in range(first, len(layout.cells))]
        self.drift = upload(np.concatenate([*drift, np.zeros(1)]))
        a_widths = mesh.axes[0].widths if model.has_amplitude else np.ones(1)
        weights = [
            layout.inside_amplitude(v * a_widths)
            for v in (np.ones_like(a_widths), model.amplitude, model.penalty_a)
        ]
        self.column_weights = buffers.upload(np.concatenate(weights))
        self.z_volume = buffers.upload(layout.z_volumes())

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
