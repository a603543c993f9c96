"""Forked processes: a driver's threads do not come along, so that a copy of a process that has used OpenCL
would wait for them for ever.

No context made anew helps (PoCL hangs there too), so OpenCL is refused in such a copy. NumPy works, and so
does OpenCL in a copy of a process that had not used it.
"""

import os
import sys
from pathlib import Path

from mfpde.errors import InputError

#: parts of the names of drivers' libraries, by which one is known that was loaded by somebody else
LIBRARIES = ("libpocl", "libintelocl", "libnvidia-opencl", "libamdocl", "libigdrcl", "librusticl")
ADVICE = (
    'multiprocessing.get_context("spawn").Pool(), or'
    ' ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"))'
)

_loaded = False  #: whether drivers were loaded, here or in the process of which this is a copy
_left_behind = False  #: whether they were loaded there


def note_loaded() -> None:
    """Drivers are about to be loaded in this process."""
    global _loaded
    _loaded = True


def refuse_copies() -> None:
    """Refuse OpenCL in a copy of a process that has used it.

    Raises:
        InputError: this is one.
    """
    if _left_behind:
        raise InputError(
            "OpenCL was used before this process was forked, and drivers do not work in the copy; start"
            f' workers by {ADVICE}, or run on NumPy: device="numpy"'
        )


def _after_fork() -> None:
    global _left_behind
    _left_behind = _left_behind or _loaded or _loaded_by_others()


def _loaded_by_others() -> bool:
    """Whether a driver is in the memory of this process, where the system tells (Linux)."""
    if "pyopencl" not in sys.modules:
        return False
    try:
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(name in mapped for name in LIBRARIES)


if hasattr(os, "register_at_fork"):  # systems without it have no forks
    os.register_at_fork(after_in_child=_after_fork)
