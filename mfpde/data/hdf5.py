"""HDF5 files of strangers: nothing outside the file is read, and no walk through it is endless.

Nothing is unpacked that the file does not hold.
"""

import math
import mmap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mfpde.data.hdf5_bytes import Bytes, heaps_end, is_virtual
from mfpde.data.hdf5_plain import check_attributes, check_plain
from mfpde.errors import InputError, within_reach

MAX_OBJECTS = 100_000
#: of an output, which has twenty or so for every width; xarray takes some milliseconds to open each
MAX_OBJECTS_OF_OUTPUT = 2000
MAX_DEPTH = 16
#: HDF5 comes with these; others would be loaded as plugins
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32, h5py.h5z.FILTER_LZF}
#: a compressed byte becomes at most this many
MAX_EXPANSION = 1040
#: bytes of all datasets of a file beyond what its stored bytes can become: values that were never written,
#: which read as one fill value
MAX_UNWRITTEN = 1 << 22


@contextmanager
def open_hdf5(path: Path, source: object) -> Iterator[h5py.File]:
    """Open a file to read.

    Arguments:
        source: the file, for messages.
    Raises:
        OutOfReachError: it is locked, or may not be read.
        InputError: a heap is damaged such that HDF5 would read it without end.
    """
    with within_reach(source):
        opened = h5py.File(path, "r")
    with opened as file:
        with _bytes_of(file) as content:
            if not heaps_end(content):
                raise InputError(f"{source}: is damaged: a heap of its texts and references has no end")
        yield file


@contextmanager
def _bytes_of(file: h5py.File) -> Iterator[Bytes]:
    address, size = file.id.get_create_plist().get_sizes()
    with open(file.filename, "rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield Bytes(content, file.userblock_size, address, size)  # type: ignore[arg-type]


def datasets(file: h5py.File, source: object, links: bool = True) -> dict[str, h5py.Dataset]:
    """Every dataset of a file by its path. Soft links and links to other files are not followed, and each
    group is visited once.

    Arguments:
        source: the file, for messages.
        links: whether there may be such links and groups that are found twice, as in a data file; an output
            has none.
    Raises:
        InputError: the file has parts in other files, is nested too deep, or claims to hold more than it can.
    """
    found: dict[str, h5py.Dataset] = {}
    most = MAX_OBJECTS if links else MAX_OBJECTS_OF_OUTPUT
    unwritten = 0
    if not links:
        check_attributes(file, "/", source)
    for count, (name, item) in enumerate(_objects(file, source, links), 1):
        if count > most:
            raise InputError(f"{source}: holds more than {most} groups and datasets")
        if not links:
            check_plain(item, name, source)
        if isinstance(item, h5py.Dataset):
            unwritten += max(0, _claimed(item, name, source) - MAX_EXPANSION * item.id.get_storage_size())
            if unwritten > MAX_UNWRITTEN:
                raise InputError(
                    f"{source}: '{name}' has shape {item.shape}, too large for what the file holds; it may be"
                    " damaged"
                )
            found[name] = item
    return found


def follow(file: h5py.File, name: str, source: object) -> str:
    """The path, along hard links alone, of what a path with soft links leads to; empty if it leads nowhere.

    Raises:
        InputError: it leads to another file, or round in circles.
    """
    parts, links = [part for part in name.split("/") if part], 0
    done: list[str] = []
    while parts:
        part = parts.pop(0)
        group = file["/".join(done)] if done else file
        raw = part.encode(errors="surrogateescape")
        if not isinstance(group, h5py.Group) or raw not in group.id:
            return ""
        kind = group.id.links.get_info(raw).type
        if kind == h5py.h5l.TYPE_HARD:
            done.append(part)
        elif kind == h5py.h5l.TYPE_SOFT and links < MAX_DEPTH:
            links += 1
            target = group.id.links.get_val(raw).decode(errors="surrogateescape")
            done = [] if target.startswith("/") else done
            parts = [step for step in target.split("/") if step and step != "."] + parts
        else:
            what = (
                "leads round in circles"
                if kind == h5py.h5l.TYPE_SOFT
                else "lies in another file; expected a file that is whole in itself"
            )
            raise InputError(f"{source}: '{name}' {what}")
    return "/".join(done)


def attributes(dataset: h5py.Dataset, names: Iterable[str], source: object) -> dict[str, Any]:
    """Those of a dataset's attributes that have one of these names.

    Raises:
        InputError: one that is neither numbers nor text.
    """
    found: dict[str, Any] = {}
    for name in names:
        if not h5py.h5a.exists(dataset.id, name.encode()):
            continue
        kind = h5py.h5a.open(dataset.id, name.encode()).get_type()
        if kind.get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING):
            raise InputError(f"{source} has an attribute '{name}' that is neither a number nor text")
        value = dataset.attrs[name]
        value = (
            value.item()
            if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "SO"
            else value
        )
        value = value[0] if isinstance(value, np.ndarray) and value.size == 1 else value
        found[name] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return found


def _objects(file: h5py.File, source: object, links: bool) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """Everything behind hard links, by path."""
    seen = {h5py.h5o.get_info(file.id).addr}
    waiting: list[tuple[str, h5py.Group]] = [("", file)]
    with _bytes_of(file) as content:
        while waiting:
            path, group = waiting.pop()
            if path.count("/") > MAX_DEPTH:
                raise InputError(f"{source}: holds groups that are nested more than {MAX_DEPTH} deep")
            for raw in group.id:
                full, link = path + raw.decode(errors="surrogateescape"), group.id.links.get_info(raw)
                if link.type != h5py.h5l.TYPE_HARD:
                    if not links:
                        raise InputError(
                            f"{source}: '{full}' is a link to somewhere else, which outputs of mfpde have not"
                        )
                    continue
                if is_virtual(content, link.u):
                    raise InputError(
                        f"{source}: '{full}' has its values in another file; expected a file that is whole in"
                        " itself"
                    )
                item = group[raw]
                if isinstance(item, h5py.Group):
                    if link.u in seen and not links:
                        raise InputError(
                            f"{source}: the group '{full}' is found under two names, which outputs of mfpde"
                            " have not"
                        )
                    if link.u in seen:
                        continue
                    seen.add(link.u)
                    waiting.append((f"{full}/", item))
                yield full, item


def _claimed(dataset: h5py.Dataset, name: str, source: object) -> int:
    """Bytes that reading a dataset, or one chunk of it, makes room for."""
    plan = dataset.id.get_create_plist()
    if plan.get_external_count():
        raise InputError(
            f"{source}: '{name}' has its values in another file; expected a file that is whole in itself"
        )
    for k in range(plan.get_nfilters()):
        if plan.get_filter(k)[0] not in FILTERS:
            raise InputError(
                f"{source}: '{name}' is compressed in a way that is not read; expected gzip, LZF or none"
            )
    count = math.prod(dataset.shape or (0,))
    return (max(count, math.prod(dataset.chunks or ())) if count else 0) * dataset.id.get_type().get_size()
