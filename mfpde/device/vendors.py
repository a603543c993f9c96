"""Let the OpenCL loader find the Intel CPU runtime that `pip install "mfpde[intel]"` brings.

The loader reads a folder of registrations once in a process: *.icd files, each with the name of a driver's
library. Those in Intel's wheel name a path that exists nowhere, and a folder given by an environment variable
replaces the system's. So while the loader reads, the variable names a temporary folder that holds the
system's registrations and Intel's library. (PoCL's is found by pyopencl's own loader in any case.)
"""

import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "OCL_ICD_VENDORS"
#: variables by which users choose registrations themselves: then nothing is added to their choice
USER_VARIABLES = (VARIABLE, "OPENCL_VENDOR_PATH", "OCL_ICD_FILENAMES")
#: where the loaders of the system and of conda look
FOLDERS = (Path("/etc/OpenCL/vendors"), Path(sys.prefix) / "etc/OpenCL/vendors")
INTEL_PACKAGE, INTEL_LIBRARY = "intel-opencl-rt", "libintelocl.so"


def intel_library() -> Path | None:
    """The library of the installed Intel CPU runtime."""
    try:
        files = importlib.metadata.files(INTEL_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    # resolved, because the libraries it needs are looked for beside it
    found = (Path(str(file.locate())).resolve() for file in files if file.name == INTEL_LIBRARY)
    return next((path for path in found if path.exists()), None)


def user_variable() -> str | None:
    """The variable by which the user has chosen registrations, if any."""
    return next((name for name in USER_VARIABLES if os.environ.get(name)), None)


def registrations(folders: tuple[Path, ...]) -> list[str]:
    """Libraries that folders of *.icd files name, each once, without paths that do not exist."""
    libraries = []
    for folder in folders:
        for file in sorted(folder.glob("*.icd")):
            try:
                library = file.read_text(encoding="utf-8").partition("\n")[0].strip()
            except (OSError, UnicodeDecodeError):
                continue
            if library and (not library.startswith("/") or Path(library).exists()):
                libraries.append(library)
    return list(dict.fromkeys(libraries))


def write_registrations(folder: Path, libraries: Sequence[str]) -> None:
    """Fill a folder for the loader.

    Raises:
        OSError: it cannot be written to.
    """
    for number, name in enumerate(libraries):
        (folder / f"{number}.icd").write_text(name, encoding="utf-8")


@contextmanager
def intel_registered() -> Iterator[None]:
    """Inside, the loader finds the Intel CPU runtime too, if it is installed and not registered already."""
    library = intel_library()
    if library is None or user_variable():
        yield
        return
    known = registrations(FOLDERS)
    if any(Path(name).name.startswith(INTEL_LIBRARY) for name in known):
        yield
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="mfpde-vendors-")
        write_registrations(Path(folder.name), [*known, str(library)])
    except OSError:  # nowhere to write: go on with what the system has
        yield
        return
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = folder.name
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
        folder.cleanup()
