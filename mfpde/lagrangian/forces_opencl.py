"""What moves units, on an OpenCL device: kernels/network_units.cl and kernels/potential_units.cl."""

import numpy as np
import pyopencl as cl

from mfpde.device.runtime import Device
from mfpde.device.widths import vector_width
from mfpde.lagrangian.backend import Backend
from mfpde.lagrangian.distinct import distinct, perceptron
from mfpde.lagrangian.forces_features_opencl import OpenCLFeatures
from mfpde.lagrangian.forces_moments_opencl import OpenCLMoments
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.memory import CHUNK
from mfpde.lagrangian.opencl_backend import OpenCLBackend
from mfpde.models.features.perceptron import Perceptron
from mfpde.models.network import Network
from mfpde.models.potential import Potential

#: Units, and vectors of data, whose pairs a CPU holds in its registers at a time; half the vectors where it
#: has half the registers.
UNIT_BLOCK, TILE_VECTORS = 4, 4
#: Inputs up to which the sums of a block of units are held at once.
MOST_INPUTS = 256
#: Preactivations are kept for the gradient, rather than computed again, from this many inputs on and up to
#: this many bytes.
KEEP_INPUTS, KEEP_BYTES = 16, 2**28


def tile_vectors(vectors: int, most: int) -> int:
    """Vectors of a tile: as many as allowed, unless that pads the data by more than an eighth."""
    tile = most
    while tile > 1 and 8 * (-vectors % tile) > vectors:
        tile //= 2
    return tile


class OpenCLNetwork(OpenCLBackend):
    """Units of networks see each other through the predictions."""

    def __init__(self, network: Network, ladder: Ladder, precision: str, weight_rate: float, device: Device):
        self.network = network
        self.width = vector_width(device, np.dtype(precision))
        self.features = perceptron(network)
        self.distinct = distinct(self.features)
        self.x_distinct, self.datum = self.distinct.x, self.distinct.datum
        self.count = len(self.x_distinct)
        vectors = -(-self.count // self.width)
        # blocks and tiles of one on GPUs, whose lanes are work items
        self.block = UNIT_BLOCK if device.by_row and self.features.data.dimension <= MOST_INPUTS else 1
        most = (
            1
            if not device.by_row
            else TILE_VECTORS
            if self.width * np.dtype(precision).itemsize >= 64
            else TILE_VECTORS // 2
        )
        self.tile = self.width * tile_vectors(vectors, most)
        self.pitch = -(-self.count // self.tile) * self.tile
        kept = ladder.total * self.pitch
        keep = (
            device.by_row
            and self.features.data.dimension >= KEEP_INPUTS
            and kept * np.dtype(precision).itemsize <= KEEP_BYTES
        )
        # PoCL would put all work items into one group, hence on one core, where their number has no suitable
        # divisor
        self.group = (1, 1) if device.by_row else None
        constants = {
            "INPUTS": self.features.data.dimension,
            "HAS_BIAS": int(self.features.has_bias),
            "DATA_PITCH": self.pitch,
            "UNIT_BLOCK": self.block,
            "TILE_VECTORS": self.tile // self.width,
            "KEEP": int(keep),
            "KINK": int(network.kink > 0),
            "LAMBDA": network.penalty.kink,
        }
        generated = self.features.activation.opencl() + network.penalty.opencl() + self.features.loss.opencl()
        kernels = ("partial_predictions", "predict")
        super().__init__(
            network,
            ladder,
            precision,
            weight_rate,
            device,
            self.width,
            ["amplitude.cl", "network_units.cl"],
            kernels,
            constants,
            generated,
        )
        self.kept = self.buffers.empty(kept if keep else 1, self.dtype)
        self._upload_data()
        self._upload_chunks()

    def _upload_data(self) -> None:
        pad = self.pitch - self.count
        # padding repeats a datum, where the activation is finite, with weight 0
        x = np.pad(self.x_distinct, ((0, pad), (0, 0)), mode="edge")
        self.x = self._real(x.reshape(-1, self.tile, x.shape[1]).transpose(0, 2, 1))
        self.targets = self.buffers.upload(np.pad(self.distinct.targets[0], (0, pad)))
        self.data_weights = self.buffers.upload(np.pad(self.distinct.weights, (0, pad)))

    def _upload_chunks(self) -> None:
        ladder = self.ladder
        chunk_start, first_chunk = ladder.chunks(CHUNK)
        self.chunks = len(chunk_start) - 1
        self.chunk_start, self.first_chunk = self._int(chunk_start), self._int(first_chunk)
        self.partial = self.buffers.empty(self.chunks * self.pitch, np.float64)
        self.prediction = self.buffers.empty(len(ladder.sizes) * self.pitch, np.float64)
        self.residual = self.buffers.empty(len(ladder.sizes) * self.pitch, self.dtype)

    def _predict(self, state: cl.Buffer) -> None:
        self._weigh(state)
        arguments = (state, self.unit_weights, self.x, self.chunk_start, self.partial, self.kept)
        self.kernels["partial_predictions"](
            self.buffers.queue, (self.pitch // self.tile, self.chunks), self.group, *arguments
        )
        targets = (self.targets, self.data_weights)
        self._run(
            "predict",
            (self.pitch, len(self.ladder.sizes)),
            self.partial,
            self.first_chunk,
            *targets,
            self.prediction,
            self.residual,
        )

    def predictions(self, state: cl.Buffer) -> np.ndarray:
        """f of every network at the data."""
        self._predict(state)
        shape = (len(self.ladder.sizes), self.pitch)
        return self.buffers.read(self.prediction, shape, np.float64)[:, self.datum]

    def velocity(self, state: cl.Buffer) -> cl.Buffer:
        """-mobility grad V, and V."""
        self._predict(state)
        rate = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        confinement = self.dtype.type(self.network.penalty.confinement_at(self.factor))
        arguments = (
            state,
            self.residual,
            self.x,
            self.network_of,
            self.kept,
            self.mobility,
            confinement,
            *self.walls,
            rate,
        )
        self.kernels["velocity"](
            self.buffers.queue, (-(-self.ladder.total // self.block), 1), self.group, *arguments
        )
        return rate


class OpenCLPotential(OpenCLBackend):
    """Units in an external potential, with a pair interaction within each network; see
    `build_opencl_potential`.
    """

    def __init__(
        self, potential: Potential, ladder: Ladder, precision: str, weight_rate: float, device: Device
    ):
        generated = potential.external.opencl("external")
        if potential.interaction is not None:
            generated += potential.interaction.opencl("interaction")
        constants = {"HAS_INTERACTION": int(potential.interaction is not None)}
        super().__init__(
            potential,
            ladder,
            precision,
            weight_rate,
            device,
            1,
            ["potential_units.cl"],
            (),
            constants,
            generated,
        )

    def predictions(self, state: cl.Buffer) -> np.ndarray:
        """Nothing: a potential has no data."""
        return np.zeros((len(self.ladder.sizes), 0))

    def velocity(self, state: cl.Buffer) -> cl.Buffer:
        """-mobility grad V, and V."""
        self._weigh(state)
        rate = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        arguments = (
            state,
            self.unit_weights,
            self.network_of,
            self.first_unit,
            self.mobility,
            *self.walls,
            rate,
        )
        self._run("velocity", (self.ladder.total,), *arguments)
        return rate


def build_opencl_potential(
    potential: Potential, ladder: Ladder, precision: str, weight_rate: float, device: Device
) -> Backend:
    """Units in a potential: through moments where the interaction is of finite rank and that pays, else by
    pairs.
    """
    interaction = potential.by_moments(ladder.sizes)
    if interaction is None:
        return OpenCLPotential(potential, ladder, precision, weight_rate, device)
    return OpenCLMoments(potential, interaction, ladder, precision, weight_rate, device)


def build_opencl_network(
    network: Network, ladder: Ladder, precision: str, weight_rate: float, device: Device
) -> Backend:
    """Units of a network that learns data points, by the kernels that are made for it."""
    if isinstance(network.features, Perceptron) and network.function.outputs == 1:
        return OpenCLNetwork(network, ladder, precision, weight_rate, device)
    return OpenCLFeatures(network, ladder, precision, weight_rate, device)
