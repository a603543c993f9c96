"""Begin an output file: attributes, dimensions, what is written once, and datasets that will grow."""

import json
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from mfpde.metrics.declaration import FIELDS, GROWING, TIME, Dataset
from mfpde.store import vtk
from mfpde.store.checksums import FIXED, fixed_checksum
from mfpde.store.contents import DECLARED
from mfpde.store.layout import FRAMES, SCHEMA_VERSION, Layout
from mfpde.store.reserved import paths

#: datasets larger than this per frame are compressed
LARGE = 4096
#: limit of the times: of a dimension without one, readers ask every dataset for its length, every time
MOST_FRAMES = 2**31 - 1
TIMES = {
    TIME: "time of the gradient flow",
    FIELDS: "time of the gradient flow at which fields are stored",
}


def create(file: h5py.File, layout: Layout, attributes: Mapping[str, Any]) -> None:
    """Fill a new file with all but its frames."""
    file.attrs["schema_version"] = SCHEMA_VERSION
    file.attrs["title"] = attributes.get("title", "")
    for name, value in {**attributes, DECLARED: sorted(paths())}.items():
        set_attribute(file, name, value)
    for name in GROWING:
        _scale(file, name, np.zeros(0), TIMES[name], True)
    for name, (values, long_name) in layout.dimensions.items():
        _scale(file, name, values, long_name, False)
    for dataset, values in layout.fixed:
        _create(file, dataset)[...] = values
    for dataset in layout.growing:
        _create(file, dataset)
    _create(file, Dataset(FRAMES, (TIME,), "CRC-32 of all that is stored at this time", dtype="u4"))
    for axis in file:
        if f"{axis}_bounds" in file:
            file[axis].attrs["bounds"] = f"{axis}_bounds"
    if "eulerian" in file:
        file.attrs["default"] = "eulerian"
        file["eulerian"].attrs.update({"NX_class": "NXdata", "signal": "energy", "axes": ["elapsed_time"]})
        vtk.create(file)
    file.attrs[FIXED] = fixed_checksum(file, [*layout.dimensions, *(one.path for one, _ in layout.fixed)])
    file.flush()


def set_attribute(file: h5py.File, name: str, value: Any) -> None:
    """Set a root attribute; tables and lists are stored as JSON."""
    file.attrs[name] = value if isinstance(value, str | int | float) else json.dumps(value)


def _scale(file: h5py.File, name: str, values: np.ndarray, long_name: str, grows: bool) -> None:
    maxshape = (MOST_FRAMES,) if grows else values.shape
    dataset = file.create_dataset(name, data=values, maxshape=maxshape, chunks=(1024,) if grows else None)
    dataset.make_scale(name)
    dataset.attrs.update({"long_name": long_name, "units": "1"})


def _create(file: h5py.File, one: Dataset) -> h5py.Dataset:
    grows = one.dims[0] in GROWING
    shape = tuple(len(file[dim]) for dim in one.dims)
    frame = int(np.prod(shape[1:])) if grows else int(np.prod(shape))
    options: dict[str, Any] = {}
    if grows:
        options = {"maxshape": (None, *shape[1:]), "chunks": (1 if frame >= LARGE else 64, *shape[1:])}
    if grows and frame >= LARGE:
        options |= {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
    if np.dtype(one.dtype).kind == "f":
        options["fillvalue"] = np.nan
    dataset = file.create_dataset(one.path, shape, dtype=one.dtype, **options)
    dataset.attrs.update({"long_name": one.long_name, "units": one.units})
    for k, dim in enumerate(one.dims):
        dataset.dims[k].attach_scale(file[dim])
    return dataset
