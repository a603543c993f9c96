"""Tables for hostile inputs, of every format that is read."""

import bz2
import gzip
import io
import lzma
import warnings
import zipfile
from collections.abc import Callable
from random import Random

import h5py
import numpy as np
import pandas as pd
from scipy.io import netcdf_file

from validation.fuzz_bytes import marks
from validation.fuzz_edits import edit

_CELLS = [
    "", " ", "\x00", "\ufeff", "9" * 500, "1", "-2.5", "1e5", "nan", "inf", "1_0", "x", '"', '"1"', "1e999",
    "0x1", "١", "1;2", "true", "1,2", "é",
]  # fmt: skip
_ATTRIBUTES = [
    "_FillValue", "missing_value", "scale_factor", "add_offset", "_Unsigned", "valid_range", "valid_min",
]  # fmt: skip
#: text tables, and how they are compressed
TEXTS: dict[str, Callable[[bytes], bytes]] = {
    ".csv": bytes,
    ".tsv": bytes,
    ".dat": bytes,
    ".csv.gz": gzip.compress,
    ".txt.bz2": bz2.compress,
    ".csv.xz": lzma.compress,
}
_DTYPES = [
    "<f8", "<f4", "<i8", "|b1", "<f2", "<c16", "|O", "<U3", "|S4", "<M8[s]", ">f8", "<u8", "|V8", "<f16",
]  # fmt: skip
_SHAPES = [
    "(3,)", "(3, 4)", "()", "(0,)", "(0, 4)", "(3, 4, 1)", "(-1,)", "(4611686018427387904, 4)",
    "(1000000000000,)", "(3, 0)", "(True,)", "3", "(2,)*9", "(10**9,)",
]  # fmt: skip
_MEMBERS = (
    ["x", "y"],
    ["time", "a", "w", "b"],
    ["time", "a", "w", "b", "scaling", "weights"],
    ["x", "y", "x"],
    ["../x", "y"],
)


def table(random: Random) -> tuple[str, bytes, list[int]]:
    """A table that is nearly right: its suffix, its content, where its structures begin."""
    suffix = random.choice((*TEXTS, ".npy", ".npz", ".h5", ".nc", ".parquet"))
    if suffix in TEXTS:
        return suffix, TEXTS[suffix](_text(random)), []
    if suffix == ".nc":
        return suffix, _netcdf(random), []
    content = BINARIES[suffix](random)
    return suffix, content, marks(content)


def _text(random: Random) -> bytes:
    """Rows of a table with separators."""
    rows = [random.choice((["x", "y"], ["x", "y", "z"], ["y", "x"], ["x ", " y"], ["x;y"], ["x", "x"], []))]
    for _ in range(random.choice((0, 1, 5, 30))):
        rows.append(
            [random.choice(("1", "2.5", "-3e1") if random.random() < 0.9 else _CELLS) for _ in rows[0]]
        )
    if random.random() < 0.1:
        rows.append(["1"] * random.choice((1, 9, 5000)))
    if random.random() < 0.05:
        rows.append(["9" * 200_000])
    rows = [[f"# {random.choice(_CELLS)}"], *rows] if random.random() < 0.2 else rows
    separator = random.choice((",", ",", ";", "\t", " ", " | "))
    text = random.choice(("\n", "\r\n", "\r")).join(separator.join(row) for row in rows)
    return text.encode(random.choice(("utf-8", "utf-8-sig", "utf-16")))


def _parquet(random: Random) -> bytes:
    stream = io.BytesIO()
    pd.DataFrame({"x": [1, 2, 3], "y": [1.5, None, 2.5], "z": list("abc")}).to_parquet(stream)
    return stream.getvalue()


def _hdf5(random: Random) -> bytes:
    version = random.choice(("earliest", "latest"))
    with h5py.File("table", "w", driver="core", backing_store=False, libver=version) as file:
        file["x"], file["group/y"], file["y"] = np.arange(6.0).reshape(3, 2), np.arange(3), np.arange(3.0)
        for name in random.sample(_ATTRIBUTES, random.randrange(3)):
            file["x"].attrs[name] = random.choice(
                (0.0, 1.5, np.int16(-1), "true", [0.0, 1.0], np.nan, "", np.zeros((2, 2)))
            )
        for _ in range(random.randrange(3)):
            edit(random, file, None)
        file.flush()
        return file.id.get_file_image()


def _archive(random: Random) -> bytes:
    """Arrays in an archive of NumPy, among them such as hold a network."""
    stream = io.BytesIO()
    names = random.choice(_MEMBERS)
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(stream, "w", method) as archive:
        for name in names:
            member = _scaling(random) if name == "scaling" else _npy(random, 0.15)
            archive.writestr(
                random.choice((f"{name}.npy",) * 9 + (name,)),
                member if random.random() < 0.995 else bytes(20_000_000),
            )
    return stream.getvalue()


def _netcdf(random: Random) -> bytes:
    """The classic format of netCDF."""
    stream = io.BytesIO()
    file = netcdf_file(stream, "w")
    file.createDimension("k", random.choice((3, 3, 3, None)))
    for name in ("x", "y"):
        variable = file.createVariable(name, random.choice(("d", "f", "i4", "i2", "i1", "c")), ("k",))
        variable[:] = np.arange(3).astype(variable.typecode())
        for attribute in random.sample(_ATTRIBUTES, random.randrange(3)):
            setattr(
                variable,
                attribute,
                random.choice((1, "true", np.array([0.0, 1.0])) if attribute != "_FillValue" else (1,)),
            )
    file.flush()
    return stream.getvalue()


def _npy(random: Random, wrong: float = 0.5) -> bytes:
    stream = io.BytesIO()
    fields = np.array([(1.0, 2.0)] * 3, dtype=[("x", "f8"), ("y", "f4")])
    np.save(
        stream,
        random.choice(
            (np.arange(3.0), np.arange(3.0) + 1, np.arange(12.0).reshape(3, 4), np.arange(3) > 1, fields)
        ),
    )
    content = stream.getvalue()
    if random.random() < wrong:
        order = random.choice(("False", "True", "1"))
        header = (
            f"{{'descr': '{random.choice(_DTYPES)}', 'fortran_order': {order}, 'shape':"
            f" {random.choice(_SHAPES)}, }}"
        )
        text = header.encode().ljust(random.choice((117, 117, 117, 70000))) + b"\n"
        content = (
            b"\x93NUMPY\x01\x00"
            + (len(text) & 0xFFFF).to_bytes(2, "little")
            + text
            + bytes(random.choice((0, 24, 96)))
        )
    return content


def _scaling(random: Random) -> bytes:
    stream = io.BytesIO()
    np.save(
        stream,
        np.array(
            random.choice(("mean", "sum", "sqrt", "", "x" * 500, "\n")) if random.random() < 0.9 else 1.0
        ),
    )
    return stream.getvalue()


#: binary formats, in whose structures bytes are changed
BINARIES: dict[str, Callable[[Random], bytes]] = {
    ".parquet": _parquet,
    ".h5": _hdf5,
    ".npy": _npy,
    ".npz": _archive,
}
