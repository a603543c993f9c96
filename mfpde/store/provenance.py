"""Where an output came from: code, machine, libraries, data, command."""

import datetime
import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from mfpde.device.kernel_files import kernels_digest
from mfpde.letters import spell
from mfpde.version import __version__

HOST = "host (NumPy)"  #: stands for a device where there is none
LIBRARIES = ("numpy", "scipy", "pyopencl", "pocl-binary-distribution", "h5py", "xarray", "sympy", "pydantic")


def what_computes(device: dict[str, Any] | None, data_digest: str) -> dict[str, Any]:
    """Facts that decide the bits of a result; a resumed run compares them. Plain text and numbers."""
    return {
        "mfpde_version": __version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "device": device or {"name": HOST},
        "kernels_sha256": kernels_digest(),
        "data_sha256": data_digest,
    }


def circumstances() -> dict[str, Any]:
    """What else a reader needs to reproduce a run; plain text and numbers."""
    return {
        "git_revision": _git_revision(),
        "command": spell(
            " ".join(Path(word).name if index == 0 else word for index, word in enumerate(sys.argv)), "utf-8"
        ),
        "started": now(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES if _version(name)},
    }


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _git_revision() -> str:
    folder = Path(__file__).resolve().parent
    if not (folder.parents[1] / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
