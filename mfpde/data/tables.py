"""Named columns of data files, by a reader for each format; see `data.columns` for their meaning."""

import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from mfpde.case.data_tables import Data
from mfpde.data import arrays
from mfpde.data.columns import Column, Table
from mfpde.data.compressed import OPENERS, NoTextError, suffix_of
from mfpde.data.decoded import MEANING, decode
from mfpde.data.hdf5 import attributes, datasets, follow, open_hdf5
from mfpde.data.hdf5_plain import are_numbers
from mfpde.data.parquet import read_parquet
from mfpde.data.text_tables import read_text
from mfpde.errors import InputError, nearest, within_reach
from mfpde.foreign import what_is

TEXT = (".csv", ".tsv", ".txt", ".dat")
#: what people have, and how it becomes a file that is read
ELSEWHERE = {
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".xlsm": "save the sheet as CSV",
    ".ods": "save the sheet as CSV",
    ".json": "write it by pandas as CSV",
    ".feather": "write it by pandas as Parquet or CSV",
    ".mat": "write it by scipy.io.loadmat and numpy.savez as NPZ",
    ".pkl": "it holds objects, which run code when they are read, so write arrays as NPZ and tables as CSV",
    ".pt": "it holds objects, which run code when they are read, so write arrays as NPZ",
    ".zip": "unpack it, or compress it as .csv.gz",
}


def read_table(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, where: str) -> Table:
    """Columns of a data file, as it holds them.

    A name may stand for a two-dimensional array of an NPZ, HDF5 or netCDF file, which then gives several
    columns.

    Arguments:
        path: a file whose name ends in one of `readers()`; text may be compressed.
        names: column names (header of a text table, fields of a structured NPY, keys of an NPZ, paths in
            HDF5).
        texts: those of them whose values may be text.
        reading: how it is read.
        where: the case file and key, for messages.
    Raises:
        InputError: missing file, unknown format, missing column, a cell that is no number, rows of different
            lengths.
    """
    source, suffix = f"{where}: '{path}'", suffix_of(path)
    read = readers().get(suffix)
    if read is None or (suffix not in TEXT and path.suffix.lower() in OPENERS):
        what = path.suffix.lower() if read is not None else suffix
        advice = f"; {ELSEWHERE.get(what, 'a text table needs a name that ends in .csv or .txt')}"
        raise InputError(
            f"{where}: cannot read '{path}'; expected a file ending in {', '.join(readers())}, text also"
            f" compressed as .gz, .bz2 or .xz{advice}"
        )
    try:
        with within_reach(source):
            found = what_is(path)
            if found.startswith(("is a folder", "is no file")):
                raise InputError(f"{source} {found}; expected a data file")
            if not path.is_file():
                others = (
                    [f.name for f in path.parent.glob("*") if suffix_of(f) in readers()]
                    if path.parent.is_dir()
                    else []
                )
                raise InputError(
                    f"{where}: data file '{path}' does not exist{nearest(path.name, sorted(others))}"
                )
            return read(path, names, texts, reading, source)
    except (InputError, MemoryError):
        raise
    except NoTextError as error:
        raise InputError(f"{source} {error}") from None
    except UnicodeDecodeError:
        raise InputError(f"{source} is not UTF-8 text; save it as UTF-8") from None
    except arrays.Oversized as error:
        raise InputError(
            f"{source} holds an array that {error}" if suffix not in TEXT else f"{source} {error}"
        ) from None
    # damaged files fail in pandas, zipfile, zlib, tokenize, ast, NumPy and h5py, each with errors of its own
    except Exception:
        raise InputError(
            f"{source} is not a readable {suffix[1:].upper()} file of numbers; it may be damaged"
        ) from None


Reader = Callable[[Path, Sequence[str], Sequence[str], Data, str], Table]


def readers() -> dict[str, Reader]:
    """What reads a file, by the end of its name."""
    hdf5 = dict.fromkeys((".h5", ".hdf5", ".nc4"), _hdf5)
    return {
        **dict.fromkeys(TEXT, read_text),
        ".npy": _npy,
        ".npz": _npz,
        **hdf5,
        ".nc": _netcdf,
        ".parquet": read_parquet,
    }


def _missing(name: str, known, source: str) -> InputError:
    return InputError(f"{source} has no column '{name}'{nearest(name, known)}")


def _plain(fields: dict[str, np.ndarray], names: Sequence[str], source: str) -> Table:
    """Arrays that hold all their values."""
    for name in names:
        if name not in fields:
            raise _missing(name, fields, source)
    return Table(
        {
            name: _column(Column(fields[name], np.zeros(fields[name].shape, dtype=bool)), name, source)
            for name in names
        },
        source,
    )


def _column(column: Column, name: str, source: str) -> Column:
    kind, shape = column.values.dtype, column.values.shape
    if kind.names is not None:
        raise InputError(
            f"{source}: '{name}' is a table of records with the fields {', '.join(kind.names)}; save each as"
            " an array, or all as Parquet or CSV"
        )
    if kind.kind not in "iufbUS":
        raise InputError(f"{source}: '{name}' has type {kind}; expected real numbers")
    if column.values.ndim not in (1, 2):
        raise InputError(f"{source}: '{name}' has shape {shape}; expected one or two axes")
    return column


def _npy(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, source: str) -> Table:
    with path.open("rb") as file:
        table = arrays.read_array(file, path.stat().st_size)
    if table.dtype.names is not None:
        fields = {name: table[name] for name in table.dtype.names}
    elif table.ndim == 2:
        fields = {str(i): table[:, i] for i in range(table.shape[1])}
    else:
        raise InputError(
            f"{source} has shape {table.shape}; expected two axes (columns are then '0', '1', ...) or named"
            " fields"
        )
    return _plain(fields, names, source)


def _npz(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, source: str) -> Table:
    with zipfile.ZipFile(path) as archive:
        known = arrays.names_in(archive)
        if missing := [name for name in names if name not in known]:
            raise _missing(missing[0], known, source)
        if twice := [name for name in names if known.count(name) > 1]:
            raise InputError(f"{source} has two arrays '{twice[0]}'")
        return _plain({name: arrays.read_member(archive, name) for name in names}, names, source)


def _hdf5(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, source: str) -> Table:
    columns = {}
    with open_hdf5(path, source) as file:
        known = datasets(file, source)
        for name in names:
            found = known.get(name) or known.get(follow(file, name, source))
            if found is None:
                raise _missing(name, known, source)
            if not are_numbers(found):
                advice = (
                    "; save each field as a dataset, or all as Parquet or CSV" if found.dtype.names else ""
                )
                raise InputError(f"{source}: '{name}' has type {found.dtype}; expected numbers{advice}")
            try:
                columns[name] = _column(
                    decode(name, found[()], attributes(found, MEANING, f"{source}: '{name}'")), name, source
                )
            except ValueError as error:
                raise InputError(f"{source}: '{name}' {error}") from None
    return Table(columns, source)


def _netcdf(path: Path, names: Sequence[str], texts: Sequence[str], reading: Data, source: str) -> Table:
    """netCDF-4, which is HDF5, or the classic format before it."""
    with path.open("rb") as file:
        if file.read(3) != b"CDF":
            return _hdf5(path, names, texts, reading, source)
    from scipy.io import netcdf_file

    columns = {}
    if path.stat().st_size > 8 * arrays.MAX_NUMBERS:
        raise arrays.Oversized(f"is one of more than {8 * arrays.MAX_NUMBERS} bytes")
    # from a file it would make room for whatever that claims to hold
    with netcdf_file(BytesIO(path.read_bytes())) as classic:
        for name in names:
            if name not in classic.variables:
                raise _missing(name, list(classic.variables), source)
            variable = classic.variables[name]
            values: np.ndarray = np.array(variable.data)
            found = {key: value for key, value in vars(variable)["_attributes"].items() if key in MEANING}
            columns[name] = _column(
                decode(name, values.astype(values.dtype.newbyteorder("=")), _as_text(found)), name, source
            )
    return Table(columns, source)


def _as_text(attributes: dict) -> dict:
    return {
        key: value.decode(errors="replace") if isinstance(value, bytes) else value
        for key, value in attributes.items()
    }
