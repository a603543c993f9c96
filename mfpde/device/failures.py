"""Errors of OpenCL drivers, as users hear of them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mfpde.errors import RunError, first_line


@contextmanager
def device_failures() -> Iterator[None]:
    """Within this block, errors of the OpenCL driver become one sentence.

    Raises:
        RunError: the driver failed: out of memory, a lost device.
    """
    try:
        yield
    except Exception as error:
        binding = sys.modules.get("pyopencl")  # not imported where no device is used
        if binding is None or not isinstance(error, binding.Error):
            raise
        raise RunError(
            f"the OpenCL driver failed ({first_line(error)}): the device may be out of memory, or lost; see"
            " mfpde doctor"
        ) from None
