"""How wide explicit vectors may be on a device, so that its compiler is sound for them.

A vector that is wider than the registers of the processor for which a runtime compiles is split by the
compiler; but its built-in functions (`exp`, `log`, ...) are compiled apart, and where the two disagree on how
such a vector is passed, the program is invalid. PoCL 3.0 knows no processor newer than 2021: it takes AMD's
Zen 4 for Zen 3, which has no AVX-512, and yet reports vectors of 512 bits. There `exp` of a double8 aborts or
crashes, and programs that hold it come back from PoCL's cache without kernels. So on PoCL the compiler's
target decides, which the version string of a device names at its end."""

import numpy as np

from mfpde.device.runtime import Device

#: of a vector, where in doubt; sound and, where measured, no slower than 16 on processors that have no more
SAFE_BYTES = 32
#: processors with registers of 64 bytes, as LLVM calls them (the names of its option -mcpu)
AVX512_TARGETS = (
    "skylake-avx512", "skx", "cascadelake", "cooperlake", "cannonlake", "icelake-client", "icelake-server",
    "tigerlake", "rocketlake",
    "sapphirerapids", "emeraldrapids", "graniterapids", "graniterapids-d", "diamondrapids", "knl", "knm",
    "znver4", "znver5", "znver6", "x86-64-v4",
)  # fmt: skip

#: Bytes of explicit vectors for loops of transcendental functions on CPUs: 256 bits measured fastest on PoCL,
#: also with AVX-512. Intel's runtime has its own functions for full registers, measured 1.4 (float32) to 2.8
#: (float64) times as fast as those for 256 bits.
FUNCTION_BYTES = 32


def sound_bytes(device: Device) -> int:
    """Bytes of the widest vectors that are sound on a CPU under its runtime, by what is known of it."""
    reported = max(8 * device.cl_device.native_vector_width_double, SAFE_BYTES)
    if device.runtime == "intel":
        return reported
    if device.runtime == "pocl" and device.cl_device.version.strip().endswith(
        tuple(f"-{name}" for name in AVX512_TARGETS)
    ):
        return reported
    return SAFE_BYTES


def vector_bytes(device: Device) -> int:
    """Bytes of explicit vectors on a device: what is sound, or what a probe has narrowed it to; one number on
    GPUs, whose lanes are work items.
    """
    if not device.by_row:
        return 1
    return sound_bytes(device) if device.manner.narrowed is None else device.manner.narrowed


def vector_width(device: Device, dtype: np.dtype) -> int:
    """Lanes of the explicit vector type for arithmetic."""
    return max(vector_bytes(device) // dtype.itemsize, 1)


def function_width(device: Device, dtype: np.dtype) -> int:
    """Lanes of the explicit vector type for loops of transcendental functions."""
    width = vector_width(device, dtype)
    return width if device.runtime == "intel" else min(width, max(FUNCTION_BYTES // dtype.itemsize, 1))
