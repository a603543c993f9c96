"""NumPy files of strangers: headers are read first, nothing is allocated for what they claim."""

import math
import warnings
import zipfile
from typing import BinaryIO

import numpy as np

#: in one file; 2 GB in double precision
MAX_NUMBERS = 1 << 28
#: bytes; headers of plain arrays have 118
MAX_HEADER = 10_000


class Oversized(ValueError):
    """An array that is not read: larger than its file, larger than is read, or of Python objects."""


def read_header(file: BinaryIO, held: int) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of the array in an NPY file or a member of an NPZ file.

    Arguments:
        held: bytes of the file.
    Raises:
        Oversized: the array claims more.
        ValueError: no such file; damaged headers also fail in tokenize and ast, with errors of their own.
    """
    version = np.lib.format.read_magic(file)
    start = file.tell()
    # for which NumPy would make room
    if int.from_bytes(file.read(2 if version == (1, 0) else 4), "little") > MAX_HEADER:
        raise ValueError("the header is too long")
    file.seek(start)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    # of a damaged header, which is read as an expression of Python
    with warnings.catch_warnings(action="ignore"):
        shape, _, dtype = read(file)
    if dtype.hasobject:
        raise Oversized("is of Python objects, which are not read; save numbers, as by astype(float)")
    claimed = math.prod(shape) * dtype.itemsize  # Python's integers do not overflow
    if not all(length >= 0 for length in shape) or claimed > min(held, 8 * MAX_NUMBERS):
        raise Oversized(
            f"has shape ({', '.join(map(str, shape))}), too large for what the file holds; it may be damaged"
        )
    return shape, dtype


def read_array(file: BinaryIO, held: int) -> np.ndarray:
    """The array of an NPY file.

    Raises:
        Oversized: it claims more than `held` bytes.
    """
    read_header(file, held)
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """One array of an NPZ file.

    Raises:
        Oversized: it claims more than its member holds.
        KeyError: there is none of that name.
    """
    member = archive.getinfo(f"{name}.npy")
    with archive.open(member) as file:
        return read_array(file, member.file_size)  # type: ignore[arg-type]


def names_in(archive: zipfile.ZipFile) -> list[str]:
    """Names of the arrays of an NPZ file."""
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
