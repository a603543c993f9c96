"""The finite-volume backend on an OpenCL device: kernels/eulerian.cl, rows.cl, diffusion.cl and features.cl.

In the row form, for CPUs, transport marches along rows and fuses what it can; in the cell form, for GPUs,
every cell is a work item."""

import numpy as np
import pyopencl as cl

from mfpde.device.buffers import Buffers, Reduction
from mfpde.device.program import build_program, precision_constants
from mfpde.device.runtime import Device
from mfpde.device.widths import vector_width
from mfpde.eulerian.backend import Rate, Stage, negligible
from mfpde.eulerian.layout import Layout
from mfpde.eulerian.opencl_coupling import build_coupling, constants
from mfpde.eulerian.opencl_fields import Field, Pool, Potential
from mfpde.eulerian.tiles import Tiles
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments
from mfpde.models.model import MeshPotential

SUMS = 5  #: per tile, see kernels/rows.cl
FILES = ("slopes.cl", "eulerian.cl", "rows.cl", "diffusion.cl", "features.cl", "reductions.cl")
KERNELS = (
    "fill_ghosts", "transport_rate", "march_rate", "march_stage", "combine_parts", "react",
    "potential_spread", "sum_columns", "spread_potential",
    "partial_moments", "feature_potential", "box_moments", "box_potential", "entropy", "nonnegative",
    "total_distance",
    "implicit_sweep",
)  # fmt: skip


class OpenCLBackend:
    """Fields are buffers of padded cell averages; a potential is h and its fall.

    Arguments:
        form: "row" (marching along rows, explicit vectors), "cell" (one work item per cell), or None for what
            suits the device.
        tau: of the diffusion.
        faint: density from which on mass leaves a cell by transport, see
            `mfpde.eulerian.backend.faint_density`.
        skip_zeros: whether rows leave parts alone that are 0 with all they depend on; the result is the same,
            bit by bit.
    """

    name = "opencl"
    undershoot = 0.0

    def __init__(
        self,
        mesh: Mesh,
        model: MeshPotential,
        scheme: str,
        precision: str,
        device: Device,
        form: str | None = None,
        tau: float = 0.0,
        faint: float = 0.0,
        skip_zeros: bool = True,
    ):
        self.dtype = np.dtype(precision)
        self.by_row = device.by_row if form is None else form == "row"
        width = max(vector_width(device, self.dtype), 1) if self.by_row else 1
        self.mesh, self.layout = mesh, Layout(mesh, model.has_amplitude, width)
        #: whether sums over a come with the march: the tile is whole in a then
        self.fused = self.by_row and model.has_amplitude and len(mesh.axes) > 1
        cores, room = device.cl_device.max_compute_units, device.cl_device.local_mem_size
        self.tiles = Tiles(self.layout, self.by_row, self.fused, cores, room, self.dtype.itemsize)
        self.buffers = Buffers(device)
        given = {
            "TAU": repr(float(tau)),
            "FAINT": repr(float(faint)),
            "HAS_FAINT": int(faint > 0),
            "SKIP_ZEROS": int(skip_zeros),
        }
        self._build(device, scheme, precision, width, model, given)
        #: whether kernels that write parts of rows may write their ghosts too: on a circle one part's are
        #: inside another's last block
        self.writes_ghosts = self.by_row and (self.tiles.parts == 1 or not mesh.axes[-1].periodic)
        self.parts = self.tiles.rows * self.tiles.parts
        self.fields, self.potentials = Pool(self._make_field), Pool(self._make_potential)
        self._upload_axes()
        self._upload_model(model)
        self.coupling = build_coupling(model.coupling, self.layout, self.buffers, self._run, self.data_width)
        where, z_axes = (
            self.layout.where_z(self.coupling.order),
            range(int(model.has_amplitude), len(mesh.axes)),
        )
        around = [where, *(self.layout.next_along(where, k) for k in z_axes)]
        self.where_z = self.buffers.upload(np.concatenate(around).astype(np.int32))
        self.slope_z = self.buffers.upload(
            np.concatenate([*(self.layout.slopes(len(where), k) for k in z_axes), np.zeros(1)])
        )
        self.pending: Field | None = None  #: whose linear moments are on their way
        self.per_run, self.per_run_too = (self.buffers.empty(self.runs, np.float64) for _ in range(2))
        self.per_tile = self.buffers.empty(self.tiles.items * SUMS, np.float64)
        self.per_part = self.buffers.empty(self.parts, np.float64)
        self.reduce_parts = Reduction(self.buffers, self.program, self.parts)
        self.reduce_runs = Reduction(self.buffers, self.program, self.runs)
        self.reduce_columns = Reduction(self.buffers, self.program, self.layout.z_pitch)

    def _build(
        self,
        device: Device,
        scheme: str,
        precision: str,
        width: int,
        model: MeshPotential,
        options: dict[str, object],
    ) -> None:
        layout = self.layout
        self.data_width = vector_width(device, np.dtype(np.float64))
        run = layout.cells[-1] if self.by_row else 1
        self.runs = int(np.prod(layout.cells[:-1])) * -(-layout.cells[-1] // run)
        column_width = width if layout.z_pitch > 1 else 1
        self.column_items = -(-layout.z_pitch // column_width)
        given = (
            precision_constants(self.dtype, width)
            | self.tiles.constants()
            | constants(model.coupling, self.data_width)
        )
        given |= options | {
            "DIM": len(layout.cells),
            "CELLS": layout.cells,
            "START": layout.starts,
            "STRIDE": layout.strides,
            "OFFSET": layout.offsets,
            "PERIODIC": [axis.periodic for axis in self.mesh.axes],
            "HAS_AMPLITUDE": int(model.has_amplitude),
            "HAS_DRIFT": int(np.any(model.penalty_z != 0)),
            "ZPITCH": layout.z_pitch,
            "ZSIZE": layout.z_size,
            "APITCH": layout.a_pitch,
            "UNIFORM": int(all(axis.uniform for axis in self.mesh.axes)),
            "FUSED": int(self.fused),
            "RUN": run,
            "SLOPE": f"SLOPE_{scheme}",
            "NEGLIGIBLE": negligible(precision),
            "DATA_VW": self.data_width,
            "COLUMN_VW": column_width,
        }
        self.program = build_program(device, FILES, given)
        self.kernels = {name: cl.Kernel(self.program, name) for name in KERNELS}
        self.local = [cl.LocalMemory(size) for size in self.tiles.local_bytes]

    def _upload_axes(self) -> None:
        layout, axes = self.layout, self.mesh.axes
        distances = layout.face_arrays([axis.inverse_distances for axis in axes])
        self.width = self._real(layout.axis_arrays([axis.widths for axis in axes]))
        self.inverse_width = self._real(layout.axis_arrays([1 / axis.widths for axis in axes]))
        self.inverse_distance = self._real(distances)
        factors = [
            self._real(layout.slope_arrays(values))
            for values in zip(*(axis.slope_factors for axis in axes), strict=True)
        ]
        self.axes = (
            self.width,
            self.inverse_width,
            self._real(layout.axis_arrays([_loss_weight(axis) for axis in axes])),
            *factors,
        )

    def _upload_model(self, model: MeshPotential) -> None:
        layout, first = self.layout, int(model.has_amplitude)
        self.amplitude = self._real(layout.pad_amplitude(model.amplitude))
        self.penalty_a = self._real(layout.pad_amplitude(model.penalty_a))
        self.penalty_z = self._real(layout.pad_z(model.penalty_z))
        # falls across faces of what does not change
        fall_a, drift_a = (
            layout.fall(layout.pad_amplitude(v), 0) if first else np.zeros(1)
            for v in (model.amplitude, model.penalty_a)
        )
        drift = [layout.fall(layout.pad_z(model.penalty_z), k) for k in range(first, len(layout.cells))]
        self.falls = self._real(fall_a), self._real(drift_a)
        self.drift = self._real(np.concatenate([*drift, np.zeros(1)]))
        a_widths = self.mesh.axes[0].widths if model.has_amplitude else np.ones(1)
        weights = [
            layout.inside_amplitude(v * a_widths)
            for v in (np.ones_like(a_widths), model.amplitude, model.penalty_a)
        ]
        self.column_weights = self.buffers.upload(np.concatenate(weights))
        self.z_volume = self.buffers.upload(layout.z_volumes())
        self.columns = {
            name: self.buffers.empty(layout.z_size, np.float64) for name in ("mass", "first", "penalty")
        }

    def _make_field(self) -> tuple[cl.Buffer, ...]:
        layout, make = self.layout, self.buffers.empty
        return make(layout.size, self.dtype), make(self.parts, np.int32), make(layout.z_size, np.float64)

    def _make_potential(self) -> tuple[cl.Buffer, ...]:
        z_axes = len(self.layout.cells) - int(self.layout.has_amplitude)
        return self.buffers.empty(self.layout.z_size, self.dtype), self.buffers.empty(
            max(z_axes, 1) * self.layout.z_size, self.dtype
        )

    def _fresh(self) -> Field:
        """A field for kernels that write every cell but do not mind `occupied`; 0 in ghosts and padding."""
        field = Field(self.fields)
        self.buffers.fill(field.values, 0, self.layout.size, self.dtype)
        self.buffers.fill(field.occupied, 1, self.parts, np.int32)
        return field

    def _real(self, array: np.ndarray) -> cl.Buffer:
        return self.buffers.upload(array.astype(self.dtype))

    def _run(
        self, name: str, size: tuple[int, ...], *arguments, local: tuple[int, ...] | None = None
    ) -> None:
        self.kernels[name](self.buffers.queue, size, local, *arguments)

    def upload(self, density: np.ndarray) -> Field:
        """A field with these cell averages; its ghosts are filled when they are needed."""
        # no -0: memory of rows that are 0 is passed on as it is
        field, density = self._fresh(), density + 0.0
        self.buffers.write(field.values, self.layout.pad_field(density).astype(self.dtype))
        rows = density.reshape(self.tiles.rows, -1)
        starts = np.arange(self.tiles.parts) * self.tiles.part
        self.buffers.write(field.occupied, np.logical_or.reduceat(rows != 0, starts, axis=1).astype(np.int32))
        return field

    def download(self, field: Field) -> np.ndarray:
        """Cell averages in float64."""
        flat = self.buffers.read(field.values, self.layout.size, self.dtype)
        return self.layout.unpad_field(flat).astype(np.float64)

    def moments(self, field: Field) -> Moments:
        """Functionals the model needs, in float64: sums over a per z-cell, then one product with the
        features, or a convolution.
        """
        if field.sums is None:
            mass, first, penalty = (self.columns[name] for name in ("mass", "first", "penalty"))
            self._run(
                "sum_columns",
                (self.column_items,),
                field.values,
                self.column_weights,
                self.penalty_z,
                self.z_volume,
                mass,
                first,
                penalty,
            )
            sums = self.reduce_columns(penalty, "sum"), self.reduce_columns(mass, "sum")
            self.coupling.start(first)
            self.pending = None
            return Moments(*self.coupling.finish(), *sums)
        if self.pending is not field:
            self.coupling.start(field.columns)
        self.pending = None
        return Moments(*self.coupling.finish(), *field.sums)

    def potential(self, source: np.ndarray) -> Potential:
        """h at every z-cell, ghosts included, and its fall across faces."""
        result = Potential(self.potentials)
        values = self.coupling.values(source)
        self._run(
            "spread_potential",
            (self.layout.z_pitch,),
            values,
            self.where_z,
            self.slope_z,
            result.h,
            result.fall,
        )
        return result

    def _v(self, potential: Potential) -> tuple[cl.Buffer, ...]:
        return self.amplitude, potential.h, self.penalty_a, self.penalty_z

    def _velocities(self, potential: Potential) -> tuple[cl.Buffer, ...]:
        return self.amplitude, potential.h, *self.falls, potential.fall, self.drift

    def _fill_ghosts(self, field: Field) -> None:
        if not field.has_ghosts:
            self._run("fill_ghosts", (self.parts,), field.values)
            field.has_ghosts = True

    def rate(self, field: Field, potential: Potential) -> Rate:
        """Upwind fluxes of the limited linear reconstruction."""
        self._fill_ghosts(field)
        if self.by_row:
            rate, sums = self._march("march_rate", (field.values, field.occupied), potential)
            return Rate(rate, float(sums[:, 0].max()), float(sums[:, 1].sum()))
        rate = self._fresh()
        self._run(
            "transport_rate",
            (self.runs,),
            field.values,
            *self._velocities(potential),
            *self.axes,
            rate.values,
            self.per_run,
            self.per_run_too,
        )
        return Rate(rate, self.reduce_runs(self.per_run, "max"), self.reduce_runs(self.per_run_too, "sum"))

    def stage(self, x: Field, y: Field, potential: Potential, dt: float) -> Stage:
        """(x + y + dt rate(y)) / 2."""
        if not self.by_row:
            rate = self.rate(y, potential)
            field, least = self.combine(0.5, x, 0.5, y, dt, rate.field)
            return Stage(field, rate.courant, rate.dissipation, least)
        self._fill_ghosts(y)
        field, sums = self._march(
            "march_stage", (y.values, y.occupied, x.values, x.occupied, self.dtype.type(dt)), potential
        )
        field.has_ghosts = self.writes_ghosts
        return Stage(field, float(sums[:, 0].max()), float(sums[:, 1].sum()), float(sums[:, 4].min()))

    def _march(self, kernel: str, arguments: tuple, potential: Potential) -> tuple[Field, np.ndarray]:
        """The field a march makes, and the sums of its tiles (tiles, SUMS)."""
        result, items = Field(self.fields), self.tiles.items
        tables = (self.column_weights, self.penalty_z, self.z_volume)
        outputs = (result.values, result.occupied, result.columns, self.per_tile, *self.local)
        self._run(
            kernel,
            (items,),
            *arguments,
            *self._velocities(potential),
            *self.axes,
            *tables,
            *outputs,
            local=(1,),
        )
        if self.fused:  # before anything is waited for
            self.coupling.start(result.columns)
            self.pending = result
        sums = self.buffers.read(self.per_tile, (items, SUMS), np.float64)
        if self.fused:
            result.sums = (float(sums[:, 3].sum()), float(sums[:, 2].sum()))
        return result, sums

    def combine(self, a: float, x: Field, b: float, y: Field, dt: float, rate: Field) -> tuple[Field, float]:
        """a x + b (y + dt rate), and min(0, smallest value)."""
        result, real = Field(self.fields), self.dtype.type
        given = [buffer for field in (x, y, rate) for buffer in (field.values, field.occupied)]
        outputs = (result.values, result.occupied, self.per_part)
        self._run("combine_parts", (self.parts,), *given, real(a), real(b), real(dt), self.width, *outputs)
        result.has_ghosts = self.writes_ghosts
        return result, -self.reduce_parts(self.per_part, "max")

    def react(
        self, field: Field, potential: Potential, strength: float, shift: float, power: float = 1.0
    ) -> Field:
        """field^power exp(-strength (V - shift))."""
        result, real = self._fresh(), self.dtype.type
        self._run(
            "react",
            (self.runs,),
            field.values,
            *self._v(potential),
            real(strength),
            real(shift),
            real(power),
            result.values,
        )
        return result

    def blend(self, a: float, x: Field, b: float, y: Field) -> Field:
        """a x + b y."""
        return self.combine(a, x, b, y, 0.0, y)[0]

    def spread(self, field: Field, potential: Potential, mean: float, power: int, tau: float = 0.0) -> float:
        """int |V + tau log mu - mean|^power dmu."""
        arguments = (
            field.values,
            *self._v(potential),
            self.width,
            self.dtype.type(mean),
            np.int32(power),
            self.dtype.type(tau),
            self.per_run,
        )
        self._run("potential_spread", (self.runs,), *arguments)
        return self.reduce_runs(self.per_run, "sum")

    def entropy(self, field: Field) -> float:
        """int mu log mu dtheta."""
        self._run("entropy", (self.runs,), field.values, self.width, self.per_run)
        return self.reduce_runs(self.per_run, "sum")

    def distance(self, x: Field, y: Field) -> float:
        """int |x - y| dtheta."""
        self._run("total_distance", (self.runs,), x.values, y.values, self.width, self.per_run)
        return self.reduce_runs(self.per_run, "sum")

    def nonnegative(self, field: Field) -> Field:
        """max(field, 0)."""
        result = self._fresh()
        self._run("nonnegative", (self.runs,), field.values, result.values)
        return result

    def implicit(self, field: Field, potential: Potential | None, axis: int, dt: float) -> Field:
        """One implicit Euler step along an axis, one work item per pencil."""
        upper, last, result = (self._fresh() for _ in range(3))
        # any buffers, not read without drift
        v = (self.penalty_z,) * 4 if potential is None else self._v(potential)
        pencils = int(np.prod(self.layout.cells)) // self.layout.cells[axis]
        axes = (self.width, self.inverse_width, self.inverse_distance)
        arguments = (*axes, np.int32(axis), self.dtype.type(dt), np.int32(potential is not None))
        self._run(
            "implicit_sweep",
            (pencils,),
            field.values,
            *v,
            *arguments,
            upper.values,
            last.values,
            result.values,
        )
        return result


def _loss_weight(axis: Axis) -> np.ndarray:
    """Distance over mobility and width (cells,), for the face beyond each cell; 0 at walls."""
    beyond = axis.inverse_distances[1:]
    return np.divide(1.0, beyond * axis.widths, out=np.zeros(axis.cells), where=beyond > 0)
