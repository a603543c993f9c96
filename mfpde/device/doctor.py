"""What this machine offers: runtimes, devices, optional packages, and advice on what is missing."""

import ctypes
import importlib.util
import platform
from collections.abc import Sequence
from typing import Any

import numpy as np

from mfpde.device.buffers import Buffers, Reduction
from mfpde.device.program import build_program, precision_constants
from mfpde.device.runtime import ADVICE, Device, default_device, find_devices, runtime_versions
from mfpde.device.vendors import intel_library, user_variable

#: optional package -> what it is good for
EXTRAS = {
    "fipy": "an independent finite-volume solver, --backend fipy",
    "vtk": "read outputs with VTK",
    "silx": "view outputs with silx",
    "ot": "cross-check distances with POT",
}


def examine() -> dict[str, Any]:
    """Devices, the default one and why, runtimes, extras, advice on what is wrong and tips on what is optional, under stable keys."""
    devices = find_devices()
    advice, reason, chosen = [], "", None
    if not devices:
        advice.append(f"no OpenCL device was found: {ADVICE}")
    elif not any(d.has_float64 for d in devices):
        advice.append(f"no device has double precision, which every run needs: {ADVICE}")
    else:
        chosen, problems = default_device(devices)
        if last := self_test(chosen):
            problems[chosen.name] = last
        advice += [f"the device '{name}' failed its self-test: {problem}" for name, problem in problems.items()]
        reason = why_default(chosen, devices)
    if problem := _intel_problem(devices):
        advice.append(problem)
    extras = {name: {"installed": importlib.util.find_spec(name) is not None, "purpose": purpose} for name, purpose in EXTRAS.items()}
    return {
        "devices": [{"number": k, **d.describe(), "default": d is chosen} for k, d in enumerate(devices)],
        "default_reason": reason,
        "runtimes": runtime_versions(),
        "extras": extras,
        "advice": advice,
        "tips": _tips(devices),
    }


def why_default(chosen: Device, devices: Sequence[Device]) -> str:
    """Why a device is the default, in a sentence."""
    usable = [d for d in devices if d.has_float64]
    if len(usable) == 1:
        return "it is the only one with double precision" if len(devices) > 1 else "it is the only one"
    if chosen is not usable[0]:
        return "those before it failed their self-test"
    if chosen.is_gpu:
        return "GPUs with double precision come first"
    if chosen.runtime == "intel":
        return "Intel's runtime is the fastest on CPUs"
    return "it is the first with double precision"


def self_test(device: Device) -> str | None:
    """Build and run a small kernel; what went wrong, or None."""
    try:
        program = build_program(device, ["reductions.cl"], precision_constants(np.dtype(np.float64), 1) | {"NEGLIGIBLE": 0})
        buffers = Buffers(device)
        total = Reduction(buffers, program, 1000)(buffers.upload(np.arange(1000.0)), "sum")
    except Exception as error:  # a driver may fail in any way; there may be another device
        return f"{type(error).__name__}: {error}"
    return None if total == 499500.0 else f"a sum of 0 ... 999 came out as {total}"


def _intel_problem(devices: Sequence[Device]) -> str | None:
    """Why Intel's runtime is installed and yet not among the devices."""
    library = intel_library()
    if library is None or any(d.runtime == "intel" for d in devices):
        return None
    if variable := user_variable():
        return f"the Intel CPU runtime is installed, but {variable} is set, and only what it names is looked for"
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return f"the Intel CPU runtime is installed but cannot be loaded: {error}; is intel-cmplr-lib-rt installed beside it?"
    return "the Intel CPU runtime is installed but shows no device"


def _tips(devices: Sequence[Device]) -> list[str]:
    can_have_intel = platform.system() == "Linux" and platform.machine() == "x86_64" and intel_library() is None
    if can_have_intel and not any(d.runtime == "intel" or (d.is_gpu and d.has_float64) for d in devices):
        return ['optional: Intel\'s CPU runtime is often faster than PoCL and runs on AMD processors too: pip install "mfpde[intel]"']
    return []
