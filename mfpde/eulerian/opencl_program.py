"""The kernels of the mesh side (eulerian.cl, rows.cl, diffusion.cl, features.cl), for one mesh and model."""

from dataclasses import dataclass

import numpy as np
import pyopencl as cl

from mfpde.device.buffers import Buffers
from mfpde.device.program import build_program, precision_constants
from mfpde.device.widths import vector_width
from mfpde.eulerian.backend import negligible
from mfpde.eulerian.layout import Layout
from mfpde.eulerian.opencl_coupling import constants
from mfpde.eulerian.tiles import Tiles
from mfpde.kinds import LIMITERS
from mfpde.measures.mesh import Mesh
from mfpde.models.mesh_potential import MeshPotential

FILES = ("slopes.cl", "eulerian.cl", "rows.cl", "diffusion.cl", "features.cl", "reductions.cl")
KERNELS = (
    "fill_ghosts", "transport_rate", "march_rate", "march_stage", "combine_parts", "react",
    "potential_spread", "sum_columns", "spread_potential",
    "partial_moments", "feature_potential", "box_moments", "box_potential", "entropy", "nonnegative",
    "total_distance",
    "implicit_sweep",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What kernels are told at build time that does not follow from mesh and model."""

    scheme: str
    precision: str
    by_row: bool  #: marching along rows with explicit vectors, else one work item per cell
    tau: float  #: of the diffusion
    faint: float  #: density from which on mass leaves a cell by transport
    skip_zeros: bool  #: whether rows leave parts alone that are 0 with all they depend on

    @property
    def dtype(self) -> np.dtype:
        """Type of the state."""
        return np.dtype(self.precision)

    def constants(self) -> dict[str, object]:
        """As the generated header gives them."""
        return {
            "TAU": repr(float(self.tau)),
            "FAINT": repr(float(self.faint)),
            "HAS_FAINT": int(self.faint > 0),
            "SKIP_ZEROS": int(self.skip_zeros),
            "NEGLIGIBLE": negligible(self.precision),
        }


class MeshProgram:
    """The kernels, and how many work items they take.

    Attributes:
        runs: of cells of the contiguous axis: rows, or single cells.
        column_items: vectors of padded z-cells.
        data_width: lanes of the vectors of features.
        local: memory of a work group that marches.
    """

    def __init__(
        self,
        buffers: Buffers,
        mesh: Mesh,
        model: MeshPotential,
        layout: Layout,
        tiles: Tiles,
        options: Options,
    ):
        device, self.queue = buffers.device, buffers.queue
        self.data_width = vector_width(device, np.dtype(np.float64))
        run = layout.cells[-1] if options.by_row else 1
        self.runs = int(np.prod(layout.cells[:-1])) * -(-layout.cells[-1] // run)
        column_width = layout.width if layout.z_pitch > 1 else 1
        self.column_items = -(-layout.z_pitch // column_width)
        given = (
            precision_constants(options.dtype, layout.width)
            | tiles.constants()
            | constants(model.coupling, self.data_width)
            | options.constants()
            | _of_mesh(mesh, model, layout)
            | {"FUSED": int(tiles.fused), "RUN": run}
            | {"DATA_VW": self.data_width, "COLUMN_VW": column_width}
        )
        self.program = build_program(device, FILES, given, LIMITERS[options.scheme].source())
        self.kernels = {name: cl.Kernel(self.program, name) for name in KERNELS}
        self.local = [cl.LocalMemory(size) for size in tiles.local_bytes]

    def run(self, name: str, size: tuple[int, ...], *arguments, local: tuple[int, ...] | None = None) -> None:
        """Let so many work items run a kernel."""
        self.kernels[name](self.queue, size, local, *arguments)


def _of_mesh(mesh: Mesh, model: MeshPotential, layout: Layout) -> dict[str, object]:
    """What kernels/eulerian.cl needs to know of a mesh and of V on it."""
    return {
        "DIM": len(layout.cells),
        "CELLS": layout.cells,
        "START": layout.starts,
        "STRIDE": layout.strides,
        "OFFSET": layout.offsets,
        "PERIODIC": [axis.periodic for axis in mesh.axes],
        "HAS_AMPLITUDE": int(model.has_amplitude),
        "HAS_DRIFT": int(np.any(model.penalty_z != 0)),
        "ZPITCH": layout.z_pitch,
        "ZSIZE": layout.z_size,
        "APITCH": layout.a_pitch,
        "UNIFORM": int(all(axis.uniform for axis in mesh.axes)),
    }
