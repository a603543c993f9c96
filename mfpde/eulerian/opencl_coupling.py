"""How cells see each other, on a device: from first moments in a to the linear moments, and from a source to
h.

Both directions use the same numbers, so a run is the exact gradient flow of the energy these numbers define.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from mfpde.device.buffers import Buffers
from mfpde.eulerian.layout import Layout
from mfpde.models.coupling import Coupling, Uncoupled
from mfpde.models.feature_coupling import BoxFeatures, Features

CHUNK = 64  #: z-cells per partial moment of dense features
GROUPS_PER_CORE = 4  #: partial moments of boxes

Run = Callable[..., None]  #: run a kernel: name, size, arguments


class DeviceCoupling(Protocol):
    """What the backend needs of a coupling."""

    order: np.ndarray  #: which z-cell (C order, without ghosts) each of the values of h belongs to

    def start(self, first: Any) -> None:
        """Begin to find the linear moments of first moments per padded z-cell."""

    def finish(self) -> tuple[np.ndarray, float]:
        """The linear moments that were begun last, and the square of a pair interaction."""

    def values(self, source: np.ndarray) -> Any:
        """h at the z-cells, float64, in `order`; to be used before the next call."""


def constants(coupling: Coupling, width: int) -> dict[str, object]:
    """What kernels/features.cl needs to know."""
    count = coupling.rank if isinstance(coupling, Features | BoxFeatures) else 0
    stored = coupling.stored if isinstance(coupling, BoxFeatures) else np.dtype(np.float64)
    largest = max(len(box.cells) for box in coupling.boxes) if isinstance(coupling, BoxFeatures) else 1
    rank = max(len(box.coefficients) for box in coupling.boxes) if isinstance(coupling, BoxFeatures) else 1
    return {
        "DATA_VW": width,
        "DATA_PITCH": max(-(-count // width) * width, width),
        "stored": "float" if stored == np.float32 else "double",
        "BOX_CELLS": -(-largest // (2 * width)) * 2 * width,
        "BOX_RANK": rank,
    }


class DenseCoupling:
    """All features of all z-cells."""

    def __init__(self, features: Features, layout: Layout, buffers: Buffers, run: Run, width: int):
        rows, self.count = features.matrix.shape
        self.pitch = -(-self.count // width) * width
        self.order, self.buffers, self.run, self.width, self.rows = np.arange(rows), buffers, run, width, rows
        self.features = buffers.upload(np.pad(features.matrix, ((0, 0), (0, self.pitch - self.count))))
        self.inside = buffers.upload(layout.inside_z().astype(np.int32))
        self.chunks = -(-rows // CHUNK)
        self.partial = buffers.empty(self.chunks * self.pitch, np.float64)
        self.source, self.h = buffers.empty(self.pitch, np.float64), buffers.empty(rows, np.float64)

    def start(self, first: Any) -> None:
        """One product with the transposed features."""
        size = (self.pitch // self.width, self.chunks)
        self.run(
            "partial_moments",
            size,
            self.features,
            first,
            self.inside,
            np.int32(self.rows),
            np.int32(CHUNK),
            self.partial,
        )

    def finish(self) -> tuple[np.ndarray, float]:
        """Its sum over chunks."""
        return (
            self.buffers.read(self.partial, (self.chunks, self.pitch), np.float64).sum(axis=0)[: self.count],
            0.0,
        )

    def values(self, source: np.ndarray) -> Any:
        """One product with the features."""
        self.buffers.write(self.source, np.pad(source, (0, self.pitch - self.count)))
        self.run("feature_potential", (self.rows,), self.features, self.source, self.h)
        return self.h


class BoxCoupling:
    """Features compressed in boxes of neighbouring z-cells."""

    def __init__(self, features: BoxFeatures, layout: Layout, buffers: Buffers, run: Run, width: int):
        self.rank, self.buffers, self.run = features.rank, buffers, run
        # PoCL would put all boxes into one group, hence on one core
        self.group = (1,) if buffers.device.by_row else None
        self.pitch = -(-self.rank // width) * width
        inside, boxes = layout.inside_z(), features.boxes
        # cells of a box are padded to pairs of vectors by repeating its last one, with coefficients 0
        cells = [np.pad(b.cells, (0, -len(b.cells) % (2 * width)), mode="edge") for b in boxes]
        self.order = np.concatenate(cells)
        ranks = np.array([len(b.coefficients) for b in boxes])
        sizes = np.array([len(c) for c in cells])
        first_of = [np.concatenate([[0], np.cumsum(n)]) for n in (sizes, ranks, sizes * ranks)]
        self.starts = buffers.upload(np.concatenate(first_of).astype(np.int32))
        coefficients = [
            np.pad(b.coefficients, ((0, 0), (0, len(c) - len(b.cells)))).ravel()
            for b, c in zip(boxes, cells, strict=True)
        ]
        # kernels read rows by fours, up to three beyond the last
        self.coefficients = buffers.upload(
            np.concatenate([*coefficients, np.zeros(3 * sizes.max())]).astype(features.stored)
        )
        transfer = np.concatenate([b.transfer for b in boxes])
        self.transfer = buffers.upload(
            np.pad(transfer, ((0, 3), (0, self.pitch - self.rank))).astype(features.stored)
        )
        self.cells = buffers.upload(inside[self.order].astype(np.int32))
        self.groups = min(GROUPS_PER_CORE * buffers.device.cl_device.max_compute_units, len(boxes))
        self.boxes = np.int32(len(boxes))
        self.partial = buffers.empty(self.groups * self.pitch, np.float64)
        self.source, self.h = (
            buffers.empty(self.pitch, np.float64),
            buffers.empty(len(self.order), np.float64),
        )

    def start(self, first: Any) -> None:
        """From cells to the moments of boxes, and from these to the moments."""
        arguments = (
            self.coefficients,
            self.transfer,
            first,
            self.cells,
            self.starts,
            self.boxes,
            np.int32(self.groups),
            self.partial,
        )
        self.run("box_moments", (self.groups,), *arguments, local=self.group)

    def finish(self) -> tuple[np.ndarray, float]:
        """Their sum over groups."""
        return (
            self.buffers.read(self.partial, (self.groups, self.pitch), np.float64).sum(axis=0)[: self.rank],
            0.0,
        )

    def values(self, source: np.ndarray) -> Any:
        """From the source to boxes, and from these to cells."""
        self.buffers.write(self.source, np.pad(source, (0, self.pitch - self.rank)))
        arguments = (self.coefficients, self.transfer, self.source, self.starts, self.boxes, self.h)
        self.run("box_potential", (int(self.boxes),), *arguments, local=self.group)
        return self.h


class HostCoupling:
    """A coupling of all cells, worked out on the host: pair interactions, networks of several outputs."""

    def __init__(self, coupling: Coupling, layout: Layout, buffers: Buffers):
        self.coupling, self.layout, self.buffers = coupling, layout, buffers
        self.first: Any = None
        self.order = np.arange(int(np.prod(layout.cells)))

    def start(self, first: Any) -> None:
        """Nothing can be begun on the device."""
        self.first = first

    def finish(self) -> tuple[np.ndarray, float]:
        """Linear moments of the masses of the cells, and the square of a pair interaction."""
        masses = self.buffers.read(self.first, self.layout.size, np.float64)
        return self.coupling.moments(self.layout.unpad_field(masses).ravel())

    def values(self, source: np.ndarray) -> Any:
        """h at the cells."""
        return self.buffers.upload(self.coupling.potential(source))


class NoCoupling:
    """V does not depend on the measure."""

    def __init__(self, layout: Layout, buffers: Buffers):
        self.order = np.arange(layout.z_cells)
        self.nothing = buffers.empty(layout.z_cells, np.float64)

    def start(self, first: Any) -> None:
        """Nothing."""

    def finish(self) -> tuple[np.ndarray, float]:
        """None."""
        return np.zeros(0), 0.0

    def values(self, source: np.ndarray) -> Any:
        """0."""
        return self.nothing


def build_coupling(
    coupling: Coupling, layout: Layout, buffers: Buffers, run: Run, width: int
) -> DeviceCoupling:
    """The coupling of a model on a device."""
    if isinstance(coupling, Features):
        return DenseCoupling(coupling, layout, buffers, run, width)
    if isinstance(coupling, BoxFeatures):
        return BoxCoupling(coupling, layout, buffers, run, width)
    if isinstance(coupling, Uncoupled):
        return NoCoupling(layout, buffers)
    return HostCoupling(coupling, layout, buffers)
