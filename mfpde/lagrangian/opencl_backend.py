"""Units on an OpenCL device: kernels/integrator.cl; forces are in `forces_opencl`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyopencl as cl

from mfpde.device.buffers import Buffers, Reduction
from mfpde.device.program import build_program, precision_constants
from mfpde.device.runtime import Device
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.numpy_backend import walls
from mfpde.models.changing import lambda_of
from mfpde.models.problem import Problem


class OpenCLBackend:
    """States are buffers (components + 1, units). See the numpy backend for what each operation means.

    Arguments:
        forces: kernel files, of which the last holds `velocity`, with `constants` and `generated` code it
            needs, in vectors of `width` lanes.
        kernels: names of its kernels.
    """

    name = "opencl"

    def __init__(
        self, model: Problem, ladder: Ladder, precision: str, weight_rate: float, device: Device, width: int,
        forces: Sequence[str], kernels: Sequence[str], constants: Mapping[str, object], generated: str,
    ):  # fmt: skip
        self.ladder, self.weight_rate = ladder, weight_rate
        self.dtype = np.dtype(precision)
        self.buffers = Buffers(device)
        components = model.parameters.components
        self.shape = (len(components) + 1, ladder.total)
        common = {
            "UNITS": ladder.total,
            "COMPONENTS": len(components),
            "NEGLIGIBLE": 0,
            "OUTPUTS": 1,
            "KINK": 0,
            "LAMBDA": 0,
            "ANNEALED": int(lambda_of(model) is not None),
        }
        constants = precision_constants(self.dtype, width) | common | dict(constants)
        self.program = build_program(
            device, ["integrator.cl", *forces, "reductions.cl"], constants, generated
        )
        names = ("velocity", "combine_stages", "project", "local_errors", "normalise_weights", *kernels)
        self.kernels = {name: cl.Kernel(self.program, name) for name in names}
        self.reduce = Reduction(self.buffers, self.program, int(np.prod(self.shape)))
        low, high, periodic = walls(model.parameters)
        self.walls = (self._real(low), self._real(high), self._int(periodic))
        self.mobilities, self.factor = np.array([c.mobility for c in components]), 1.0
        #: and behind them the factor of lambda, if that changes in time
        self.mobility = self._real(np.append(self.mobilities, self.factor))
        self.first_unit = self._int(ladder.first_unit)
        self.network_of = self._int(ladder.network_of)
        self.squares = self.buffers.empty(int(np.prod(self.shape)), np.float64)
        self.set_prior(1 / ladder.sizes[ladder.network_of])

    def _real(self, array: np.ndarray) -> cl.Buffer:
        return self.buffers.upload(np.asarray(array).astype(self.dtype))

    def _int(self, array: np.ndarray) -> cl.Buffer:
        return self.buffers.upload(np.asarray(array).astype(np.int32))

    def _run(self, name: str, size: tuple[int, ...], *arguments) -> None:
        self.kernels[name](self.buffers.queue, size, None, *arguments)

    def set_prior(self, weights: np.ndarray) -> None:
        """Weights of the units (units,) before any reaction."""
        self.prior, self.unit_weights = self._real(weights), self._real(weights)

    def anneal(self, factor: float) -> None:
        """From now on lambda is this many times that of the model's penalty."""
        if factor != self.factor:
            self.factor = factor
            self.buffers.write(self.mobility, np.append(self.mobilities, factor).astype(self.dtype))

    def upload(self, state: np.ndarray) -> cl.Buffer:
        """A state."""
        return self._real(state)

    def download(self, state: cl.Buffer) -> np.ndarray:
        """The state in float64."""
        return self.buffers.read(state, self.shape, self.dtype).astype(np.float64)

    checkpoint, restore = download, upload  # float64 holds every float32

    def _weigh(self, state: cl.Buffer) -> None:
        if self.weight_rate:
            rate = self.dtype.type(self.weight_rate)
            self._run(
                "normalise_weights",
                (len(self.ladder.sizes),),
                state,
                self.first_unit,
                self.prior,
                rate,
                self.unit_weights,
            )

    def combine(self, y: cl.Buffer, stages: Sequence[cl.Buffer], factors: Sequence[float]) -> cl.Buffer:
        """y + sum factors * stages."""
        result = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        self._run(
            "combine_stages", (int(np.prod(self.shape)),), y, *seven(stages, factors, self.dtype), result
        )
        return result

    def project(self, state: cl.Buffer, origin: cl.Buffer, rate: cl.Buffer) -> cl.Buffer:
        """Clip at walls, wrap on circles, stop at kinks; in place."""
        self._run("project", (int(np.prod(self.shape)),), state, origin, rate, self.mobility, *self.walls)
        return state

    def error(
        self,
        y: cl.Buffer,
        y_new: cl.Buffer,
        stages: Sequence[cl.Buffer],
        factors: Sequence[float],
        tolerance: float,
    ) -> float:
        """Root mean square error over tolerance * (1 + |y|)."""
        used = [
            (stage, self.dtype.type(c))
            for k, (stage, c) in enumerate(zip(stages, factors, strict=True))
            if k != 1
        ]
        numbers = (*(c for _, c in used), self.dtype.type(tolerance), self.dtype.type(self.weight_rate))
        self._run(
            "local_errors",
            (int(np.prod(self.shape)),),
            y,
            y_new,
            *(stage for stage, _ in used),
            *numbers,
            self.squares,
        )
        return float(np.sqrt(self.reduce(self.squares, "sum") / np.prod(self.shape)))

    def weights(self, state: cl.Buffer) -> np.ndarray:
        """exp(-alpha S) normalised over each network."""
        self._weigh(state)
        return self.buffers.read(self.unit_weights, self.ladder.total, self.dtype).astype(np.float64)

    def masses(self, state: cl.Buffer) -> np.ndarray:
        """The weights."""
        return self.weights(state)


def seven(stages: Sequence[cl.Buffer], factors: Sequence[float], dtype: np.dtype) -> list:
    """Seven stages and as many factors, as kernels take them; the missing are 0."""
    missing = 7 - len(stages)
    return [*stages, *([stages[0]] * missing), *(dtype.type(c) for c in [*factors, *([0.0] * missing)])]
