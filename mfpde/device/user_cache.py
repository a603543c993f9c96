"""Folders in which drivers and bindings keep what they have compiled: temporary ones where the user's cannot
be written.

Without one PoCL shows no device or compiles nothing, and pyopencl fails.
"""

import os
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

from mfpde.device.scratch import make_scratch

#: in the user's cache folder: our own, PoCL's and pyopencl's
NAMES = ("mfpde", "pocl", "pyopencl", "pytools")
VARIABLE, POCL_VARIABLE = "XDG_CACHE_HOME", "POCL_CACHE_DIR"
TRIAL = 2**16  #: bytes, which a full disk has no room for


@cache
def prepare_user_cache() -> str:
    """Give this process, and those it starts, temporary folders where the user's cannot be written.

    To be called before pyopencl and drivers are loaded.

    Returns:
        What was done and why, in a sentence; empty if nothing was.
    """
    told = []
    try:
        given = os.environ.get(POCL_VARIABLE)
        if given and (problem := _problem(Path(given))):
            os.environ[POCL_VARIABLE] = str(make_scratch("mfpde-pocl-"))
            told.append(f"{POCL_VARIABLE}: {problem}")
        if problem := next(
            filter(None, (_problem(platformdirs.user_cache_path(name)) for name in NAMES)), ""
        ):
            os.environ[VARIABLE] = str(make_scratch("mfpde-cache-"))
            told.append(problem)
    except OSError as error:
        return (
            f"compiled programs can be kept nowhere: {problem}, nor can a temporary folder be made"
            f" ({error.strerror})"
        )
    return f"{' and '.join(told)}, so compiled programs are kept for this process alone" if told else ""


def _problem(folder: Path) -> str:
    """Why a folder cannot be written to; empty if it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(TRIAL))
    except OSError as error:
        return f"'{folder}' cannot be written to ({error.strerror})"
    return ""
