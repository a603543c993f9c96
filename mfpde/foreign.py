"""What a path leads to that is not the file it should be, in words that follow on its name."""

from pathlib import Path

from mfpde.errors import InputError, nearest, within_reach

HDF5 = b"\x89HDF\r\n\x1a\n"
#: bytes of a file that are looked at
BEGINNING = 4096


def what_is(path: Path) -> str:
    """Such as "is a folder"; empty for a file of a kind that is not known here. A pipe is not waited for.

    Raises:
        OutOfReachError: the file is locked, or may not be read.
    """
    try:
        with within_reach(path):
            if path.is_dir():
                return "is a folder"
            if not path.is_file():
                return "is no file but a device, a pipe or a socket" if path.exists() else "does not exist"
            with path.open("rb") as file:
                beginning = file.read(BEGINNING)
    except ValueError:
        return "is not the name of a file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not beginning:
        return "is empty"
    if beginning.startswith(HDF5):
        return "is an HDF5 file"
    if beginning.startswith(b"PK\3\4"):
        return "is a ZIP archive, as NPZ files are"
    if path.suffix == ".toml":
        return "is a case file (TOML)"
    return "is text" if beginning.isascii() and b"\0" not in beginning else ""


def refuse_what_is_no_output(path: Path) -> None:
    """Refuse a path that leads to no file in HDF5.

    Raises:
        InputError: with what it is, and what to do with that.
    """
    found = what_is(path)
    if found == "does not exist":
        others = sorted(file.name for file in path.parent.glob("*.h5")) if path.parent.is_dir() else []
        raise InputError(f"{path}: no such output file{nearest(path.name, others)}")
    if found == "is a case file (TOML)":
        raise InputError(f"{path}: {found}; expected an output of mfpde run; to make one: mfpde run {path}")
    if found in ("is empty", "is text", "is a ZIP archive, as NPZ files are"):
        raise InputError(f"{path}: is not a readable HDF5 file (it {found}); expected an output of mfpde run")
    if found not in ("", "is an HDF5 file"):
        raise InputError(f"{path}: {found}; expected an output of mfpde run")
