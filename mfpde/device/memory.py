"""How much memory there is, to refuse what cannot fit before anything is allocated."""

import os
from typing import Any

from mfpde.errors import RunError


def host_bytes() -> int:
    """Physical memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def room(device: Any = None) -> tuple[int, int]:
    """Bytes of memory in all, and of one buffer, of an OpenCL device; of this machine if None."""
    if device is None:
        return host_bytes(), host_bytes()
    return device.cl_device.global_mem_size, device.cl_device.max_mem_alloc_size


def gigabytes(count: float) -> str:
    """A number of bytes for people."""
    return f"{count / 1e9:.3g} GB"


class NoRoom(RunError):
    """The device is out of memory."""

    def __init__(self, message: str, granted: int):
        super().__init__(message)
        self.granted = granted  #: bytes that it gave before
