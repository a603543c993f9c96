"""What the machine can do, measured in the same run: copy bandwidth, and peak arithmetic of the OpenCL
device.

Arithmetic is measured twice, since a core that does fused multiply-adds at full speed counts two operations
for each, but one for a minimum, a maximum or an addition. Both kernels run chains that do not depend on each
other, in the vectors the solver uses.
"""

import os
import platform
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pyopencl as cl

from benchmarks.ours import Device, vector_width
from benchmarks.timing import best_time

CHAINS = 12  #: independent chains hide the latency of an operation (4 cycles, two units)
FIELD = 128**3 * 4  #: bytes of the largest field of the transport benchmark
LARGE = 2**28  #: bytes; beyond the caches of most machines

KERNELS = """
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
#pragma OPENCL FP_CONTRACT ON
__kernel void fma_chains(const int rounds, const real factor, const real shift, __global real *out)
{ CHAIN(x * factor + shift) }
__kernel void minmax_chains(const int rounds, const real bound, const real shift, __global real *out)
{ CHAIN(LARGER(SMALLER(x + shift, (realv)bound), (realv)(-bound))) }
__kernel void copy(__global const realv *restrict from, __global realv *restrict to, const int run)
{
    const size_t start = get_global_id(0) * (size_t)run;
    for (int k = 0; k < run; ++k) to[start + k] = from[start + k];
}
"""


@dataclass(frozen=True)
class Machine:
    """Limits by precision: instructions of one number per second, and bytes read and written per second."""

    facts: dict[str, Any]
    copy: dict[str, float]  #: fastest copy by working set: "field" and "large"
    fma: dict[str, float]  #: multiply-adds per second, each two operations
    minmax: dict[str, float]  #: minima, maxima and additions per second

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def measure_machine(device: Device, quick: bool = False) -> Machine:
    """All limits; a few seconds."""
    rounds = 10 if quick else 30
    rates = {
        precision: _arithmetic(device, np.dtype(precision), rounds) for precision in ("float32", "float64")
    }
    sizes = {"field": FIELD} if quick else {"field": FIELD, "large": LARGE}
    copies = {name: _copies(device, size, rounds) for name, size in sizes.items()}
    facts = {
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "device": device.describe(),
        "python": platform.python_version(),
        "copies": copies,
    }
    return Machine(
        facts,
        {name: max(found.values()) for name, found in copies.items()},
        *({p: r[k] for p, r in rates.items()} for k in (0, 1)),
    )


def _build(device: Device, dtype: np.dtype, width: int) -> cl.Program:
    real = "double" if dtype.itemsize == 8 else "float"
    names = [f"x{k}" for k in range(CHAINS)]
    body = [
        "int id = get_global_id(0);",
        *(f"realv {x} = (realv)(id * (real)1e-3 + (real){k});" for k, x in enumerate(names)),
    ]
    step = " ".join(f"{{ realv x = {x}; {x} = (expression); }}" for x in names)
    end = f"realv sum = {' + '.join(names)}; out[id] = {'sum.s0' if width > 1 else 'sum'};"
    chain = " ".join([*body, "for (int round = 0; round < rounds; ++round) {", step, "}", end])
    extension = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
    head = (
        f"{extension}typedef {real} real;\ntypedef {real}{width if width > 1 else ''} realv;\n#define"
        f" CHAIN(expression) {chain}\n"
    )
    return cl.Program(device.context, head + KERNELS).build(["-cl-std=CL1.2"])


def _arithmetic(device: Device, dtype: np.dtype, rounds: int) -> tuple[float, float]:
    """Multiply-adds, and minima, maxima and additions, per second."""
    width = vector_width(device, dtype)
    program, queue = _build(device, dtype, width), cl.CommandQueue(device.context)
    items = device.cl_device.max_compute_units * (8 if device.is_cpu else 2048)
    length = 200_000 if device.is_cpu else 4_000  # some milliseconds, beside which a launch is nothing
    out = cl.Buffer(device.context, cl.mem_flags.WRITE_ONLY, items * dtype.itemsize)
    local = (1,) if device.is_cpu else None

    def run(kernel: cl.Kernel, first: float, second: float) -> None:
        kernel(queue, (items,), local, np.int32(length), dtype.type(first), dtype.type(second), out)
        queue.finish()

    numbers = items * length * CHAINS * width
    multiply_adds = best_time(partial(run, cl.Kernel(program, "fma_chains"), 0.999, 0.01), rounds)
    minima = best_time(partial(run, cl.Kernel(program, "minmax_chains"), 100.0, 0.01), rounds)
    return numbers / multiply_adds, 3 * numbers / minima


def _copies(device: Device, size: int, rounds: int) -> dict[str, float]:
    """Bytes read and written per second, by who copies."""
    dtype = np.dtype(np.float32)
    width, queue = vector_width(device, dtype), cl.CommandQueue(device.context)
    kernel = cl.Kernel(_build(device, dtype, width), "copy")
    source, target = (cl.Buffer(device.context, cl.mem_flags.READ_WRITE, size) for _ in range(2))
    for buffer in (source, target):
        cl.enqueue_fill_buffer(queue, buffer, np.ones(1, dtype=dtype), 0, size)
    run = 256 if device.is_cpu else 1
    from_array, to_array = np.ones(size // 4, dtype=dtype), np.ones(size // 4, dtype=dtype)

    def by_kernel() -> None:
        kernel(queue, (size // (dtype.itemsize * width * run),), None, source, target, np.int32(run))
        queue.finish()

    def by_driver() -> None:
        cl.enqueue_copy(queue, target, source)
        queue.finish()

    ways = {"OpenCL kernel": by_kernel, "OpenCL driver": by_driver}
    if device.is_cpu:
        ways["NumPy"] = partial(np.copyto, to_array, from_array)
    return {who: 2 * size / best_time(way, rounds) for who, way in ways.items()}
