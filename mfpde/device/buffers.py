"""Device memory of one queue: arrays in and out, and sums and maxima by a fixed tree."""

from typing import Any

import numpy as np
import pyopencl as cl
from pyopencl.tools import ImmediateAllocator, MemoryPool

from mfpde.device import false_driver, forks
from mfpde.device.memory import NoRoom, gigabytes, room
from mfpde.device.runtime import Device

REDUCTION_CHUNK = 512


class Buffers:
    """Allocates, copies and reduces on one in-order queue.

    Memory is written to as soon as it is allocated: some drivers notice only then that there is none. On a
    device without double precision whatever is float64 here is float32 there.
    """

    def __init__(self, device: Device):
        self.device, self.uploaded = device, 0
        self.wide = np.dtype(np.float64 if device.has_float64 else np.float32)
        self.reads_zeros = false_driver.reads_zeros(device)
        self.queue = cl.CommandQueue(device.context)
        self.pool = MemoryPool(ImmediateAllocator(self.queue))

    def empty(self, count: int, dtype: np.dtype | type) -> Any:
        """Zeroed memory for `count` numbers, recycled from a pool when the last reference to it is gone."""
        size = count * self._there(dtype).itemsize
        try:
            buffer = self.pool.allocate(size)
            self.fill(buffer, 0, count, dtype)
        except cl.Error:
            raise self._no_room(size) from None
        return buffer

    def fill(self, buffer: Any, value: float, count: int, dtype: np.dtype | type) -> None:
        """Set the first `count` numbers of a buffer."""
        there = self._there(dtype)
        cl.enqueue_fill_buffer(self.queue, buffer, np.array([value], dtype=there), 0, count * there.itemsize)

    def upload(self, array: np.ndarray) -> cl.Buffer:
        """A buffer holding a copy of an array."""
        flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
        array = np.ascontiguousarray(array, self._there(array.dtype))
        try:
            buffer = cl.Buffer(self.device.context, flags, hostbuf=array)
        except cl.Error:
            raise self._no_room(array.nbytes) from None
        self.uploaded += array.nbytes
        return buffer

    def write(self, buffer: cl.Buffer, array: np.ndarray) -> None:
        """Overwrite a buffer from the host, without waiting for it."""
        # the array lives until the copy is done: pyopencl holds it with the event
        self.last_write = cl.enqueue_copy(
            self.queue, buffer, np.ascontiguousarray(array, self._there(array.dtype)), is_blocking=False
        )

    def read(self, buffer: cl.Buffer, shape: tuple[int, ...] | int, dtype: np.dtype | type) -> np.ndarray:
        """A copy of a buffer's first numbers on the host."""
        forks.refuse_copies()
        false_driver.crash("read", self.device)
        array = np.empty(shape, dtype=self._there(dtype))
        cl.enqueue_copy(self.queue, array, buffer)
        if self.reads_zeros:
            array[...] = 0
        return array.astype(dtype, copy=False)

    def _there(self, dtype: np.dtype | type) -> np.dtype:
        """The type in which a number is held on the device."""
        wanted = np.dtype(dtype)
        return self.wide if wanted == np.float64 else wanted

    def _no_room(self, size: int) -> NoRoom:
        there, at_once = room(self.device)
        granted = self.pool.managed_bytes + self.uploaded
        return NoRoom(
            f"the device '{self.device.name}' has no room for {gigabytes(size)} more after"
            f" {gigabytes(granted)} (it has {gigabytes(there)} "
            f"for all who use it, and gives {gigabytes(at_once)} at once); use fewer cells, units or data, or"
            ' precision = "float32"',
            granted,
        )


class Reduction:
    """Sum or maximum of float64 buffers: fixed chunks on the device, the rest in NumPy's fixed order."""

    def __init__(self, buffers: Buffers, program: cl.Program, count: int):
        self.buffers, self.count = buffers, count
        self.chunks = -(-count // REDUCTION_CHUNK)
        self.partial = buffers.empty(self.chunks, np.float64)
        self.kernels = {
            "sum": cl.Kernel(program, "partial_sums"),
            "max": cl.Kernel(program, "partial_maxima"),
        }

    def __call__(self, values: cl.Buffer, kind: str) -> float:
        """Reduce the first `count` numbers; kind is "sum" or "max"."""
        self.kernels[kind](
            self.buffers.queue,
            (self.chunks,),
            None,
            values,
            np.int32(self.count),
            np.int32(REDUCTION_CHUNK),
            self.partial,
        )
        partial = self.buffers.read(self.partial, self.chunks, np.float64)
        return float(partial.sum() if kind == "sum" else partial.max())
