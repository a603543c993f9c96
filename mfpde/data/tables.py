"""Named columns of numbers from CSV, NPY, NPZ and HDF5 files."""

import csv
import math
import zipfile
from array import array
from pathlib import Path

import numpy as np

from mfpde.data import arrays
from mfpde.data.hdf5 import are_numbers, datasets, open_hdf5
from mfpde.errors import InputError, nearest


def read_columns(path: Path, names: list[str], where: str) -> np.ndarray:
    """Columns of a table as one array of shape (rows, columns), float64 and finite.

    A name may stand for a two-dimensional array of an NPZ or HDF5 file, which then gives several columns.

    Arguments:
        path: file ending in .csv, .npy, .npz, .h5 or .hdf5.
        names: column names (CSV header, fields of a structured NPY, keys of an NPZ, paths in HDF5).
        where: the case file and key, for messages.
    Raises:
        InputError: missing file, unknown format, missing column, non-numeric, non-finite or ragged cells.
    """
    readers = {".csv": _csv, ".npy": _npy, ".npz": _npz, ".h5": _hdf5, ".hdf5": _hdf5}
    if path.suffix.lower() not in readers:
        raise InputError(f"{where}: cannot read '{path}'; expected a file ending in {', '.join(readers)}")
    if path.is_dir():
        raise InputError(f"{where}: '{path}' is a folder; expected a data file")
    if not path.is_file():
        others = [f.name for f in path.parent.glob("*") if f.suffix in readers] if path.parent.is_dir() else []
        raise InputError(f"{where}: data file '{path}' does not exist{nearest(path.name, sorted(others))}")
    try:
        columns = readers[path.suffix.lower()](path, names, where)
    except (InputError, MemoryError):
        raise
    except UnicodeDecodeError:
        raise InputError(f"{where}: '{path}' is not UTF-8 text; save it as UTF-8") from None
    except arrays.Oversized as error:
        raise InputError(f"{where}: '{path}' holds an array that {error}") from None
    except Exception:  # damaged files fail in csv, zipfile, zlib, tokenize, ast, NumPy and h5py, each with errors of its own
        raise InputError(f"{where}: '{path}' is not a readable {path.suffix[1:].upper()} file of numbers; it may be damaged") from None
    lengths = {name: len(column) for name, column in zip(names, columns, strict=True)}
    if len(set(lengths.values())) > 1:
        raise InputError(f"{where}: columns of '{path}' differ in length: {lengths}")
    table = np.column_stack(columns)
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        row, column = bad[0]
        raise InputError(f"{where}: '{path}' holds {table[row, column]} in row {row + 1} of the data; expected finite numbers")
    return table


def _missing(name: str, known, path: Path, where: str) -> InputError:
    return InputError(f"{where}: '{path}' has no column '{name}'{nearest(name, known)}")


def _csv(path: Path, names: list[str], where: str) -> list[np.ndarray]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        rows = (row for row in reader if any(cell.strip() for cell in row))
        header = [name.strip() for name in next(rows, [])]
        if not header:
            raise InputError(f"{where}: '{path}' is empty; expected a header line and rows of numbers")
        for name in names:
            if name not in header:
                if len(header) == 1 and (separator := next((s for s in ";\t" if s in header[0]), None)):
                    raise InputError(f"{where}: '{path}' seems to be separated by {separator!r}; expected commas")
                raise _missing(name, header, path, where)
        places = [header.index(name) for name in names]
        columns = [array("d") for _ in names]
        for row in rows:
            if len(row) > len(header):
                raise InputError(f"{where}: '{path}', line {reader.line_num}: has {len(row)} cells under a header of {len(header)}")
            for column, place, name in zip(columns, places, names, strict=True):
                column.append(_number(row, place, reader.line_num, name, path, where))
    return [np.array(column) for column in columns]


def _number(row: list[str], index: int, line: int, name: str, path: Path, where: str) -> float:
    cell = row[index].strip() if index < len(row) else ""
    try:
        value = float(cell if "_" not in cell else "")  # Python reads 1_0 as 10; a table does not mean that
    except ValueError:
        raise InputError(f"{where}: '{path}', line {line}, column '{name}': expected a number, got '{cell}'") from None
    if not math.isfinite(value):
        raise InputError(f"{where}: '{path}', line {line}, column '{name}': expected a finite number, got '{cell}'")
    return value


def _numeric(array: np.ndarray, name: str, path: Path, where: str) -> np.ndarray:
    if array.dtype.kind not in "iufb" or array.ndim not in (1, 2):
        raise InputError(f"{where}: '{name}' in '{path}' has type {array.dtype} and shape {array.shape}; expected one or two axes of numbers")
    with np.errstate(over="ignore", invalid="ignore"):  # of extended precision; what overflows is no longer finite
        return np.asarray(array, dtype=np.float64)


def _npy(path: Path, names: list[str], where: str) -> list[np.ndarray]:
    with path.open("rb") as file:
        table = arrays.read_array(file, path.stat().st_size)
    if table.dtype.names is not None:
        fields = {name: table[name] for name in table.dtype.names}
    elif table.ndim == 2:
        fields = {str(i): table[:, i] for i in range(table.shape[1])}
    else:
        raise InputError(f"{where}: '{path}' has shape {table.shape}; expected two axes (columns are then '0', '1', ...) or named fields")
    return _pick(fields, names, path, where)


def _npz(path: Path, names: list[str], where: str) -> list[np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        known = arrays.names_in(archive)
        if missing := [name for name in names if name not in known]:
            raise _missing(missing[0], known, path, where)
        return _pick({name: arrays.read_member(archive, name) for name in names}, names, path, where)


def _hdf5(path: Path, names: list[str], where: str) -> list[np.ndarray]:
    source = f"{where}: '{path}'"
    with open_hdf5(path, source) as file:
        known = datasets(file, source)
        if missing := [name for name in names if name not in known]:
            raise _missing(missing[0], known, path, where)
        if other := [name for name in names if not are_numbers(known[name])]:
            raise InputError(f"{where}: '{other[0]}' in '{path}' has type {known[other[0]].dtype}; expected numbers")
        return _pick({name: known[name][()] for name in names}, names, path, where)


def _pick(fields: dict[str, np.ndarray], names: list[str], path: Path, where: str) -> list[np.ndarray]:
    for name in names:
        if name not in fields:
            raise _missing(name, fields, path, where)
    return [_numeric(np.asarray(fields[name]), name, path, where) for name in names]
