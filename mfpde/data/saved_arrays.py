"""Arrays of a network in an .npz file: nothing is allocated for a file that is not what it should be."""

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mfpde.data import arrays
from mfpde.errors import InputError, nearest, within_reach
from mfpde.foreign import what_is


def load_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays, after a look at their headers, so that nothing is allocated for a wrong file."""
    found = what_is(path)
    if found.startswith(("is a folder", "is no file")):
        raise InputError(f"{path}: {found}; expected an .npz file of a network's parameters")
    if found == "does not exist":
        others = sorted(file.name for file in path.parent.glob("*.npz")) if path.parent.is_dir() else []
        raise InputError(f"{path}: no such file{nearest(path.name, others)}")
    known = list(dict.fromkeys(["time", *names, *(["w"] if "w1" in names else []), "weights", "scaling"]))
    try:
        with within_reach(path):
            opened = zipfile.ZipFile(path)
        with opened as archive:
            total = sum(_check_member(path, archive, member, known) for member in archive.infolist())
            if total > arrays.MAX_NUMBERS:
                raise InputError(
                    f"{path}: holds {total} numbers in all, too large; expected at most {arrays.MAX_NUMBERS},"
                    " so save fewer times"
                )
            return {name: arrays.read_member(archive, name) for name in arrays.names_in(archive)}
    except InputError:
        raise
    # damaged archives fail in zipfile, zlib, tokenize, ast or NumPy, each with errors of its own
    except Exception:
        raise InputError(
            f"{path}: is not a readable .npz file of arrays; expected what numpy.savez writes"
        ) from None


def _check_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, known: list[str]) -> int:
    """The count of numbers of one array, by its header alone."""
    name = member.filename.removesuffix(".npy")
    if name == "b" and "b" not in known:
        raise InputError(
            f"{path}: holds 'b', but the model has no bias (model.bias = false){nearest(name, known)}"
        )
    if name not in known:
        raise InputError(
            f"{path}: holds {name[:40]!r}, which is no parameter of the model{nearest(name[:40], known)}"
        )
    with archive.open(member) as file:
        try:
            shape, dtype = arrays.read_header(file, member.file_size)  # type: ignore[arg-type]
        except arrays.Oversized as error:
            raise InputError(f"{path}: '{name}' {error}") from None
    expected = "text" if name == "scaling" else "real numbers"
    if dtype.kind not in ("US" if name == "scaling" else "iuf"):
        raise InputError(f"{path}: '{name}' has type {str(dtype)[:40]}; expected {expected}")
    return math.prod(shape) * max(dtype.itemsize // 8, 1)


def finite_numbers(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """An array in float64.

    Raises:
        InputError: it holds a number that is not finite.
    """
    # of extended precision; what overflows is no longer finite
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.asarray(array, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        raise InputError(
            f"{path}: '{name}' holds {values[tuple(bad[0])]} at index {text_of(bad[0])}; expected finite"
            " numbers"
        )
    return values


def text_of(shape: Sequence[int] | np.ndarray) -> str:
    """A shape as Python writes it."""
    return f"({', '.join(str(int(n)) for n in shape)}{',' if len(shape) == 1 else ''})"
