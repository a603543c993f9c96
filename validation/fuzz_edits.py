"""Edits of an HDF5 file, each of which puts one thing wrong that a reader might believe."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import h5py
import numpy as np

#: a named pipe in the folder of the inputs: whoever opens it waits forever, which counts as a hang
TRAP = "trap.h5"
_NAMES = [
    "a\nb", "time", "x", "y", "eulerian", "eulerian/mu", "lagrangian/10", "lagrangian/x", "lagrangian/-1",
    "comparison/10", "characteristics", "new", "\x1b[2J",
]  # fmt: skip
_NUMBERS: list[Any] = [
    *(0, -1, 1, 2, 1 << 62, float("nan"), float("inf"), [1, 2], [], [[1.0]]),
    *("1", "", "x", "[/x]", b"\xff", "{", "[" * 3000, '{"a": ' * 3000, "9" * 5000),
]
_ATTRIBUTES = [
    "_FillValue", "missing_value", "units", "scale_factor", "add_offset", "dtype", "CLASS", "NAME",
    "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "coordinates", "long_name",
    "calendar", "_Unsigned", "_nc3_strict", "grid_mapping", "bounds",
]  # fmt: skip
_DTYPES: list[Any] = [
    "f4", "i8", "u1", "f2", "S3", "f8", ">f8", "c16", bool, h5py.string_dtype(), h5py.vlen_dtype("f8"),
    h5py.ref_dtype, h5py.regionref_dtype, h5py.enum_dtype({"A": 1}, "i4"), [("a", "f8"), ("b", "i4")],
    np.dtype("V7"), np.dtype(("f8", (3,))),
]  # fmt: skip


def names_of(file: h5py.File) -> list[str]:
    """Paths of all objects."""
    names: list[str] = []
    file.visit(lambda name: names.append(name))
    return names


def _any(random: Random, file: h5py.File) -> str:
    return random.choice(names_of(file))


def _delete(random: Random, file: h5py.File) -> None:
    del file[_any(random, file)]


def _reshape(random: Random, file: h5py.File) -> None:
    """Another shape or type under the same name, without its scales."""
    name = _any(random, file)
    old = file[name]
    dtype = (
        random.choice(_DTYPES) if random.random() < 0.5 or not isinstance(old, h5py.Dataset) else old.dtype
    )
    shape = random.choice(
        [
            (),
            (0,),
            (1,),
            (3,),
            (5, 2),
            (5, 2, 8),
            (1 << 20,),
            (1 << 40,),
            (1 << 60, 1 << 3),
            (5, 1 << 30),
            None,
        ]
    )
    chunked = shape is not None and len(shape) > 0 and random.random() < 0.5
    del file[name]
    options = {"compression": random.choice([None, "gzip", "lzf"])} if chunked else {}
    if chunked:
        options |= {"chunks": tuple(min(max(n, 1), 64) for n in shape), "maxshape": (None,) * len(shape)}
    data = h5py.Empty("f8") if shape is None else None
    file.create_dataset(name, shape, dtype, data=data, **options)


def _resize(random: Random, file: h5py.File) -> None:
    name = random.choice(
        [name for name in names_of(file) if isinstance(file[name], h5py.Dataset) and file[name].chunks]
    )
    file[name].resize(random.choice((0, 1, 2, 1 << 20, (1 << 31) - 1, 1 << 40, 1 << 62)), axis=0)


def _poison(random: Random, file: h5py.File) -> None:
    """Values that are no finite numbers, or of another size.

    Not in virtual datasets, where HDF5 crashes on being written to, nor in other files.
    """
    datasets = {name: file[name] for name in names_of(file) if isinstance(file[name], h5py.Dataset)}
    name = random.choice(
        [name for name, d in datasets.items() if not (d.is_virtual or d.external) and 0 < d.size < 100_000]
    )
    file[name][...] = random.choice((np.nan, np.inf, -1, 0, 1e308, -1e300, 1e-320))


def _external_link(random: Random, file: h5py.File) -> None:
    name = _replaced(random, file)
    file[name] = h5py.ExternalLink(random.choice((TRAP, "/dev/zero", f"./{TRAP}")), "/time")


def _soft_link(random: Random, file: h5py.File) -> None:
    name = _replaced(random, file)
    file[name] = h5py.SoftLink(random.choice(("/", "/nowhere", f"/{name}", "/time", "/eulerian/mu")))


def _hard_link(random: Random, file: h5py.File) -> None:
    """Perhaps a cycle."""
    target = file[random.choice(["/", _any(random, file)])]
    file[_replaced(random, file)] = target


def _external_storage(random: Random, file: h5py.File) -> None:
    name = _replaced(random, file)
    file.create_dataset(name, (4,), "f8", external=[(TRAP, 0, h5py.h5f.UNLIMITED)])


def _virtual(random: Random, file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(random.choice((TRAP, ".")), random.choice(("time", "new")), (4,))
    name = _replaced(random, file)
    file.create_virtual_dataset(name, layout, fillvalue=0)


def _nested(random: Random, file: h5py.File) -> None:
    file.create_group("/".join(["g"] * random.choice((3, 30, 200))))


def _many(random: Random, file: h5py.File) -> None:
    for k in range(random.choice((10, 100))):
        file.create_group(f"lagrangian/{k}")


def _named_type(random: Random, file: h5py.File) -> None:
    file[_replaced(random, file)] = np.dtype("f8")


def _replaced(random: Random, file: h5py.File) -> str:
    name = random.choice(_NAMES) if random.random() < 0.4 else _any(random, file)
    if name in file:
        del file[name]
    return name


def _root_attribute(random: Random, file: h5py.File, mutate) -> None:
    """A fact that is another, or none."""
    name = random.choice([*file.attrs, "schema_version", "health", "case_resolved", "parameters"])
    if random.random() < 0.2:
        del file.attrs[name]
    else:
        file.attrs[name] = random.choice(_NUMBERS)


def _table_attribute(random: Random, file: h5py.File, mutate) -> None:
    """A JSON table with something changed."""
    name = random.choice(("health", "case_resolved", "parameters", "libraries", "device"))
    file.attrs[name] = json.dumps(mutate(random, json.loads(file.attrs[name])))


def _any_attribute(random: Random, file: h5py.File, mutate) -> None:
    """Attributes by which readers understand what they read: scales, fill values, units."""
    item = file[_any(random, file)]
    item.attrs[random.choice(_ATTRIBUTES)] = random.choice(
        [*_NUMBERS, "days since 2000-01-01", "time", "datetime64[s]", "DIMENSION_SCALE", "bool"]
    )


EDITS = [
    *(_delete, _reshape, _reshape, _resize, _poison, _poison, _external_link, _soft_link),
    *(_hard_link, _external_storage, _virtual, _nested, _many, _named_type),
]
ATTRIBUTES = [_root_attribute, _table_attribute, _table_attribute, _any_attribute]


def edit(random: Random, file: h5py.File, mutate: Callable[[Random, Any], Any] | None) -> None:
    """Put one thing wrong; what HDF5 itself refuses is left."""
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
