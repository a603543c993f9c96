"""The finite-volume backend on an OpenCL device: kernels/eulerian.cl, rows.cl, diffusion.cl and features.cl.

In the row form, for CPUs, transport marches along rows and fuses what it can; in the cell form, for GPUs,
every cell is a work item.
"""

import numpy as np
import pyopencl as cl

from mfpde.device.buffers import Buffers, Reduction
from mfpde.device.runtime import Device
from mfpde.device.widths import vector_width
from mfpde.eulerian.backend import Rate, Stage
from mfpde.eulerian.layout import Layout
from mfpde.eulerian.opencl_arrays import AxisArrays, ModelArrays, Spreading
from mfpde.eulerian.opencl_coupling import build_coupling
from mfpde.eulerian.opencl_fields import Field, Potential, field_pool, potential_pool
from mfpde.eulerian.opencl_program import MeshProgram, Options
from mfpde.eulerian.tiles import Tiles
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments
from mfpde.models.mesh_potential import MeshPotential

SUMS = 5  #: per tile, see kernels/rows.cl


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
        self.layout = layout = Layout(mesh, model.has_amplitude, width)
        #: whether sums over a come with the march: the tile is whole in a then
        self.fused = self.by_row and model.has_amplitude and len(mesh.axes) > 1
        cores, room = device.cl_device.max_compute_units, device.cl_device.local_mem_size
        self.tiles = Tiles(layout, self.by_row, self.fused, cores, room, self.dtype.itemsize)
        #: whether kernels that write parts of rows may write their ghosts too: on a circle one part's are
        #: inside another's last block
        self.writes_ghosts = self.by_row and (self.tiles.parts == 1 or not mesh.axes[-1].periodic)
        self.parts = self.tiles.rows * self.tiles.parts
        self.buffers = Buffers(device)
        options = Options(scheme, precision, self.by_row, tau, faint, skip_zeros)
        self.program = MeshProgram(self.buffers, mesh, model, layout, self.tiles, options)
        self.run, self.runs = self.program.run, self.program.runs
        self.fields = field_pool(layout, self.parts, self.buffers, self.dtype)
        self.potentials = potential_pool(layout, self.buffers, self.dtype)
        self.axes = AxisArrays(mesh.axes, layout, self.buffers, self.dtype)
        self.model = ModelArrays(mesh, model, layout, self.buffers, self.dtype)
        lanes = self.program.data_width
        self.coupling = build_coupling(model.coupling, layout, self.buffers, self.run, lanes)
        self.spreading = Spreading(self.coupling.order, int(model.has_amplitude), layout, self.buffers)
        self.pending: Field | None = None  #: whose linear moments are on their way
        self._make_room()

    def _make_room(self) -> None:
        """Numbers per run of cells, per tile, per part and per z-cell, and what reduces them."""
        make, program = self.buffers.empty, self.program.program
        self.per_run, self.per_run_too = (make(self.runs, np.float64) for _ in range(2))
        self.per_tile = make(self.tiles.items * SUMS, np.float64)
        self.per_part = make(self.parts, np.float64)
        #: sums over a: mass, first moment and penalty
        self.columns = [make(self.layout.z_size, np.float64) for _ in range(3)]
        self.reduce_parts = Reduction(self.buffers, program, self.parts)
        self.reduce_runs = Reduction(self.buffers, program, self.runs)
        self.reduce_columns = Reduction(self.buffers, program, self.layout.z_pitch)

    def _fresh(self) -> Field:
        """A field for kernels that write every cell but do not mind `occupied`; 0 in ghosts and padding."""
        field = Field(self.fields)
        self.buffers.fill(field.values, 0, self.layout.size, self.dtype)
        self.buffers.fill(field.occupied, 1, self.parts, np.int32)
        return field

    def set_penalty(self, penalty_a: np.ndarray, penalty_z: np.ndarray) -> None:
        """Another r."""
        self.model.set_penalty(penalty_a, penalty_z)

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
        """Functionals the model needs, in float64: sums over a per z-cell, then those of the coupling."""
        if field.sums is None or field.penalty != self.model.changes:
            mass, first, penalty = self.columns
            size = (self.program.column_items,)
            self.run("sum_columns", size, field.values, *self.model.of_columns, mass, first, penalty)
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
        values, where = self.coupling.values(source), self.spreading
        outputs = (result.h, result.fall)
        self.run("spread_potential", (self.layout.z_pitch,), values, where.where_z, where.slope_z, *outputs)
        return result

    def _v(self, potential: Potential) -> tuple[cl.Buffer, ...]:
        return self.model.amplitude, potential.h, self.model.penalty_a, self.model.penalty_z

    def _velocities(self, potential: Potential) -> tuple[cl.Buffer, ...]:
        return (self.model.amplitude, potential.h, *self.model.falls, potential.fall, self.model.drift)

    def _fill_ghosts(self, field: Field) -> None:
        if not field.has_ghosts:
            self.run("fill_ghosts", (self.parts,), field.values)
            field.has_ghosts = True

    def rate(self, field: Field, potential: Potential) -> Rate:
        """Upwind fluxes of the limited linear reconstruction."""
        self._fill_ghosts(field)
        if self.by_row:
            rate, sums = self._march("march_rate", (field.values, field.occupied), potential)
            return Rate(rate, float(sums[:, 0].max()), float(sums[:, 1].sum()))
        rate = self._fresh()
        given = (field.values, *self._velocities(potential), *self.axes.of_transport)
        self.run("transport_rate", (self.runs,), *given, rate.values, self.per_run, self.per_run_too)
        return Rate(rate, self.reduce_runs(self.per_run, "max"), self.reduce_runs(self.per_run_too, "sum"))

    def stage(self, x: Field, y: Field, potential: Potential, dt: float) -> Stage:
        """(x + y + dt rate(y)) / 2."""
        if not self.by_row:
            rate = self.rate(y, potential)
            field, least = self.combine(0.5, x, 0.5, y, dt, rate.field)
            return Stage(field, rate.courant, rate.dissipation, least)
        self._fill_ghosts(y)
        given = (y.values, y.occupied, x.values, x.occupied, self.dtype.type(dt))
        field, sums = self._march("march_stage", given, potential)
        field.has_ghosts = self.writes_ghosts
        return Stage(field, float(sums[:, 0].max()), float(sums[:, 1].sum()), float(sums[:, 4].min()))

    def _march(self, kernel: str, arguments: tuple, potential: Potential) -> tuple[Field, np.ndarray]:
        """The field a march makes, and the sums of its tiles (tiles, SUMS)."""
        result, items = Field(self.fields), self.tiles.items
        given = (*self._velocities(potential), *self.axes.of_transport, *self.model.of_columns)
        outputs = (result.values, result.occupied, result.columns, self.per_tile, *self.program.local)
        self.run(kernel, (items,), *arguments, *given, *outputs, local=(1,))
        if self.fused:  # before anything is waited for
            self.coupling.start(result.columns)
            self.pending, result.penalty = result, self.model.changes
        sums = self.buffers.read(self.per_tile, (items, SUMS), np.float64)
        if self.fused:
            result.sums = (float(sums[:, 3].sum()), float(sums[:, 2].sum()))
        return result, sums

    def combine(self, a: float, x: Field, b: float, y: Field, dt: float, rate: Field) -> tuple[Field, float]:
        """a x + b (y + dt rate), and min(0, smallest value)."""
        result, real = Field(self.fields), self.dtype.type
        given = [buffer for field in (x, y, rate) for buffer in (field.values, field.occupied)]
        outputs = (result.values, result.occupied, self.per_part)
        self.run(
            "combine_parts", (self.parts,), *given, real(a), real(b), real(dt), self.axes.width, *outputs
        )
        result.has_ghosts = self.writes_ghosts
        return result, -self.reduce_parts(self.per_part, "max")

    def react(
        self, field: Field, potential: Potential, strength: float, shift: float, power=1.0, above=False
    ) -> Field:
        """field^power exp(-strength (V - shift)), of V - shift the positive part alone if `above`."""
        result = self._fresh()
        numbers = (*map(self.dtype.type, (strength, shift, power)), np.int32(above))
        self.run("react", (self.runs,), field.values, *self._v(potential), *numbers, result.values)
        return result

    def blend(self, a: float, x: Field, b: float, y: Field) -> Field:
        """a x + b y."""
        return self.combine(a, x, b, y, 0.0, y)[0]

    def spread(
        self, field: Field, potential: Potential, mean: float, power: int, tau=0.0, above=False
    ) -> float:
        """int |V + tau log mu - mean|^power dmu, of its positive part alone if `above`."""
        real = self.dtype.type
        given = (field.values, *self._v(potential), self.axes.width)
        numbers = (real(mean), np.int32(power), real(tau), np.int32(above))
        self.run("potential_spread", (self.runs,), *given, *numbers, self.per_run)
        return self.reduce_runs(self.per_run, "sum")

    def entropy(self, field: Field) -> float:
        """int mu log mu dtheta."""
        self.run("entropy", (self.runs,), field.values, self.axes.width, self.per_run)
        return self.reduce_runs(self.per_run, "sum")

    def distance(self, x: Field, y: Field) -> float:
        """int |x - y| dtheta."""
        self.run("total_distance", (self.runs,), x.values, y.values, self.axes.width, self.per_run)
        return self.reduce_runs(self.per_run, "sum")

    def nonnegative(self, field: Field) -> Field:
        """max(field, 0)."""
        result = self._fresh()
        self.run("nonnegative", (self.runs,), field.values, result.values)
        return result

    def implicit(self, field: Field, potential: Potential | None, axis: int, dt: float) -> Field:
        """One implicit Euler step along an axis, one work item per pencil."""
        upper, last, result = (self._fresh() for _ in range(3))
        # any buffers, not read without drift
        v = (self.model.penalty_z,) * 4 if potential is None else self._v(potential)
        pencils = int(np.prod(self.layout.cells)) // self.layout.cells[axis]
        axes = (self.axes.width, self.axes.inverse_width, self.axes.inverse_distance)
        numbers = (np.int32(axis), self.dtype.type(dt), np.int32(potential is not None))
        outputs = (upper.values, last.values, result.values)
        self.run("implicit_sweep", (pencils,), field.values, *v, *axes, *numbers, *outputs)
        return result
