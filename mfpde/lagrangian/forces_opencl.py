"""What moves units, on an OpenCL device: kernels/network_units.cl and kernels/potential_units.cl."""

import numpy as np
import pyopencl as cl

from mfpde.device.program import function_width
from mfpde.device.runtime import Device
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.opencl_backend import OpenCLBackend
from mfpde.models.network import Network
from mfpde.models.potential import Potential

#: Units whose contributions to a prediction one work item adds up.
CHUNK = 64


class OpenCLNetwork(OpenCLBackend):
    """Units of networks see each other through the predictions."""

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float, device: Device):
        self.network = network
        self.width = function_width(device, np.dtype(precision))
        self.count = len(network.data.y)
        self.pitch = -(-self.count // self.width) * self.width
        constants = {
            "INPUTS": network.data.dimension,
            "HAS_BIAS": int(network.parameters.has_bias),
            "DATA_PITCH": self.pitch,
            "KINK": int(network.has_kink),
            "LAMBDA": network.penalty.strength,
        }
        generated = network.activation.opencl() + network.penalty_opencl()
        kernels = ("partial_predictions", "predict")
        super().__init__(network, ladder, precision, weight_rate, device, self.width, "network_units.cl", kernels, constants, generated)
        self._upload_data()
        self._upload_chunks()

    def _upload_data(self) -> None:
        data, pad = self.network.data, self.pitch - self.count
        # padding repeats a datum, where the activation is finite, with weight 0
        self.x = self._real(np.pad(data.x.T, ((0, 0), (0, pad)), mode="edge"))
        self.targets = self.buffers.upload(np.pad(data.y, (0, pad)))
        self.data_weights = self.buffers.upload(np.pad(data.weights, (0, pad)))

    def _upload_chunks(self) -> None:
        ladder = self.ladder
        starts = [np.arange(ladder.first_unit[g], ladder.first_unit[g + 1], CHUNK) for g in range(len(ladder.sizes))]
        self.chunks = sum(len(s) for s in starts)
        self.chunk_start = self._int(np.concatenate([*starts, [ladder.total]]))
        self.first_chunk = self._int(np.concatenate([[0], np.cumsum([len(s) for s in starts])]))
        self.partial = self.buffers.empty(self.chunks * self.pitch, np.float64)
        self.prediction = self.buffers.empty(len(ladder.sizes) * self.pitch, np.float64)
        self.residual = self.buffers.empty(len(ladder.sizes) * self.pitch, self.dtype)

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


class OpenCLPotential(OpenCLBackend):
    """Units in an external potential, with a pair interaction within each network."""

    def __init__(self, potential: Potential, ladder: Ladder, precision: str, weight_rate: float, device: Device):
        generated = potential.external.opencl("external")
        if potential.interaction is not None:
            generated += potential.interaction.opencl("interaction")
        constants = {"HAS_INTERACTION": int(potential.interaction is not None)}
        super().__init__(potential, ladder, precision, weight_rate, device, 1, "potential_units.cl", (), constants, generated)

    def predictions(self, state: cl.Buffer) -> np.ndarray:
        """Nothing: a potential has no data."""
        return np.zeros((len(self.ladder.sizes), 0))

    def velocity(self, state: cl.Buffer) -> cl.Buffer:
        """-mobility grad V, and V."""
        self._weigh(state)
        rate = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        arguments = (state, self.unit_weights, self.network_of, self.first_unit, self.mobility, *self.walls, rate)
        self._run("velocity", (self.ladder.total,), *arguments)
        return rate
