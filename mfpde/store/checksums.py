"""Checksums of an output file: one CRC-32 per frame, one of what is written once. They tell bits that flipped
from bits that were written.
"""

import zlib
from collections.abc import Iterable, Mapping

import h5py
import numpy as np

from mfpde.errors import InputError
from mfpde.metrics.declaration import GROWING
from mfpde.store.contents import sort_out
from mfpde.store.layout import FRAMES

FIXED = "fixed_checksum"  #: attribute
BLOCK = 64  #: frames read at once


def checksum(values: Mapping[str, np.ndarray]) -> int:
    """CRC-32 of arrays, in the order of their names."""
    crc = 0
    for name in sorted(values):
        crc = zlib.crc32(np.ascontiguousarray(values[name]).data, zlib.crc32(name.encode(), crc))
    return crc


def fixed_checksum(file: h5py.File, names: Iterable[str]) -> int:
    """Of datasets that do not grow, by their paths, and of the case."""
    values = {name: file[name][...] for name in names}
    return checksum(
        values | {"case_resolved": np.frombuffer(file.attrs["case_resolved"].encode(), dtype=np.uint8)}
    )


def along_of(name: str, item: h5py.Dataset) -> str:
    """The dimension of `GROWING` along which a dataset grows; empty if it does not."""
    if name in GROWING:
        return name
    first = list(item.dims[0].values()) if item.ndim else []
    scale = str(first[0].name).strip("/") if first else ""
    return scale if scale in GROWING else ""


def count_good_frames(file: h5py.File) -> int:
    """How many frames from the first on are as they were written; 0 if what is written once is not."""
    try:
        # without checksums themselves
        checked = {name: item for name, item in sort_out(file, file.filename).own.items() if name != FRAMES}
        along = {name: along_of(name, item) for name, item in checked.items()}
        growing = {name: axis for name, axis in along.items() if axis}
        times, fields = file["time"][...], file["fields_time"][...]
        expected = file[FRAMES][...]
        if fixed_checksum(file, along.keys() - growing.keys()) != file.attrs[FIXED]:
            return 0
    except (InputError, OSError, KeyError, RuntimeError, ValueError):
        return 0
    good = 0
    for start in range(0, len(expected), BLOCK):
        stop = min(start + BLOCK, len(expected))
        try:
            series = {path: file[path][start:stop] for path, along in growing.items() if along == "time"}
        except (OSError, KeyError):
            series = {}
        for k in range(start, stop):
            if k >= len(times) or _frame(file, growing, series, k, start, times[k], fields) != expected[k]:
                return good
            good += 1
    return good


def _frame(
    file: h5py.File,
    growing: Mapping[str, str],
    series: Mapping[str, np.ndarray],
    k: int,
    start: int,
    time: float,
    fields: np.ndarray,
) -> int:
    """The checksum of what the file holds at frame k; -1 if it cannot be read."""
    place = np.flatnonzero(fields == time)
    values = {}
    try:
        for path, along in growing.items():
            if along == "time":
                values[path] = series[path][k - start] if path in series else file[path][k]
            elif len(place):
                values[path] = file[path][place[0]]
    except (OSError, KeyError, ValueError, IndexError):
        return -1
    return checksum(values)
