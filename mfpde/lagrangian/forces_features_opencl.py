"""What moves units of any feature map, with one output or several, on a device: kernels/feature_units.cl."""

import numpy as np
import pyopencl as cl

from mfpde.device.runtime import Device
from mfpde.lagrangian.distinct import distinct, pointwise
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.memory import CHUNK
from mfpde.lagrangian.opencl_backend import OpenCLBackend
from mfpde.models.network import Network


class OpenCLFeatures(OpenCLBackend):
    """One work item per unit; perceptrons of one output have quicker kernels (`forces_opencl`)."""

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float, device: Device):
        self.network, self.features = network, pointwise(network)
        self.distinct, self.outputs = distinct(self.features), network.function.outputs
        self.count = len(self.distinct.x)
        constants = {
            "INPUTS": self.features.data.dimension,
            "REST": len(network.parameters.rest),
            "DATA": self.count,
            "OUTPUTS": self.outputs,
            "KINK": int(network.kink > 0),
            "LAMBDA": network.kink,
        }
        generated = self.features.opencl() + network.penalty.opencl() + self.features.loss.opencl()
        files, kernels = ["amplitude.cl", "feature_units.cl"], ("partial_predictions", "predict")
        super().__init__(
            network, ladder, precision, weight_rate, device, 1, files, kernels, constants, generated
        )
        self.x = self._real(self.distinct.x)
        self.targets = self.buffers.upload(self.distinct.targets)
        self.data_weights = self.buffers.upload(self.distinct.weights)
        chunk_start, first_chunk = ladder.chunks(CHUNK)
        self.chunks, networks = len(chunk_start) - 1, len(ladder.sizes)
        self.chunk_start, self.first_chunk = self._int(chunk_start), self._int(first_chunk)
        values = self.outputs * self.count
        self.partial = self.buffers.empty(self.chunks * values, np.float64)
        self.prediction = self.buffers.empty(networks * values, np.float64)
        self.residual = self.buffers.empty(networks * values, self.dtype)

    def _predict(self, state: cl.Buffer) -> None:
        self._weigh(state)
        units = (state, self.unit_weights, self.x, self.chunk_start)
        self._run("partial_predictions", (self.count, self.chunks), *units, self.partial)
        data = (self.targets, self.data_weights, self.prediction, self.residual)
        self._run("predict", (self.count, len(self.ladder.sizes)), self.partial, self.first_chunk, *data)

    def predictions(self, state: cl.Buffer) -> np.ndarray:
        """f of every network at the data, output after output."""
        self._predict(state)
        shape = (len(self.ladder.sizes), self.outputs, self.count)
        found = self.buffers.read(self.prediction, shape, np.float64)[..., self.distinct.datum]
        return found.reshape(len(found), -1)

    def velocity(self, state: cl.Buffer) -> cl.Buffer:
        """-mobility grad V, and V."""
        self._predict(state)
        rate = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        confinement = self.dtype.type(self.network.penalty.confinement_at(self.factor))
        arguments = (state, self.residual, self.x, self.network_of, self.mobility, confinement)
        self._run("velocity", (self.ladder.total,), *arguments, *self.walls, rate)
        return rate
