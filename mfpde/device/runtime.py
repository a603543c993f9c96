"""The OpenCL devices that are here, and which one a user means; `trust` tells which are sound."""

import importlib.metadata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

import pyopencl as cl

from mfpde.device import false_driver, forks, registers
from mfpde.device.user_cache import prepare_user_cache
from mfpde.device.vendors import INTEL_PACKAGE, intel_registered
from mfpde.errors import InputError, nearest

#: beginnings of platform names of the CPU runtimes that pip can install
CPU_RUNTIMES = {"Intel": "intel", "Portable Computing Language": "pocl"}


@dataclass(frozen=True)
class Manner:
    """How kernels are built for a device, where that is not what suits it best by what is known of it."""

    narrowed: int | None = None  #: bytes of explicit vectors, where wider ones were found unsound
    by_cell: bool = False  #: the form for GPUs, one cell or unit per work item, on a CPU too


@dataclass(frozen=True)
class Device:
    """An OpenCL device, what we need to know of it, and how kernels are built for it."""

    cl_device: cl.Device
    manner: Manner = Manner()

    def built(self, manner: Manner) -> "Device":
        """The same device with kernels built in another manner."""
        return replace(self, manner=manner)

    @property
    def by_row(self) -> bool:
        """Whether kernels take the form for CPUs: rows and explicit vectors; else cells and scalars."""
        return self.is_cpu and not self.manner.by_cell

    @property
    def identity(self) -> list[str]:
        """What names a device and its driver in other processes too; devices that are alike share it."""
        d = self.cl_device
        return [
            text.strip()
            for text in (d.platform.name, d.platform.version, d.name, d.version, d.driver_version)
        ]

    @property
    def name(self) -> str:
        """Name the driver gives."""
        return self.cl_device.name.strip()

    @property
    def platform(self) -> str:
        """Name of the platform (the driver's maker)."""
        return self.cl_device.platform.name.strip()

    @property
    def is_cpu(self) -> bool:
        """Whether the device is a CPU."""
        return bool(self.cl_device.type & cl.device_type.CPU)

    @property
    def is_gpu(self) -> bool:
        """Whether the device is a GPU."""
        return bool(self.cl_device.type & cl.device_type.GPU)

    @property
    def runtime(self) -> str:
        """ "intel" or "pocl" for the CPU runtimes that pip can install, else ""."""
        if not self.is_cpu:
            return ""
        return next((short for start, short in CPU_RUNTIMES.items() if self.platform.startswith(start)), "")

    @property
    def has_float64(self) -> bool:
        """Whether double precision is supported; without it, sums are float32 too."""
        return bool(self.cl_device.double_fp_config) and not false_driver.lacks_float64()

    def is_called(self, part: str) -> bool:
        """Whether a user who says this, in lower case, means this device.

        "intel" and "pocl" are runtimes, all else a part of its names.
        """
        if part in CPU_RUNTIMES.values():  # PoCL's devices bear the name of an Intel processor too
            return self.runtime == part or part in self.platform.lower()
        return part in f"{self.platform} {self.name}".lower()

    @property
    def context(self) -> cl.Context:
        """Context of this device alone."""
        forks.refuse_copies()
        return _context(self.cl_device)

    @property
    def sound_bytes(self) -> int:
        """Bytes of the widest vectors that are sound on a CPU, by what is known of its runtime."""
        d = self.cl_device
        return registers.sound_bytes(self.runtime, d.version, d.native_vector_width_double)

    @property
    def vector_bytes(self) -> int:
        """Bytes of explicit vectors: what is sound, or what a probe has narrowed it to; 1 on GPUs.

        There lanes are work items.
        """
        if not self.by_row:
            return 1
        return self.sound_bytes if self.manner.narrowed is None else self.manner.narrowed

    @property
    def form(self) -> str:
        """How kernels are built, in words."""
        return f"rows, vectors of {self.vector_bytes} bytes" if self.by_row else "cells"

    def describe(self) -> dict[str, object]:
        """Plain facts, for `doctor` and for provenance."""
        d = self.cl_device
        return {
            "platform": self.platform,
            "name": self.name,
            "version": d.version.strip(),
            "driver": d.driver_version.strip(),
            "type": "CPU" if self.is_cpu else "GPU" if self.is_gpu else "accelerator",
            "compute_units": d.max_compute_units,
            "memory_bytes": d.global_mem_size,
            "fp64": self.has_float64,
            "kernels": self.form,
        }


@cache
def _context(device: cl.Device) -> cl.Context:
    """The context of a device, one for the life of the process.

    PoCL aborts where a context is released after it has failed to read a program.
    """
    return cl.Context([device])


@cache
def _cl_devices() -> list[cl.Device]:
    """Devices of all drivers.

    The loader looks for drivers once in a process, so what it needs must be there before.
    """
    prepare_user_cache()
    false_driver.crash("list")
    forks.note_loaded()
    try:
        with intel_registered():
            platforms = cl.get_platforms()
    except cl.Error:
        return []
    return [device for platform in platforms for device in _shown(platform)]


def without_devices() -> list[str]:
    """Names of platforms that show no device."""
    with suppress(cl.Error):
        return [platform.name.strip() for platform in cl.get_platforms() if not _shown(platform)]
    return []


def _shown(platform: cl.Platform) -> list[cl.Device]:
    """The devices of a platform; none if its driver is installed but its hardware is absent."""
    with suppress(cl.Error):
        return platform.get_devices()
    return []


def preference(device: Device) -> int:
    """Sorts devices: GPUs, then CPUs under Intel's runtime, PoCL and others."""
    return 0 if device.is_gpu else {"intel": 1, "pocl": 2, "": 3}[device.runtime]


def find_devices() -> list[Device]:
    """All OpenCL devices, those we would rather use first; their number in this list is what users say."""
    forks.refuse_copies()
    return sorted(
        (Device(d) for d in _cl_devices()), key=lambda device: (not device.has_float64, preference(device))
    )


def select(devices: Sequence[Device], selector: str) -> Device:
    """The device a user means, by number in the list of `doctor` or by part of its name.

    Raises:
        InputError: no such device.
    """
    if not selector:
        raise InputError("--device: is empty; expected a number or part of a name, see mfpde doctor")
    if selector.isdigit():
        if int(selector) >= len(devices):
            raise InputError(
                f"--device {selector}: there are {len(devices)} device(s), numbered from 0; see mfpde doctor"
            )
        return devices[int(selector)]
    matches = [d for d in devices if d.is_called(selector.lower())]
    if not matches:
        raise InputError(
            f"--device {selector}: no OpenCL device of that"
            f" name{nearest(selector, [d.name for d in devices])}"
        )
    return matches[0]


def runtime_versions() -> dict[str, str]:
    """Versions of the OpenCL binding and the embedded runtime."""
    versions = {}
    for package in ("pyopencl", "pocl-binary-distribution", INTEL_PACKAGE):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
