"""Checksums of an output file: one CRC-32 per frame, one of what is written once. They tell bits that flipped from bits that were written."""

import zlib
from collections.abc import Mapping

import h5py
import numpy as np

FRAMES = "frame_checksum"  #: dataset, one number per frame
FIXED = "fixed_checksum"  #: attribute
GROWING = ("time", "fields_time")  #: dimensions that grow
BLOCK = 64  #: frames read at once


def checksum(values: Mapping[str, np.ndarray]) -> int:
    """CRC-32 of arrays, in the order of their names."""
    crc = 0
    for name in sorted(values):
        crc = zlib.crc32(np.ascontiguousarray(values[name]).data, zlib.crc32(name.encode(), crc))
    return crc


def fixed_checksum(file: h5py.File) -> int:
    """Of datasets that do not grow, and of the case."""
    values = {name: file[name][...] for name in fixed_names(file)}
    return checksum(values | {"case_resolved": np.frombuffer(file.attrs["case_resolved"].encode(), dtype=np.uint8)})


def fixed_names(file: h5py.File) -> list[str]:
    """Paths of the datasets that do not grow."""
    return [name for name, item in _datasets(file).items() if not _along(name, item)]


def growing_names(file: h5py.File) -> dict[str, str]:
    """Paths of the datasets that grow frame by frame, and the dimension along which they do."""
    return {name: along for name, item in _datasets(file).items() if (along := _along(name, item))}


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    """Those that have checksums, by path: not checksums themselves, nor what is there a second time for VTK."""
    found: dict[str, h5py.Dataset] = {}

    def note(path: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            found[path] = item

    for name, item in file.items():
        if name not in ("VTKHDF", FRAMES):
            note(name, item)
            if isinstance(item, h5py.Group):
                item.visititems(lambda path, inner, name=name: note(f"{name}/{path}", inner))
    return found


def _along(name: str, item: h5py.Dataset) -> str:
    """The dimension of `GROWING` along which a dataset grows; empty if it does not."""
    if name in GROWING:
        return name
    first = list(item.dims[0].values()) if item.ndim else []
    scale = str(first[0].name).strip("/") if first else ""
    return scale if scale in GROWING else ""


def count_good_frames(file: h5py.File) -> int:
    """How many frames from the first on are as they were written; 0 if what is written once is not."""
    try:
        growing = growing_names(file)
        times, fields = file["time"][...], file["fields_time"][...]
        expected = file[FRAMES][...]
        if fixed_checksum(file) != file.attrs[FIXED]:
            return 0
    except (OSError, KeyError, RuntimeError, ValueError):
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


def _frame(file: h5py.File, growing: Mapping[str, str], series: Mapping[str, np.ndarray], k: int, start: int, time: float, fields: np.ndarray) -> int:
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
