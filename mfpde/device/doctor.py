"""What this machine offers: runtimes, devices, optional packages; and advice on what is missing."""

import ctypes
import importlib.util
import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mfpde.device.absence import how_to_get_one
from mfpde.device.choice import FLOAT32, devices_here, examined
from mfpde.device.needs import USUAL
from mfpde.device.vendors import intel_library, user_variable

if TYPE_CHECKING:
    from mfpde.device.runtime import Device
    from mfpde.device.trust import Tell, Verdict

#: optional package -> what it is good for
EXTRAS = {
    "fipy": "an independent finite-volume solver, --backend fipy",
    "vtk": "read outputs with VTK",
    "silx": "view outputs with silx",
    "ot": "cross-check distances with POT",
}


def examine(tell: "Tell | None" = None) -> dict[str, Any]:
    """Devices, the default one and why, runtimes, extras, advice on what is wrong and tips on what is
    optional, under stable keys.

    Every device is probed anew, for the usual kernels and for all that were asked of it before.

    Arguments:
        tell: told that probes are made, which take seconds.
    """
    devices, problem = devices_here(anew=True)
    advice = [problem] if problem else []
    verdicts = [_probed(device, devices, tell) for device in devices]
    chosen = next(
        (v.sound for v in sorted(verdicts, key=_preference) if v.sound and v.device.has_float64), None
    )
    advice += [f"the device '{v.device.name}' failed its probe: {v.problem}" for v in verdicts if v.problem]
    if chosen is None:
        none = "no device serves in double precision, so runs" if devices else "runs"
        advice.append(f"{none} are on NumPy; to get a device: {how_to_get_one()}")
    if intel := _intel_problem(devices):
        advice.append(intel)
    extras = {
        name: {"installed": importlib.util.find_spec(name) is not None, "purpose": purpose}
        for name, purpose in EXTRAS.items()
    }
    return {
        "devices": [_describe(number, verdict, chosen) for number, verdict in enumerate(verdicts)],
        "default": chosen.name if chosen else "NumPy",
        "default_reason": why_default(chosen, devices) if chosen else "",
        "runtimes": _runtimes(),
        "extras": extras,
        "advice": advice,
        "tips": _tips(devices),
    }


def _probed(device: "Device", devices: "Sequence[Device]", tell: "Tell | None") -> "Verdict":
    from mfpde.device.trust import asked_before

    needs = tuple(dict.fromkeys([*USUAL, *asked_before(device)]))
    if not device.has_float64:
        needs = tuple(need._replace(precision="float32") for need in needs if need.kind != "tangent")
    return examined(device, devices, tuple(dict.fromkeys(needs)), tell, anew=True)


def _preference(verdict: "Verdict") -> int:
    from mfpde.device.runtime import preference

    return preference(verdict.device)


def _describe(number: int, verdict: "Verdict", chosen: "Device | None") -> dict[str, Any]:
    """One device, as it is used."""
    used = verdict.sound or verdict.device
    verdict_text = (
        ("float32 only: " + FLOAT32 if not used.has_float64 else "sound") if verdict.sound else "passed over"
    )
    needs = [str(need) for need in verdict.needs]
    return {
        "number": number,
        **used.describe(),
        "default": used == chosen,
        "verdict": verdict_text,
        "probed": needs,
        "problem": verdict.problem,
    }


def _runtimes() -> dict[str, str]:
    try:
        from mfpde.device.runtime import runtime_versions
    except Exception:  # pyopencl itself cannot be used, which is said already
        return {}
    return runtime_versions()


def why_default(chosen: "Device", devices: "Sequence[Device]") -> str:
    """Why a device is the default, in a sentence."""
    from mfpde.device.runtime import preference

    usable = sorted((d for d in devices if d.has_float64), key=preference)
    if len(usable) == 1:
        return "it is the only one with double precision" if len(devices) > 1 else "it is the only one"
    if chosen.cl_device != usable[0].cl_device:
        return "those before it failed their probe"
    if chosen.is_gpu:
        return "GPUs with double precision come first"
    if chosen.runtime == "intel":
        return "Intel's runtime is the fastest on CPUs"
    return "it is the first with double precision"


def _intel_problem(devices: "Sequence[Device]") -> str | None:
    """Why Intel's runtime is installed and yet not among the devices."""
    library = intel_library()
    if library is None or any(d.runtime == "intel" for d in devices):
        return None
    if variable := user_variable():
        return (
            f"the Intel CPU runtime is installed, but {variable} is set, and only what it names is looked for"
        )
    try:
        ctypes.CDLL(str(library))
    except OSError as error:
        return (
            f"the Intel CPU runtime is installed but cannot be loaded: {error}; is intel-cmplr-lib-rt"
            " installed beside it?"
        )
    return "the Intel CPU runtime is installed but shows no device"


def _tips(devices: "Sequence[Device]") -> list[str]:
    can_have_intel = (
        platform.system() == "Linux" and platform.machine() == "x86_64" and intel_library() is None
    )
    if can_have_intel and not any(d.runtime == "intel" or (d.is_gpu and d.has_float64) for d in devices):
        return [
            "optional: Intel's CPU runtime is often faster than PoCL and runs on AMD processors too: pip"
            ' install "mfpde[intel]"'
        ]
    return []
