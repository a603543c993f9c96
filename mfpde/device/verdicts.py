"""What probes have found of devices, kept in the user's cache."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import pyopencl as cl
from filelock import FileLock

from mfpde.device.kernel_files import kernels_digest
from mfpde.device.runtime import Device
from mfpde.version import __version__

Found = dict[str, dict[str, str]]  #: manner -> need -> what is wrong, empty if nothing is


@contextmanager
def alone() -> Iterator[None]:
    """Within this block nobody else probes devices.

    Of several runs that start together, one probes and the others read what it found.
    """
    lock = None
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        lock = FileLock(_folder() / "lock")
        lock.acquire()
    except (OSError, NotImplementedError):  # a file system without locks: all of them probe
        lock = None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _folder() -> Path:
    return platformdirs.user_cache_path("mfpde") / "devices"


def _file(device: Device) -> Path:
    """Where the verdict is kept.

    A new version of the tool, driver or binding, or another processor, is probed anew.
    """
    d = device.cl_device
    facts = (
        __version__,
        kernels_digest(),
        cl.VERSION,
        device.identity,
        d.extensions,
        d.native_vector_width_double,
        device.has_float64,
    )
    return _folder() / f"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}.json"


def read_verdict(device: Device) -> Found:
    """What is known of a device; nothing if that cannot be read."""
    try:
        kept = json.loads(_file(device).read_text(encoding="utf-8"))["found"]
        return {
            str(manner): {str(need): str(problem) for need, problem in results.items()}
            for manner, results in kept.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_verdict(device: Device, found: Found) -> None:
    """Written beside and then renamed; a cache that cannot be written costs time, nothing else."""
    file = _file(device)
    part = file.with_suffix(f".{os.getpid()}")
    try:
        part.write_text(json.dumps({"device": device.identity, "found": found}, indent=1), encoding="utf-8")
        os.replace(part, file)
    except OSError:
        part.unlink(missing_ok=True)
