"""Binary files for hostile inputs: tables of every format, genuine outputs in every version of HDF5, and
outputs that were edited by hand.
"""

import bz2
import gzip
import io
import lzma
import re
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np
import pandas as pd
from scipy.io import netcdf_file

OUTPUTS = Path(__file__).parents[1] / "tests" / "outputs"
#: a named pipe in the folder of the inputs: whoever opens it waits forever, which counts as a hang
TRAP = "trap.h5"
#: where structures of HDF5, ZIP and NPY files begin
_MARKS = re.compile(
    rb"OHDR|OCHK|TREE|SNOD|HEAP|GCOL|FRHP|FHDB|BTHD|BTLF|FADB|FAHD|EAHD|\x89HDF|PK\x01\x02|PK\x03\x04|PK\x05\x06|\x93NUMPY"
)


def marks(content: bytes) -> list[int]:
    """Where structures begin."""
    return [found.start() for found in _MARKS.finditer(content)]


# --- tables -------------------------------------------------------------------------------------------------

_CELLS = [
    "",
    " ",
    "\x00",
    "\ufeff",
    "9" * 500,
    *(
        "1",
        "-2.5",
        "1e5",
        "nan",
        "inf",
        "1_0",
        "x",
        '"',
        '"1"',
        "1e999",
        "0x1",
        "١",
        "1;2",
        "true",
        "1,2",
        "é",
    ),
]
_ATTRIBUTES = [
    "_FillValue",
    "missing_value",
    "scale_factor",
    "add_offset",
    "_Unsigned",
    "valid_range",
    "valid_min",
]
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
    "<f8",
    "<f4",
    "<i8",
    "|b1",
    "<f2",
    "<c16",
    "|O",
    "<U3",
    "|S4",
    "<M8[s]",
    ">f8",
    "<u8",
    "|V8",
    "<f16",
]
_SHAPES = [
    *(
        "(3,)",
        "(3, 4)",
        "()",
        "(0,)",
        "(0, 4)",
        "(3, 4, 1)",
        "(-1,)",
        "(4611686018427387904, 4)",
        "(1000000000000,)",
        "(3, 0)",
        "(True,)",
    ),
    *("3", "(2,)*9", "(10**9,)"),
]


def table(random: Random) -> tuple[str, bytes, list[int]]:
    """A table that is nearly right: its suffix, its content, where its structures begin."""
    suffix = random.choice((*TEXTS, ".npy", ".npz", ".h5", ".nc", ".parquet"))
    if suffix in TEXTS:
        rows = [
            random.choice((["x", "y"], ["x", "y", "z"], ["y", "x"], ["x ", " y"], ["x;y"], ["x", "x"], []))
        ]
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
        content = text.encode(random.choice(("utf-8", "utf-8-sig", "utf-16")))
        return suffix, TEXTS[suffix](content), []
    if suffix == ".nc":
        return suffix, _netcdf(random), []
    if suffix == ".parquet":
        stream = io.BytesIO()
        pd.DataFrame({"x": [1, 2, 3], "y": [1.5, None, 2.5], "z": list("abc")}).to_parquet(stream)
        return suffix, stream.getvalue(), marks(stream.getvalue())
    if suffix == ".h5":
        with h5py.File(
            "table", "w", driver="core", backing_store=False, libver=random.choice(("earliest", "latest"))
        ) as file:
            file["x"], file["group/y"], file["y"] = np.arange(6.0).reshape(3, 2), np.arange(3), np.arange(3.0)
            for name in random.sample(_ATTRIBUTES, random.randrange(3)):
                file["x"].attrs[name] = random.choice(
                    (0.0, 1.5, np.int16(-1), "true", [0.0, 1.0], np.nan, "", np.zeros((2, 2)))
                )
            for _ in range(random.randrange(3)):
                _edit(random, file, None)
            file.flush()
            content = file.id.get_file_image()
        return suffix, content, marks(content)
    if suffix == ".npy":
        content = _npy(random)
        return suffix, content, marks(content)
    stream = io.BytesIO()
    names = random.choice(
        (
            ["x", "y"],
            ["time", "a", "w", "b"],
            ["time", "a", "w", "b", "scaling", "weights"],
            ["x", "y", "x"],
            ["../x", "y"],
        )
    )
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(stream, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive,
    ):
        for name in names:
            member = _scaling(random) if name == "scaling" else _npy(random, 0.15)
            archive.writestr(
                random.choice((f"{name}.npy",) * 9 + (name,)),
                member if random.random() < 0.995 else bytes(20_000_000),
            )
    return suffix, stream.getvalue(), marks(stream.getvalue())


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


# --- outputs ------------------------------------------------------------------------------------------------


@cache
def outputs() -> list[bytes]:
    """Genuine outputs, as they were written and in the oldest format, which has no checksums, and the
    newest.
    """
    found = []
    for file in sorted(OUTPUTS.glob("*.h5.gz")):
        image = gzip.decompress(file.read_bytes())
        found += [image, *(_rewritten(image, libver) for libver in ("earliest", "latest"))]
    return found


def _rewritten(image: bytes, libver: str) -> bytes:
    """The same in another format, in chunks no larger than what they hold, so that a change of a byte changes
    something; with additions of users.
    """
    with (
        open_image(image) as old,
        h5py.File("new", "w", driver="core", backing_store=False, libver=libver) as new,
    ):
        new.attrs.update(old.attrs)
        datasets: dict[str, h5py.Dataset] = {}
        old.visititems(
            lambda name, item: (
                datasets.update({name: item})
                if isinstance(item, h5py.Dataset) and "VTKHDF" not in name
                else None
            )
        )
        for name, dataset in datasets.items():
            grows = {
                "chunks": dataset.shape,
                "maxshape": dataset.maxshape,
                "compression": dataset.compression,
            }
            new.create_dataset(
                name, data=dataset[()], **(grows if dataset.chunks and not dataset.is_scale else {})
            )
            if dataset.is_scale:
                new[name].make_scale(name)
            new[name].attrs.update(
                {key: value for key, value in dataset.attrs.items() if key in ("long_name", "units")}
            )
        for name, dataset in datasets.items():
            for k in range(0 if dataset.is_scale else dataset.ndim):
                new[name].dims[k].attach_scale(new[dataset.dims[k][0].name])
        new["note"], new["mine/notes"], new["mine/z"] = "all is well", ["a", "bb"], np.zeros(3, complex)
        new["mine/table"] = np.zeros(2, [("a", "f8"), ("b", "S4"), ("c", "i4")])
        new.attrs["mine"], new["mine"].attrs["words"], new["mine/z"].attrs["z"] = 1j, ["a", "b"], 1.0
        new.flush()
        return new.id.get_file_image()


def open_image(image: bytes) -> h5py.File:
    """A file in memory."""
    return h5py.File(io.BytesIO(image), "r")


@cache
def _marks_of(number: int) -> list[int]:
    return marks(outputs()[number])


def output(random: Random) -> tuple[bytes, list[int]]:
    """A genuine output and where its structures begin; the small one more often."""
    number = (
        random.randrange(len(outputs()))
        if random.random() < 0.4
        else len(outputs()) - 1 - random.randrange(3)
    )
    return outputs()[number], _marks_of(number)


def edited_output(random: Random, mutate: Callable[[Random, Any], Any]) -> bytes:
    """An output that is a sound HDF5 file, with objects, attributes or links that are not what they should
    be.

    Arguments:
        mutate: changes a JSON table.
    """
    image = outputs()[
        (
            len(outputs()) - 1 - random.randrange(3)
            if random.random() < 0.8
            else random.randrange(len(outputs()))
        )
    ]
    stream = io.BytesIO(image)
    with h5py.File(stream, "r+") as file:
        for _ in range(random.choice((1, 1, 2, 4))):
            _edit(random, file, mutate)
    return stream.getvalue()


def _edit(random: Random, file: h5py.File, mutate: Callable[[Random, Any], Any] | None) -> None:
    """Put one thing wrong; what HDF5 itself refuses is left."""
    from validation.fuzz_edits import ATTRIBUTES, EDITS

    try:
        with np.errstate(all="ignore"):
            if mutate is not None and random.random() < 0.4:
                random.choice(ATTRIBUTES)(random, file, mutate)
            else:
                random.choice(EDITS)(random, file)
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
        AttributeError,
        IndexError,
        OverflowError,
    ):
        return
