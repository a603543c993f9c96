"""Whether drivers can be asked for their devices: one that crashes then takes the process with it, so another
process asks first.

If it dies, every registered driver is asked alone, and from then on the loader is shown those that answer.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import platformdirs
import pyopencl as cl

from mfpde.device import false_driver
from mfpde.device.apart import run_apart
from mfpde.device.runtime import runtime_versions
from mfpde.device.scratch import make_scratch
from mfpde.device.vendors import (
    FOLDERS,
    USER_VARIABLES,
    VARIABLE,
    intel_library,
    registrations,
    user_variable,
    write_registrations,
)

PROGRAM = "from mfpde.device.drivers import main; main()"


def settle_drivers(anew: bool = False) -> tuple[bool, str]:
    """Make sure that drivers can be asked for their devices.

    What another process found is remembered, unless no driver can be asked.

    Arguments:
        anew: ask again.
    Returns:
        Whether they can be asked, and what is wrong with those that cannot.
    """
    if false_driver.PROBING in os.environ:
        return True, ""
    mark = platformdirs.user_cache_path("mfpde") / "devices" / f"{_key()}.asked"
    kept = None if anew else _read(mark)
    if kept is None:
        kept = _ask_all()
        if kept["can"]:
            _write(mark, kept)
    if kept["only"] is not None:
        _show_only(kept["only"])
    return bool(kept["can"]), str(kept["problem"])


def _ask_all() -> dict:
    problem = _ask(None)
    if not problem:
        return {"can": True, "only": None, "problem": ""}
    told = (
        f"the OpenCL drivers ({', '.join(_registered()) or 'the embedded one'}) cannot be asked for their"
        f" devices: {problem}"
    )
    if not _registered() or user_variable():
        return {"can": False, "only": None, "problem": told}
    alone = {library: _ask([library]) for library in _registered()}
    good = [library for library, problem in alone.items() if not problem]
    if _ask(good):
        return {"can": False, "only": None, "problem": told}
    bad = "; ".join(
        f"'{library}' is passed over, since {problem}" for library, problem in alone.items() if problem
    )
    return {"can": True, "only": good, "problem": f"the OpenCL driver {bad}"}


def _ask(only: Sequence[str] | None) -> str:
    """What goes wrong when a process asks all drivers, or some, for their devices; empty if nothing does."""
    if only is None:
        return run_apart(["-c", PROGRAM])[0]
    with tempfile.TemporaryDirectory(prefix="mfpde-vendors-") as folder:
        write_registrations(Path(folder), only)
        return run_apart(["-c", PROGRAM], environment={VARIABLE: folder})[0]


def _show_only(libraries: Sequence[str]) -> None:
    """Let the loader of this process, and of those it starts, see these drivers alone."""
    folder = make_scratch("mfpde-vendors-")
    write_registrations(folder, libraries)
    os.environ[VARIABLE] = str(folder)


def main() -> None:
    """Ask, in the other process."""
    from mfpde.device.runtime import find_devices

    print(json.dumps({"problem": "", "devices": len(find_devices())}), flush=True)


def _registered() -> list[str]:
    intel = intel_library()
    return list(dict.fromkeys([*registrations(FOLDERS), *([str(intel)] if intel else [])]))


def _key() -> str:
    """Changes when a driver is installed, removed, or replaced by another version."""
    libraries = [
        (name, os.stat(name).st_mtime_ns if Path(name).is_absolute() and Path(name).exists() else 0)
        for name in _registered()
    ]
    chosen = [os.environ.get(name, "") for name in (*USER_VARIABLES, false_driver.VARIABLE)]
    return hashlib.sha256(repr((cl.VERSION, runtime_versions(), libraries, chosen)).encode()).hexdigest()[:32]


def _read(mark: Path) -> dict | None:
    try:
        kept = json.loads(mark.read_text(encoding="utf-8"))
        return {"can": kept["can"], "only": kept["only"], "problem": kept["problem"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(mark: Path, kept: dict) -> None:
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        part = mark.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(kept), encoding="utf-8")
        os.replace(part, mark)
    except OSError:  # asked again next time
        pass
