"""Units that feel each other through an interaction of finite rank, on an OpenCL device:
kernels/moment_units.cl.
"""

import numpy as np
import pyopencl as cl

from mfpde.device.runtime import Device
from mfpde.device.widths import function_width
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.opencl_backend import OpenCLBackend
from mfpde.measures.finite_rank import FiniteRank
from mfpde.models.potential import Potential

#: units whose features one work item adds up
CHUNK = 64
#: the number of work items is a multiple of this: PoCL puts them into one group, hence on one core, where it
#: has no suitable divisor
ITEMS = 256
KERNELS = ("partial_centres", "find_centres", "find_features", "partial_moments", "find_moments", "couple")


class OpenCLMoments(OpenCLBackend):
    """Units in an external potential that feel each other through the moments of their network."""

    def __init__(
        self,
        potential: Potential,
        interaction: FiniteRank,
        ladder: Ladder,
        precision: str,
        weight_rate: float,
        device: Device,
    ):
        width = function_width(device, np.dtype(np.float64 if device.has_float64 else np.float32))
        self.vectors = -(-ladder.total // width)
        turns = int(interaction.classes.follows.any())
        constants = {
            "RANK": interaction.rank,
            "FEATURE_VW": width,
            "PITCH": width * self.vectors,
            "TURNS": turns,
        }
        generated = potential.external.opencl("external")
        super().__init__(
            potential,
            ladder,
            precision,
            weight_rate,
            device,
            1,
            ["moment_units.cl"],
            KERNELS,
            constants,
            generated,
        )
        self.rank, self.group = interaction.rank, (1,) if device.by_row else None
        self._upload_interaction(interaction)
        chunk_start, first_chunk = ladder.chunks(CHUNK)
        networks, d = len(ladder.sizes), self.shape[0] - 1
        self.count, self.rows = len(chunk_start) - 1, (1 + d) * self.rank
        self.chunk_start, self.first_chunk = self._int(chunk_start), self._int(first_chunk)
        sizes = (
            self.count * (d + 1),
            networks * d,
            self.count * self.rank,
            networks * self.rank,
            networks * self.rows,
        )
        self.features = self.buffers.empty(self.rank * width * self.vectors, np.float64)
        self.sums, self.centres, self.partial, self.moments, self.coefficients = (
            self.buffers.empty(size, np.float64) for size in sizes
        )

    def _upload_interaction(self, interaction: FiniteRank) -> None:
        classes, features = interaction.classes, interaction.features
        exponents = self.buffers.upload(
            np.concatenate([classes.step, classes.growth.ravel(), classes.frequency.ravel()])
        )
        powers, sines = (
            self._int(np.array(values).ravel())
            for values in ([u.powers for u in features], [u.sine for u in features])
        )
        self.tables = (
            np.int32(len(classes.growth)),
            exponents,
            self._int(classes.follows),
            self._int(classes.of_feature),
            sines,
            powers,
        )
        couple = interaction.couple
        self.matrix = (
            self._int(couple.indptr),
            self._int(_some(couple.indices)),
            self.buffers.upload(_some(couple.data)),
        )
        self.lines = interaction.lines
        self.is_line = self._int(np.isin(np.arange(len(interaction.periods)), interaction.lines))

    def predictions(self, state: cl.Buffer) -> np.ndarray:
        """Nothing: a potential has no data."""
        return np.zeros((len(self.ladder.sizes), 0))

    def velocity(self, state: cl.Buffer) -> cl.Buffer:
        """-mobility grad V, and V."""
        self._weigh(state)
        networks, units = len(self.ladder.sizes), (state, self.unit_weights)
        if self.lines:
            self._by_chunks("partial_centres", *units, self.chunk_start, self.sums)
            self._run("find_centres", (networks,), self.sums, self.first_chunk, self.is_line, self.centres)
        self._run(
            "find_features",
            (self.vectors,),
            state,
            self.network_of,
            self.centres,
            *self.tables,
            self.features,
        )
        self._by_chunks("partial_moments", self.features, self.unit_weights, self.chunk_start, self.partial)
        self._run("find_moments", (self.rank, networks), self.partial, self.first_chunk, self.moments)
        self._run("couple", (self.rows, networks), self.moments, *self.matrix, self.coefficients)
        rate = self.buffers.empty(int(np.prod(self.shape)), self.dtype)
        arguments = (
            state,
            self.network_of,
            self.features,
            self.coefficients,
            self.mobility,
            *self.walls,
            rate,
        )
        self._run("velocity", (-(-self.ladder.total // ITEMS) * ITEMS,), *arguments)
        return rate

    def _by_chunks(self, name: str, *arguments) -> None:
        self.kernels[name](self.buffers.queue, (self.count,), self.group, *arguments)


def _some(values: np.ndarray) -> np.ndarray:
    """The same, but not empty: buffers are not."""
    return values if len(values) else np.zeros(1, values.dtype)
