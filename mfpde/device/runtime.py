"""Find OpenCL devices and choose one, without asking questions."""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import pyopencl as cl

from mfpde.device.cache import prepare_user_cache
from mfpde.device.vendors import INTEL_PACKAGE, intel_registered
from mfpde.errors import InputError, nearest

ADVICE = 'install the embedded CPU runtime with: pip install "pyopencl[pocl]"; or run without OpenCL: --backend numpy'

#: beginnings of platform names of the CPU runtimes that pip can install
CPU_RUNTIMES = {"Intel": "intel", "Portable Computing Language": "pocl"}


@dataclass(frozen=True)
class Device:
    """An OpenCL device and what we need to know of it."""

    cl_device: cl.Device

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
        """Whether the device is a CPU: rows and vector types then, cells and scalars otherwise."""
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
        """Whether double precision is supported; every run needs it, since sums are float64."""
        return bool(self.cl_device.double_fp_config)

    def is_called(self, part: str) -> bool:
        """Whether a user who says this (in lower case) means this device: "intel" and "pocl" are runtimes, else a part of its names."""
        if part in CPU_RUNTIMES.values():  # PoCL's devices bear the name of an Intel processor too
            return self.runtime == part or part in self.platform.lower()
        return part in f"{self.platform} {self.name}".lower()

    @cached_property
    def context(self) -> cl.Context:
        """Context of this device alone."""
        return cl.Context([self.cl_device])

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
        }


@cache
def _cl_devices() -> list[cl.Device]:
    """Devices of all drivers. The loader looks for drivers once in a process, so what it needs must be there before it is first asked."""
    prepare_user_cache()
    devices: list[cl.Device] = []
    try:
        with intel_registered():
            platforms = cl.get_platforms()
    except cl.Error:
        return []
    for platform in platforms:
        try:
            devices += platform.get_devices()
        except cl.Error:
            continue  # a platform whose driver is installed but whose hardware is absent
    return devices


def preference(device: Device) -> tuple[bool, int]:
    """Sorts devices: double precision before none; GPUs, then CPUs under Intel's runtime, PoCL and others."""
    if device.is_gpu:
        return not device.has_float64, 0
    return not device.has_float64, {"intel": 1, "pocl": 2, "": 3}[device.runtime]


def find_devices() -> list[Device]:
    """All OpenCL devices, those we would rather use first."""
    return sorted((Device(d) for d in _cl_devices()), key=preference)


def default_device(devices: Sequence[Device]) -> tuple[Device, dict[str, str]]:
    """The first of sorted devices that works, and what is wrong with those before it, by name.

    The last one that has double precision is not tested: there is no other to fall back to.
    """
    usable = [d for d in devices if d.has_float64] or devices[:1]
    problems: dict[str, str] = {}
    for device in usable[:-1]:
        from mfpde.device.doctor import self_test

        problem = self_test(device)
        if problem is None:
            return device, problems
        problems[device.name] = problem
    return usable[-1], problems


def choose_device(selector: str | None = None) -> Device:
    """The device a user asked for, by number in the list of `doctor` or by part of its name; else the default one.

    Raises:
        InputError: no device, no such device, or one without double precision.
    """
    devices = find_devices()
    if not devices:
        raise InputError(f"no OpenCL device was found; {ADVICE}")
    if selector is None:
        chosen, _ = default_device(devices)
    elif not selector:
        raise InputError("--device: is empty; expected a number or part of a name, see mfpde doctor")
    elif selector.isdigit():
        if int(selector) >= len(devices):
            raise InputError(f"--device {selector}: there are {len(devices)} device(s), numbered from 0; see mfpde doctor")
        chosen = devices[int(selector)]
    else:
        matches = [d for d in devices if d.is_called(selector.lower())]
        if not matches:
            raise InputError(f"--device {selector}: no OpenCL device of that name{nearest(selector, [d.name for d in devices])}")
        chosen = matches[0]
    if not chosen.has_float64:
        raise InputError(f"the OpenCL device '{chosen.name}' has no double precision, which sums and energies need; {ADVICE}")
    return chosen


def runtime_versions() -> dict[str, str]:
    """Versions of the OpenCL binding and the embedded runtime."""
    versions = {}
    for package in ("pyopencl", "pocl-binary-distribution", INTEL_PACKAGE):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
