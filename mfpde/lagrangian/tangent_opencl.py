"""Tangents of nodes on an OpenCL device: kernels/tangent_units.cl. See `tangent_numpy` for what each
operation means.
"""

from collections.abc import Sequence

import numpy as np
import pyopencl as cl

from mfpde.device.program import build_program, precision_constants
from mfpde.device.runtime import Device
from mfpde.device.widths import vector_width
from mfpde.lagrangian.forces_opencl import OpenCLNetwork
from mfpde.lagrangian.opencl_backend import seven
from mfpde.lagrangian.tangent import TangentState, relative
from mfpde.models.losses.square import Square

#: Nodes whose parts of a response one work item adds up, at least; and work items that add, at most.
FEWEST, MOST_CHUNKS = 16, 64
#: Vectors of directions, and data, of a tile; as in the kernel file.
TILE_RANK, TILE_DATA = 4, 4


class OpenCLTangent:
    """Tangents are buffers [nodes][components + weighted][directions].

    Arguments:
        nodes: the float64 backend of one network of nodes.
        directions: s (nodes, directions).
    """

    def __init__(self, nodes: OpenCLNetwork, directions: np.ndarray, device: Device):
        self.nodes, self.buffers, self.dtype = nodes, nodes.buffers, np.dtype(np.float64)
        self.count, self.rank = directions.shape
        components, self.data = len(nodes.network.parameters.components), nodes.count
        self.weighted = int(nodes.weight_rate > 0)
        width = vector_width(device, self.dtype)
        self.rank_pitch = _rounded(self.rank, width if self.rank <= width else TILE_RANK * width)
        tile = min(TILE_RANK, self.rank_pitch // width)
        self.data_pitch = _rounded(self.data + 1, max(width, TILE_DATA))
        self.rows, self.components = components + self.weighted, components
        constants = precision_constants(self.dtype, width) | {
            "UNITS": self.count,
            "COMPONENTS": components,
            "INPUTS": nodes.features.data.dimension,
            "WEIGHTED": self.weighted,
            "DATA": self.data,
            "DATA_PITCH": self.data_pitch,
            "RANK_PITCH": self.rank_pitch,
            "TILE_RANK": tile,
            "TILE_DATA": TILE_DATA,
            "KINK": 0,
            "LAMBDA": 0,
        }
        generated = nodes.features.activation.curvature_opencl() + nodes.network.penalty.curvature_opencl()
        program = build_program(device, ["tangent_units.cl"], constants, generated)
        names = (
            "linearise",
            "partial_response",
            "respond",
            "tangent_rate",
            "hold_tangents",
            "combine_tangents",
            "tangent_errors",
        )
        self.kernels = {name: cl.Kernel(program, name) for name in names}
        # one work item per group on CPUs, as for the units
        self.group = device.by_row
        self.width, self.tile = width, tile
        self.chunk = max(FEWEST, -(-self.count // MOST_CHUNKS))
        self.chunks = -(-self.count // self.chunk)
        self._upload(directions)

    def _upload(self, directions: np.ndarray) -> None:
        empty, pad = self.buffers.empty, self.data_pitch - self.data
        self.x = self.buffers.upload(np.pad(self.nodes.x_distinct, ((0, pad), (0, 0)), mode="edge").T)
        self.directions = self.buffers.upload(np.pad(directions, ((0, 0), (0, self.rank_pitch - self.rank))))
        self.residual = empty(self.data_pitch, np.float64)
        self.gradient = empty(self.count * (self.components + 1) * self.data_pitch, np.float64)
        self.hessian = empty(self.count * (self.components + 1) * self.components, np.float64)
        self.partial = empty(self.chunks * self.data_pitch * self.rank_pitch, np.float64)
        self.errors, self.sizes = (empty(self.count, np.float64) for _ in range(2))
        self.g, self.weighted_g = (empty(self.data_pitch * self.rank_pitch, np.float64) for _ in range(2))

    @property
    def _size(self) -> int:
        return self.count * self.rows * self.rank_pitch

    def _run(self, name: str, size: tuple[int, ...], *arguments) -> None:
        self.kernels[name](self.buffers.queue, size, (1,) * len(size) if self.group else None, *arguments)

    def start(self) -> cl.Buffer:
        """No tangent at time 0."""
        return self.buffers.empty(self._size, self.dtype)

    def _respond(self, state: cl.Buffer, tangents: cl.Buffer) -> None:
        """g, for nodes whose prediction and residual the backend has just formed."""
        cl.enqueue_copy(self.buffers.queue, self.residual, self.nodes.residual, byte_count=8 * self.data)
        confinement, vectors = (
            np.float64(self.nodes.network.penalty.confinement),
            self.rank_pitch // self.width,
        )
        self._run(
            "linearise", (self.count,), state, self.residual, self.x, confinement, self.gradient, self.hessian
        )
        tiles = (self.chunks, self.data_pitch // TILE_DATA, vectors // self.tile)
        weights, alpha = self.nodes.unit_weights, np.float64(self.nodes.weight_rate)
        self._run(
            "partial_response",
            tiles,
            self.gradient,
            tangents,
            self.directions,
            weights,
            alpha,
            np.int32(self.chunk),
            self.partial,
        )
        sums = (self.partial, np.int32(self.chunks), self.nodes.prediction, self._bend())
        self._run("respond", (vectors, self.data_pitch), *sums, self.g, self.weighted_g)

    def _bend(self) -> cl.Buffer:
        """weights d^2 l/df^2 at the distinct data, where they are; those of the square loss never change."""
        nodes = self.nodes
        if isinstance(nodes.features.loss, Square):
            return nodes.data_weights
        f = self.buffers.read(nodes.prediction, (1, nodes.pitch), np.float64)[:, : self.data]
        found = nodes.features.loss.curvature(f, nodes.distinct.targets, np.ones_like(f))[0]
        return self.buffers.upload(nodes.distinct.weights * found)

    def rate(self, nodes: cl.Buffer, velocity: cl.Buffer, tangents: cl.Buffer) -> cl.Buffer:
        """d/dt of the tangents; the backend has just formed the velocity."""
        self._respond(nodes, tangents)
        rate = self.buffers.empty(self._size, self.dtype)
        arguments = (
            nodes,
            velocity,
            self.gradient,
            self.hessian,
            tangents,
            self.weighted_g,
            self.nodes.mobility,
            *self.nodes.walls,
            rate,
        )
        self._run("tangent_rate", (self.count, self.rank_pitch // self.width // self.tile), *arguments)
        return rate

    def hold(self, nodes: cl.Buffer, tangents: cl.Buffer) -> cl.Buffer:
        """No tangent in components at walls, in place."""
        self._run("hold_tangents", (self.count, self.components), nodes, *self.nodes.walls, tangents)
        return tangents

    def combine(self, y: cl.Buffer, stages: Sequence[cl.Buffer], factors: Sequence[float]) -> cl.Buffer:
        """y + sum factors * stages."""
        result = self.buffers.empty(self._size, self.dtype)
        self._run("combine_tangents", (self.count,), y, *seven(stages, factors, self.dtype), result)
        return result

    def error(
        self, y_new: cl.Buffer, stages: Sequence[cl.Buffer], factors: Sequence[float], nodes: cl.Buffer
    ) -> float:
        """Root mean square of sum factors * stages, relative to tangents and directions."""
        arguments = (
            y_new,
            self.directions,
            self.nodes.unit_weights,
            *seven(stages, factors, self.dtype),
            self.errors,
            self.sizes,
        )
        self._run("tangent_errors", (self.count,), *arguments)
        return relative(
            *(self.buffers.read(buffer, self.count, np.float64).sum() for buffer in (self.errors, self.sizes))
        )

    def response(self, state: TangentState) -> np.ndarray:
        """g at the data (L, directions)."""
        self.nodes.velocity(state.nodes)
        self._respond(state.nodes, state.tangents)
        return self.buffers.read(self.g, (self.data_pitch, self.rank_pitch), self.dtype)[
            self.nodes.datum, : self.rank
        ]

    def download(self, tangents: cl.Buffer) -> np.ndarray:
        """Tangents (nodes, components + 1, directions)."""
        found = self.buffers.read(tangents, (self.count, self.rows, self.rank_pitch), self.dtype)[
            :, :, : self.rank
        ]
        return np.pad(found, ((0, 0), (0, 1 - self.weighted), (0, 0)))

    def upload(self, tangents: np.ndarray) -> cl.Buffer:
        """Tangents from what `download` gave."""
        padded = np.pad(tangents[:, : self.rows], ((0, 0), (0, 0), (0, self.rank_pitch - self.rank)))
        return self.buffers.upload(padded)


def _rounded(count: int, multiple: int) -> int:
    return -(-count // multiple) * multiple
