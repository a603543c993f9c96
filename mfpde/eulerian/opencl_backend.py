"""The finite-volume backend on an OpenCL device: kernels/eulerian.cl and kernels/features.cl."""

import numpy as np
import pyopencl as cl

from mfpde.device.buffers import Buffers, Reduction
from mfpde.device.program import build_program, precision_constants, vector_width
from mfpde.device.runtime import Device
from mfpde.eulerian.backend import Rate, Stage, negligible
from mfpde.eulerian.layout import Layout
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments
from mfpde.models.model import Features, MeshPotential

MOMENT_CHUNK = 64  #: z-cells per partial moment


class OpenCLBackend:
    """Fields are buffers of padded cell averages; a potential is the buffer of h.

    Arguments:
        form: "row" (one work item per row of the contiguous axis, explicit vectors), "cell" (one per cell), or None
            for what suits the device.
    """

    name = "opencl"
    undershoot = 0.0

    def __init__(self, mesh: Mesh, model: MeshPotential, scheme: str, precision: str, device: Device, form: str | None = None, tau: float = 0.0):
        self.dtype = np.dtype(precision)
        by_row = device.is_cpu if form is None else form == "row"
        width = max(vector_width(device, self.dtype), 1) if by_row else 1
        self.layout = Layout(mesh, model.has_amplitude, width)
        self.buffers = Buffers(device)
        self.mesh, self.coupling = mesh, model.coupling
        self._build(device, scheme, precision, width, by_row, model, tau)
        self._upload_axes()
        self._upload_model(model)
        self.per_run = self.buffers.empty(self.runs, np.float64)
        self.per_run_too = self.buffers.empty(self.runs, np.float64)
        self.reduce_runs = Reduction(self.buffers, self.program, self.runs)
        self.reduce_columns = Reduction(self.buffers, self.program, self.layout.z_pitch)

    def _build(self, device: Device, scheme: str, precision: str, width: int, by_row: bool, model: MeshPotential, tau: float) -> None:
        layout = self.layout
        self.data_width = vector_width(device, np.dtype(np.float64))
        self.data_count = model.coupling.matrix.shape[1] if isinstance(model.coupling, Features) else 0
        self.data_pitch = -(-self.data_count // self.data_width) * self.data_width
        run = layout.cells[-1] if by_row else 1
        self.runs = int(np.prod(layout.cells[:-1])) * -(-layout.cells[-1] // run)
        column_width = width if layout.z_pitch > 1 else 1
        self.column_items = -(-layout.z_pitch // column_width)
        vector = "" if column_width == 1 else str(column_width)
        load, store = (f"vload{vector}(0, (p))", f"vstore{vector}((v), 0, (p))") if vector else ("(*(p))", "(*(p) = (v))")
        constants = precision_constants(self.dtype, width) | {
            "DIM": len(layout.cells),
            "CELLS": layout.cells,
            "STRIDE": layout.strides,
            "OFFSET": layout.offsets,
            "PERIODIC": [axis.periodic for axis in self.mesh.axes],
            "HAS_AMPLITUDE": int(model.has_amplitude),
            "ZPITCH": layout.z_pitch,
            "APITCH": layout.a_pitch,
            "UNIFORM": int(all(axis.uniform for axis in self.mesh.axes)),
            "RUN": run,
            "TAU": repr(float(tau)),
            "SLOPE": f"SLOPE_{scheme}",
            "NEGLIGIBLE": negligible(precision),
            "DATA_VW": self.data_width,
            "DATA_PITCH": self.data_pitch,
            "COLUMN_VW": column_width,
            "columnv": f"double{vector}",
            "COLUMN_LOAD(p)": f"convert_double{vector}({load})",
            "COLUMN_LOADD(p)": load,
            "COLUMN_STORED(v, p)": store,
        }
        self.program = build_program(device, ["slopes.cl", "eulerian.cl", "diffusion.cl", "features.cl", "reductions.cl"], constants)
        names = (
            "fill_ghosts", "transport_rate", "combine_stage", "react", "potential_spread", "sum_columns", "partial_moments",
            "feature_potential", "entropy", "implicit_sweep",
        )  # fmt: skip
        self.kernels = {name: cl.Kernel(self.program, name) for name in names}

    def _upload_axes(self) -> None:
        layout = self.layout
        self.width = self._real(layout.axis_arrays([axis.widths for axis in self.mesh.axes]))
        self.inverse_width = self._real(layout.axis_arrays([1 / axis.widths for axis in self.mesh.axes]))
        self.inverse_distance = self._real(layout.face_arrays([axis.inverse_distances for axis in self.mesh.axes]))
        factors = zip(*(axis.slope_factors for axis in self.mesh.axes), strict=True)
        self.slope_factors = [self._real(layout.axis_arrays(values)) for values in factors]

    def _upload_model(self, model: MeshPotential) -> None:
        layout = self.layout
        self.amplitude = self._real(layout.pad_amplitude(model.amplitude))
        self.penalty_a = self._real(layout.pad_amplitude(model.penalty_a))
        self.penalty_z = self._real(layout.pad_z(model.penalty_z))
        a_widths = self.mesh.axes[0].widths if model.has_amplitude else np.ones(1)
        weights = [layout.inside_amplitude(v * a_widths) for v in (np.ones_like(a_widths), model.amplitude, model.penalty_a)]
        self.column_weights = self.buffers.upload(np.concatenate(weights))
        self.z_volume = self.buffers.upload(layout.z_volumes())
        self.columns = {name: self.buffers.empty(layout.z_size, np.float64) for name in ("mass", "first", "penalty")}
        if not isinstance(model.coupling, Features):
            self.no_coupling = self._real(np.zeros(layout.z_size))
            return
        features = np.zeros((layout.z_pitch, self.data_pitch))
        features[:, : self.data_count] = layout.pad_z(model.coupling.matrix, spare=0)
        self.features = self.buffers.upload(features)
        self.moment_chunks = -(-layout.z_pitch // MOMENT_CHUNK)
        self.partial = self.buffers.empty(self.moment_chunks * self.data_pitch, np.float64)
        self.residual = self.buffers.empty(self.data_pitch, np.float64)

    def _real(self, array: np.ndarray) -> cl.Buffer:
        return self.buffers.upload(array.astype(self.dtype))

    def _run(self, name: str, size: tuple[int, ...], *arguments) -> None:
        self.kernels[name](self.buffers.queue, size, None, *arguments)

    def upload(self, density: np.ndarray) -> cl.Buffer:
        """A field with these cell averages; its ghosts are filled when they are needed."""
        return self._real(self.layout.pad_field(density))

    def download(self, field: cl.Buffer) -> np.ndarray:
        """Cell averages in float64."""
        flat = self.buffers.read(field, self.layout.size, self.dtype)
        return self.layout.unpad_field(flat).astype(np.float64)

    def moments(self, field: cl.Buffer) -> Moments:
        """Functionals the model needs, in float64: sums over a per z-cell, then one product with the features, or a convolution."""
        mass, first, penalty = (self.columns[name] for name in ("mass", "first", "penalty"))
        self._run("sum_columns", (self.column_items,), field, self.column_weights, self.penalty_z, self.z_volume, mass, first, penalty)
        linear, square = self._couple(first)
        return Moments(linear, square, self.reduce_columns(penalty, "sum"), self.reduce_columns(mass, "sum"))

    def _couple(self, first: cl.Buffer) -> tuple[np.ndarray, float]:
        if self.coupling is None:
            return np.zeros(0), 0.0
        if isinstance(self.coupling, Features):
            size = (self.data_pitch // self.data_width, self.moment_chunks)
            self._run("partial_moments", size, self.features, first, np.int32(self.layout.z_pitch), np.int32(MOMENT_CHUNK), self.partial)
            partial = self.buffers.read(self.partial, (self.moment_chunks, self.data_pitch), np.float64)
            return partial.sum(axis=0)[: self.data_count], 0.0
        masses = self.layout.unpad_field(self.buffers.read(first, self.layout.size, np.float64)).ravel()
        linear = self.coupling(masses)
        return linear, float(masses @ linear)

    def potential(self, source: np.ndarray) -> cl.Buffer:
        """h at every z-cell, ghosts included."""
        if self.coupling is None:
            return self.no_coupling
        if not isinstance(self.coupling, Features):
            return self._real(self.layout.pad_z(source))
        padded = np.zeros(self.data_pitch)
        padded[: self.data_count] = source
        self.buffers.write(self.residual, padded)
        h = self.buffers.empty(self.layout.z_size, self.dtype)
        self._run("feature_potential", (self.layout.z_pitch,), self.features, self.residual, h)
        return h

    def _v(self, h: cl.Buffer) -> tuple[cl.Buffer, ...]:
        return self.amplitude, h, self.penalty_a, self.penalty_z

    def rate(self, field: cl.Buffer, potential: cl.Buffer) -> Rate:
        """Upwind fluxes of the limited linear reconstruction."""
        for k, cells in enumerate(self.layout.cells):
            self._run("fill_ghosts", (int(np.prod(self.layout.cells)) // cells,), field, np.int32(k))
        change = self.buffers.empty(self.layout.size, self.dtype)
        axes = (self.width, self.inverse_width, self.inverse_distance, *self.slope_factors)
        self._run("transport_rate", (self.runs,), field, *self._v(potential), *axes, change, self.per_run, self.per_run_too)
        return Rate(change, self.reduce_runs(self.per_run, "max"), self.reduce_runs(self.per_run_too, "sum"))

    def combine(self, a: float, x: cl.Buffer, b: float, y: cl.Buffer, dt: float, rate: cl.Buffer) -> tuple[cl.Buffer, float]:
        """a x + b (y + dt rate), and min(0, smallest value)."""
        result = self.buffers.empty(self.layout.size, self.dtype)
        real = self.dtype.type
        self._run("combine_stage", (self.runs,), x, y, rate, real(a), real(b), real(dt), result, self.per_run)
        least = self.buffers.read(self.per_run, self.runs, np.float64)
        return result, float(least.min())

    def stage(self, x: cl.Buffer, y: cl.Buffer, potential: cl.Buffer, dt: float) -> Stage:
        """(x + y + dt rate(y)) / 2."""
        rate = self.rate(y, potential)
        field, least = self.combine(0.5, x, 0.5, y, dt, rate.field)
        return Stage(field, rate.courant, rate.dissipation, least)

    def react(self, field: cl.Buffer, potential: cl.Buffer, strength: float, shift: float, power: float = 1.0) -> cl.Buffer:
        """field^power exp(-strength (V - shift))."""
        result = self.buffers.empty(self.layout.size, self.dtype)
        real = self.dtype.type
        self._run("react", (self.runs,), field, *self._v(potential), real(strength), real(shift), real(power), result)
        return result

    def blend(self, a: float, x: cl.Buffer, b: float, y: cl.Buffer) -> cl.Buffer:
        """a x + b y."""
        return self.combine(a, x, b, y, 0.0, y)[0]

    def spread(self, field: cl.Buffer, potential: cl.Buffer, mean: float, power: int, tau: float = 0.0) -> float:
        """int |V + tau log mu - mean|^power dmu."""
        arguments = (field, *self._v(potential), self.width, self.dtype.type(mean), np.int32(power), self.dtype.type(tau), self.per_run)
        self._run("potential_spread", (self.runs,), *arguments)
        return self.reduce_runs(self.per_run, "sum")

    def entropy(self, field: cl.Buffer) -> float:
        """int mu log mu dtheta."""
        self._run("entropy", (self.runs,), field, self.width, self.per_run)
        return self.reduce_runs(self.per_run, "sum")

    def implicit(self, field: cl.Buffer, potential: cl.Buffer | None, axis: int, dt: float) -> cl.Buffer:
        """One implicit Euler step along an axis, one work item per pencil."""
        upper, last, result = (self.buffers.empty(self.layout.size, self.dtype) for _ in range(3))
        v = self.penalty_z if potential is None else potential  # any buffer, not read without drift
        pencils = int(np.prod(self.layout.cells)) // self.layout.cells[axis]
        arguments = (self.width, self.inverse_width, self.inverse_distance, np.int32(axis), self.dtype.type(dt), np.int32(potential is not None))
        self._run("implicit_sweep", (pencils,), field, *self._v(v), *arguments, upper, last, result)
        return result
