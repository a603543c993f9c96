"""Find OpenCL devices and choose one, without asking questions."""

import importlib.metadata
from dataclasses import dataclass
from functools import cached_property

import pyopencl as cl

from mfpde.errors import InputError, nearest

ADVICE = 'install the embedded CPU runtime with: pip install "pyopencl[pocl]"; or run without OpenCL: --backend numpy'


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
    def has_float64(self) -> bool:
        """Whether double precision is supported; every run needs it, since sums are float64."""
        return bool(self.cl_device.double_fp_config)

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
            "type": "CPU" if self.is_cpu else "GPU" if d.type & cl.device_type.GPU else "accelerator",
            "compute_units": d.max_compute_units,
            "memory_bytes": d.global_mem_size,
            "fp64": self.has_float64,
        }


def find_devices() -> list[Device]:
    """All OpenCL devices, those with double precision first, GPUs before CPUs."""
    try:
        platforms = cl.get_platforms()
    except cl.Error:
        return []
    devices = []
    for platform in platforms:
        try:
            devices += [Device(d) for d in platform.get_devices()]
        except cl.Error:
            continue  # a platform whose driver is installed but whose hardware is absent
    return sorted(devices, key=lambda d: (not d.has_float64, d.is_cpu))


def choose_device(selector: str | None = None) -> Device:
    """The device a user asked for, by number in the list of `doctor` or by part of its name; else the first.

    Raises:
        InputError: no device, no such device, or one without double precision.
    """
    devices = find_devices()
    if not devices:
        raise InputError(f"no OpenCL device was found; {ADVICE}")
    if selector is None:
        chosen = devices[0]
    elif not selector:
        raise InputError("--device: is empty; expected a number or part of a name, see mfpde doctor")
    elif selector.isdigit():
        if int(selector) >= len(devices):
            raise InputError(f"--device {selector}: there are {len(devices)} device(s), numbered from 0; see mfpde doctor")
        chosen = devices[int(selector)]
    else:
        matches = [d for d in devices if selector.lower() in f"{d.platform} {d.name}".lower()]
        if not matches:
            raise InputError(f"--device {selector}: no OpenCL device of that name{nearest(selector, [d.name for d in devices])}")
        chosen = matches[0]
    if not chosen.has_float64:
        raise InputError(f"the OpenCL device '{chosen.name}' has no double precision, which sums and energies need; {ADVICE}")
    return chosen


def runtime_versions() -> dict[str, str]:
    """Versions of the OpenCL binding and the embedded runtime."""
    versions = {}
    for package in ("pyopencl", "pocl-binary-distribution", "intel-opencl-rt"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
