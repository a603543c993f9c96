"""A probe of an OpenCL device, in a process of its own, since drivers may crash: `python -m
mfpde.verify.probe REQUEST`.

The request names a device, how kernels are built for it, and a kind of kernels. These are compiled (or
loaded, if a process before has compiled them), run on a small case and compared with the NumPy reference.
What is wrong, if anything, is the last line on stdout.
"""

import json
import sys
from typing import Any

import numpy as np

from mfpde.errors import MfpdeError, first_line
from mfpde.verify.kinds import KINDS

#: by what results may differ, relative to the largest number
ROUNDING = {"float64": 1e-11, "float32": 2e-4}


def problem_of(kind: str, precision: str, device: Any) -> str:
    """What is wrong with a kind of kernels on a device; empty if nothing is."""
    from mfpde.device import cache

    cache.rebuilt.clear()
    bound = ROUNDING[precision if device.has_float64 else "float32"]
    sides = KINDS[kind](precision, device)
    expected = next(sides)
    try:
        found = next(sides)
    except MfpdeError as error:
        return str(error)
    except Exception as error:  # whatever a driver may do
        return f"{type(error).__name__}: {first_line(error)}"
    for name, right in expected.items():
        apart = np.max(np.abs(found[name] - right), initial=0.0) / max(
            np.max(np.abs(right), initial=0.0), 1e-3
        )
        if not apart <= bound:
            return f"{name} of the {kind} differs from the reference by {apart:.1e} (at most {bound:.0e})"
    return "programs come back from the driver's cache without their kernels" if cache.rebuilt else ""


def main(request: str) -> None:
    """Answer one request, as `mfpde.device.trust` makes it."""
    from mfpde.device.runtime import Manner, find_devices

    asked = json.loads(request)
    devices = [device for device in find_devices() if device.identity == asked["device"]]
    if not devices:
        print(json.dumps({"problem": "it is not there when a second process looks for it"}))
        return
    device = devices[min(asked["number"], len(devices) - 1)].built(Manner(**asked["manner"]))
    print(json.dumps({"problem": problem_of(asked["kind"], asked["precision"], device)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
