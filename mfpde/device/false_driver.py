"""A driver that fails on purpose, for tests: the variable MFPDE_TEST_DRIVER holds FAULT or FAULT@WHERE.

| FAULT | what happens |
|---|---|
| abort, segfault, hang | the process ends by SIGABRT, by SIGSEGV, or waits for ever |
| zeros | whatever is read from the device is 0 |
| forget | a program that another process has compiled comes back without kernels |
| no_float64 | devices offer no double precision |

WHERE is `list` (when devices are asked for), `wide` (vectors of more than 16 bytes), `rows` (the form for
CPUs), `late` (in the middle of a run, never in a probe), or nothing: wherever kernels are built.
"""

import ctypes
import hashlib
import os
import time
from typing import Any

import platformdirs

VARIABLE = "MFPDE_TEST_DRIVER"
PROBING = "MFPDE_PROBING"  #: set in the processes of probes; its value stands in their programs
READS = 300  #: after which it is late

_reads = 0
_compiled: set[str] = set()


def crash(moment: str, device: Any = None) -> None:
    """End or stop the process, if that is asked for at this moment ("list", "build" or "read")."""
    fault, where = _asked()
    if fault == "abort" and _is_here(where, moment, device):
        os.abort()
    if fault == "segfault" and _is_here(where, moment, device):
        ctypes.string_at(0)
    if fault == "hang" and _is_here(where, moment, device):
        time.sleep(1e6)


def reads_zeros(device: Any) -> bool:
    """Whether what is read from a device is 0."""
    fault, where = _asked()
    return fault == "zeros" and _is_here(where, "build", device)


def lacks_float64() -> bool:
    """Whether devices offer no double precision."""
    return _asked()[0] == "no_float64"


def forgets(source: str, device: Any) -> bool:
    """Whether a program comes back without its kernels: another process has compiled it."""
    fault, where = _asked()
    if fault != "forget" or not _is_here(where, "build", device):
        return False
    digest = hashlib.sha256(source.encode()).hexdigest()
    mark = platformdirs.user_cache_path("mfpde") / "forgotten" / digest
    if mark.exists() and digest not in _compiled:
        return True
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    _compiled.add(digest)
    return False


def _asked() -> tuple[str, str]:
    fault, _, where = os.environ.get(VARIABLE, "").partition("@")
    return fault, where


def _is_here(where: str, moment: str, device: Any) -> bool:
    global _reads
    if where == "late":
        _reads += moment == "read"
        return _reads > READS and PROBING not in os.environ
    if "list" in (where, moment):
        return where == moment
    if moment == "read":
        return False
    if where == "wide":
        return device.by_row and (device.manner.narrowed is None or device.manner.narrowed > 16)
    return device.by_row if where == "rows" else True
