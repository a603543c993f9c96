"""How much memory there is, to refuse what cannot fit before anything is allocated."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from mfpde.errors import RunError

#: where a Linux container reads how much memory it may use (a number, or "max"), by the version of its
#: control groups
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def host_bytes() -> int:
    """Physical memory of this machine, or what this container may use of it."""
    total = psutil.virtual_memory().total
    for file in CONTAINER_LIMITS:
        with suppress(OSError, ValueError):
            return min(total, int(file.read_text(encoding="ascii")))
    return total


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
