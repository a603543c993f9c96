"""How many lanes the explicit vectors of kernels have on a device; 1 on GPUs, whose lanes are work items."""

import numpy as np

from mfpde.device.runtime import Device

#: Bytes of explicit vectors for loops of transcendental functions on CPUs: 256 bits measured fastest on PoCL,
#: also with AVX-512. Intel's runtime has its own functions for full registers, measured 1.4 (float32) to 2.8
#: (float64) times as fast as those for 256 bits.
FUNCTION_BYTES = 32


def vector_width(device: Device, dtype: np.dtype) -> int:
    """Lanes of the explicit vector type for arithmetic."""
    return max(device.vector_bytes // dtype.itemsize, 1)


def function_width(device: Device, dtype: np.dtype) -> int:
    """Lanes of the explicit vector type for loops of transcendental functions."""
    width = vector_width(device, dtype)
    return width if device.runtime == "intel" else min(width, max(FUNCTION_BYTES // dtype.itemsize, 1))
