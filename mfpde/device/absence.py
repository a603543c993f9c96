"""Why there is no OpenCL device, as far as the loader and the drivers tell, and how to get one."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence

from mfpde.device.vendors import USER_VARIABLES

#: of PoCL: which of its devices it shows; none if it is empty
POCL_DEVICES = "POCL_DEVICES"
#: variables by which pyopencl, PoCL and the loader can be led astray
SUSPECTS = (*USER_VARIABLES, POCL_DEVICES, "PYOPENCL_NO_CACHE")
POCL_PACKAGE = "pocl-binary-distribution"


def why_none(without_devices: Sequence[str]) -> str:
    """Why no device was found.

    Arguments:
        without_devices: names of platforms that were found, and show no device.
    """
    drivers = (
        f", since the driver of {' and of '.join(without_devices)} shows none" if without_devices else ""
    )
    return f"no OpenCL device was found{drivers}{where_set()}"


def where_set() -> str:
    """The variables of the environment that may be the reason, as a clause; empty if none is set."""
    named = [f"{name} is set to '{os.environ[name]}'" for name in SUSPECTS if name in os.environ]
    return f", where {' and '.join(named)}" if named else ""


def how_to_get_one() -> str:
    """How to get an OpenCL device on this platform."""
    if chosen := [name for name in SUSPECTS if name in os.environ]:
        return f"unset {' and '.join(chosen)}; mfpde doctor then tells what is here"
    conda = "with conda: conda env create -f environment.yml (its PoCL exists for Linux, macOS and Windows)"
    if platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64"):
        pocl = "" if _installed(POCL_PACKAGE) else f"pip install {POCL_PACKAGE}, or "
        return f'{pocl}pip install "mfpde[intel]"; or the driver of a GPU; or {conda}'
    if platform.system() == "Linux":
        return f"the system's PoCL (Debian: apt install pocl-opencl-icd), or the driver of a GPU; or {conda}"
    return f"the driver of a GPU, or {conda}"


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
