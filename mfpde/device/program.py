"""Build OpenCL programs from kernels/*.cl plus a generated header, and say which options they were built with."""

import hashlib
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pyopencl as cl

from mfpde import resources
from mfpde.device.cache import build_cached
from mfpde.device.runtime import Device
from mfpde.errors import RunError

#: Bytes of explicit vectors for transcendental functions on CPUs: 256 bits measured fastest on PoCL, also with AVX-512. Intel's runtime has
#: its own functions for full registers, measured 1.4 (float32) to 2.8 (float64) times as fast as those for 256 bits.
FUNCTION_BYTES = 32


def vector_width(device: Device, dtype: np.dtype) -> int:
    """Lanes of the explicit vector type for arithmetic: the registers of a CPU; one on GPUs, whose lanes are work items."""
    if not device.is_cpu:
        return 1
    return 8 * max(device.cl_device.native_vector_width_double, FUNCTION_BYTES // 8) // dtype.itemsize


def function_width(device: Device, dtype: np.dtype) -> int:
    """Lanes of the explicit vector type for loops of transcendental functions."""
    width = vector_width(device, dtype)
    return width if device.runtime == "intel" else min(width, FUNCTION_BYTES // dtype.itemsize)


def header(constants: Mapping[str, object]) -> str:
    """Definitions for the top of a program; lists become constant arrays."""
    lines = []
    for name, value in constants.items():
        if isinstance(value, list):
            lines.append(f"__constant int {name}[{len(value)}] = {{{', '.join(str(int(v)) for v in value)}}};")
        else:
            lines.append(f"#define {name} {value}")
    return "\n".join(lines) + "\n"


def precision_constants(dtype: np.dtype, width: int) -> dict[str, object]:
    """The constants common.cl needs."""
    return {"real": "double" if dtype.itemsize == 8 else "float", "VW": width}


def build_program(device: Device, files: Sequence[str], constants: Mapping[str, object], extra: str = "") -> cl.Program:
    """Compile kernel files for a device.

    Arguments:
        files: names in the kernels folder, after common.cl.
        constants: see `header`.
        extra: generated code, placed after common.cl.
    Raises:
        RunError: the driver's compiler refused the program; the message holds its log.
    """
    sources = [header(constants), kernel_source("common.cl"), extra, *(kernel_source(name) for name in files)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cl.CompilerWarning)
        try:
            return build_cached(device.context, "\n".join(sources), ["-cl-std=CL1.2"])
        except cl.RuntimeError as error:
            raise RunError(f"the OpenCL compiler of '{device.name}' refused {', '.join(files)}: {error}") from None


def kernel_source(name: str) -> str:
    """Text of one kernel file."""
    return (resources.kernels() / name).read_text(encoding="utf-8")


def kernels_digest() -> str:
    """SHA-256 over all kernel files, for provenance."""
    files = sorted(resources.kernels().glob("*.cl"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
