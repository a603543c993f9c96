"""What this machine offers: devices, optional packages, and advice on what is missing."""

import importlib.util
from typing import Any

from mfpde.device.runtime import ADVICE, find_devices, runtime_versions

#: optional package -> what it is good for
EXTRAS = {
    "fipy": "an independent finite-volume solver, --backend fipy",
    "vtk": "read outputs with VTK",
    "silx": "view outputs with silx",
    "ot": "cross-check distances with POT",
}


def examine() -> dict[str, Any]:
    """Devices, runtimes, extras and advice, under stable keys."""
    devices = find_devices()
    usable = [d for d in devices if d.has_float64]
    described = [{"number": k, **d.describe(), "default": bool(usable) and d is usable[0]} for k, d in enumerate(devices)]
    advice = []
    if not devices:
        advice.append(f"no OpenCL device was found: {ADVICE}")
    elif not usable:
        advice.append(f"no device has double precision, which every run needs: {ADVICE}")
    for d in usable[:1]:
        if problem := _self_test(d):
            advice.append(f"the device '{d.name}' failed its self-test: {problem}")
    extras = {name: {"installed": importlib.util.find_spec(name) is not None, "purpose": purpose} for name, purpose in EXTRAS.items()}
    return {"devices": described, "runtimes": runtime_versions(), "extras": extras, "advice": advice}


def _self_test(device) -> str | None:
    """Build and run a small kernel; what went wrong, or None."""
    import numpy as np

    from mfpde.device.buffers import Buffers, Reduction
    from mfpde.device.program import build_program, precision_constants

    try:
        program = build_program(device, ["reductions.cl"], precision_constants(np.dtype(np.float64), 1) | {"NEGLIGIBLE": 0})
        buffers = Buffers(device)
        total = Reduction(buffers, program, 1000)(buffers.upload(np.arange(1000.0)), "sum")
    except Exception as error:  # a driver may fail in any way; the doctor must still report
        return f"{type(error).__name__}: {error}"
    return None if total == 499500.0 else f"a sum of 0 ... 999 came out as {total}"
