"""The flow of the networks on an OpenCL device: kernels/lagrangian.cl."""

from collections.abc import Sequence

import numpy as np
import pyopencl as cl

from mfpde.device.buffers import Buffers, Reduction
from mfpde.device.program import build_program, function_width, precision_constants
from mfpde.device.runtime import Device
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import walls
from mfpde.models.network import Network

#: Units whose contributions to a prediction one work item adds up.
CHUNK = 64


class OpenCLBackend:
    """States are buffers (components + 1, units). See the numpy backend for what each operation means."""

    name = "opencl"

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float, device: Device):
        self.network, self.ladder, self.weight_rate = network, ladder, weight_rate
        self.dtype = np.dtype(precision)
        self.buffers = Buffers(device)
        self.width = function_width(device, self.dtype)
        self.components = len(network.parameters.components)
        self.count = len(network.data.y)
        self.pitch = -(-self.count // self.width) * self.width
        self.shape = (self.components + 1, ladder.total)
        constants = precision_constants(self.dtype, self.width) | {
            "UNITS": ladder.total,
            "COMPONENTS": self.components,
            "INPUTS": network.data.dimension,
            "HAS_BIAS": int(network.parameters.has_bias),
            "DATA_PITCH": self.pitch,
            "NEGLIGIBLE": 0,
            "KINK": int(network.has_kink),
            "LAMBDA": network.penalty.strength,
        }
        generated = network.activation.opencl() + network.penalty_opencl()
        self.program = build_program(device, ["lagrangian.cl", "reductions.cl"], constants, generated)
        names = ("partial_predictions", "predict", "velocity", "combine_stages", "project", "local_errors", "normalise_weights")
        self.kernels = {name: cl.Kernel(self.program, name) for name in names}
        self.reduce = Reduction(self.buffers, self.program, int(np.prod(self.shape)))
        self._upload_data()
        self._upload_ladder()

    def _upload_data(self) -> None:
        data, pad = self.network.data, self.pitch - self.count
        # padding repeats a datum, where the activation is finite, with weight 0
        self.x = self._real(np.pad(data.x.T, ((0, 0), (0, pad)), mode="edge"))
        self.targets = self.buffers.upload(np.pad(data.y, (0, pad)))
        self.data_weights = self.buffers.upload(np.pad(data.weights, (0, pad)))
        low, high, periodic = walls(self.network)
        self.walls = (self._real(low), self._real(high), self._int(periodic))
        self.mobility = self._real(np.array([c.mobility for c in self.network.parameters.components]))

    def _upload_ladder(self) -> None:
        ladder = self.ladder
        starts = [np.arange(ladder.first_unit[g], ladder.first_unit[g + 1], CHUNK) for g in range(len(ladder.sizes))]
        self.chunks = sum(len(s) for s in starts)
        self.chunk_start = self._int(np.concatenate([*starts, [ladder.total]]))
        self.first_chunk = self._int(np.concatenate([[0], np.cumsum([len(s) for s in starts])]))
        self.first_unit = self._int(ladder.first_unit)
        self.network_of = self._int(ladder.network_of)
        self.partial = self.buffers.empty(self.chunks * self.pitch, np.float64)
        self.prediction = self.buffers.empty(len(ladder.sizes) * self.pitch, np.float64)
        self.residual = self.buffers.empty(len(ladder.sizes) * self.pitch, self.dtype)
        self.squares = self.buffers.empty(int(np.prod(self.shape)), np.float64)
        self.unit_weights = self._real(1 / ladder.sizes[ladder.network_of])

    def _real(self, array: np.ndarray) -> cl.Buffer:
        return self.buffers.upload(np.asarray(array).astype(self.dtype))

    def _int(self, array: np.ndarray) -> cl.Buffer:
        return self.buffers.upload(np.asarray(array).astype(np.int32))

    def _run(self, name: str, size: tuple[int, ...], *arguments) -> None:
        self.kernels[name](self.buffers.queue, size, None, *arguments)

    def upload(self, state: np.ndarray) -> cl.Buffer:
        """A state."""
        return self._real(state)

    def download(self, state: cl.Buffer) -> np.ndarray:
        """The state in float64."""
        return self.buffers.read(state, self.shape, self.dtype).astype(np.float64)

    def _weigh(self, state: cl.Buffer) -> None:
        if self.weight_rate:
            rate = self.dtype.type(self.weight_rate)
            self._run("normalise_weights", (len(self.ladder.sizes),), state, self.first_unit, rate, self.unit_weights)

    def _predict(self, state: cl.Buffer) -> None:
        self._weigh(state)
        size = (self.pitch // self.width, self.chunks)
        self._run("partial_predictions", size, state, self.unit_weights, self.x, self.chunk_start, self.partial)
        targets = (self.targets, self.data_weights)
        self._run("predict", (self.pitch, len(self.ladder.sizes)), self.partial, self.first_chunk, *targets, self.prediction, self.residual)

    def predictions(self, state: cl.Buffer) -> np.ndarray:
        """f of every network at the data."""
        self._predict(state)
        shape = (len(self.ladder.sizes), self.pitch)
        return self.buffers.read(self.prediction, shape, np.float64)[:, : self.count].copy()

    def velocity(self, state: cl.Buffer) -> cl.Buffer:
        """-mobility grad V, and V."""
        self._predict(state)
        rate = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        confinement = self.dtype.type(self.network.penalty.confinement)
        arguments = (state, self.residual, self.x, self.network_of, self.mobility, confinement, *self.walls, rate)
        self._run("velocity", (self.ladder.total,), *arguments)
        return rate

    def combine(self, y: cl.Buffer, stages: Sequence[cl.Buffer], factors: Sequence[float]) -> cl.Buffer:
        """y + sum factors * stages."""
        result = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        missing = 7 - len(stages)
        padded = [*stages, *([stages[0]] * missing)]
        numbers = [self.dtype.type(c) for c in [*factors, *([0.0] * missing)]]
        self._run("combine_stages", (int(np.prod(self.shape)),), y, *padded, *numbers, result)
        return result

    def project(self, state: cl.Buffer, origin: cl.Buffer, rate: cl.Buffer) -> cl.Buffer:
        """Clip at walls, wrap on circles, stop at kinks; in place."""
        self._run("project", (int(np.prod(self.shape)),), state, origin, rate, self.mobility, *self.walls)
        return state

    def error(self, y: cl.Buffer, y_new: cl.Buffer, stages: Sequence[cl.Buffer], factors: Sequence[float], tolerance: float) -> float:
        """Root mean square error over tolerance * (1 + |y|)."""
        used = [(stage, self.dtype.type(c)) for k, (stage, c) in enumerate(zip(stages, factors, strict=True)) if k != 1]
        numbers = (*(c for _, c in used), self.dtype.type(tolerance), self.dtype.type(self.weight_rate))
        self._run("local_errors", (int(np.prod(self.shape)),), y, y_new, *(stage for stage, _ in used), *numbers, self.squares)
        return float(np.sqrt(self.reduce(self.squares, "sum") / np.prod(self.shape)))

    def weights(self, state: cl.Buffer) -> np.ndarray:
        """exp(-alpha S) normalised over each network."""
        self._weigh(state)
        return self.buffers.read(self.unit_weights, self.ladder.total, self.dtype).astype(np.float64)
