"""What lives on a device: fields and potentials, whose memory is used again when they are gone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mfpde.device.buffers import Buffers
from mfpde.eulerian.layout import Layout

Memory = tuple[Any, ...]


class Pool:
    """Hands out buffers and takes them back, with the content they had."""

    def __init__(self, make: Callable[[], Memory]):
        self.make = make
        self.free: list[Memory] = []

    def take(self) -> Memory:
        """Buffers of the last use, or new ones."""
        return self.free.pop() if self.free else self.make()


class Pooled:
    """Buffers of a pool, which go back to it with the last reference."""

    def __init__(self, pool: Pool):
        self.pool, self.memory = pool, Memory()
        self.memory = pool.take()

    def __del__(self) -> None:
        if self.memory:  # else there was no room for it
            self.pool.free.append(self.memory)


class Field(Pooled):
    """Cell averages, padded.

    Zeros need no work, and no memory traffic: kernels that march along rows leave parts alone that `occupied`
    calls empty. What it says is true at all times, also between uses.
    """

    #: penalty and mass, if the kernel that made the field left them and `columns`
    sums: tuple[float, float] | None = None
    penalty: int = 0  #: of which penalty they are, see `ModelArrays.changes`

    has_ghosts: bool = False  #: whether ghost cells are what they should be

    @property
    def values(self) -> Any:
        """Cell averages."""
        return self.memory[0]

    @property
    def occupied(self) -> Any:
        """One int per part of a row, 0 where every cell is 0."""
        return self.memory[1]

    @property
    def columns(self) -> Any:
        """First moments in a per z-cell, float64."""
        return self.memory[2]


def field_pool(layout: Layout, parts: int, buffers: Buffers, dtype: np.dtype) -> Pool:
    """Memory of fields, whose rows have so many parts in all."""

    def make() -> Memory:
        values = buffers.empty(layout.size, dtype)
        return values, buffers.empty(parts, np.int32), buffers.empty(layout.z_size, np.float64)

    return Pool(make)


class Potential(Pooled):
    """V by h with ghosts, and the fall of h across the faces of every z-axis."""

    @property
    def h(self) -> Any:
        """h per padded z-cell."""
        return self.memory[0]

    @property
    def fall(self) -> Any:
        """-M dh/d(distance) per z-axis and padded z-cell."""
        return self.memory[1]


def potential_pool(layout: Layout, buffers: Buffers, dtype: np.dtype) -> Pool:
    """Memory of potentials."""
    z_axes = len(layout.cells) - int(layout.has_amplitude)

    def make() -> Memory:
        return buffers.empty(layout.z_size, dtype), buffers.empty(max(z_axes, 1) * layout.z_size, dtype)

    return Pool(make)
