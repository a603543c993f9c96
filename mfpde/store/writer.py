"""Write the output file frame by frame; after every frame it is flushed, so a killed run keeps what it had."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mfpde.errors import InputError, RunError
from mfpde.store import vtk
from mfpde.store.layout import SCHEMA_VERSION, Layout, Variable

#: VTK could not read files of the newest format; from 1.10 on, a file whose writer was killed refuses to open
LIBVER = ("v108", "v110")
GROWING = ("time", "fields_time")
SUFFIXES = (".h5", ".hdf5", ".vtkhdf")
#: datasets larger than this per frame are compressed
LARGE = 4096
#: limit of the times: of a dimension without one, readers ask every dataset for its length, every time
MOST_FRAMES = 2**31 - 1


class Writer:
    """An output file that is being written."""

    def __init__(self, path: Path, layout: Layout, attributes: Mapping[str, Any], overwrite: bool):
        check_output(path, overwrite)
        # the first frame makes it take the place of an older file, which until then stays as it is
        self.draft: Path | None = path.with_name(f".{path.name}.draft")
        try:
            self.file = h5py.File(self.draft, "w", libver=LIBVER)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {str(error).splitlines()[0][:200]}") from None
        self.path = path
        self.file.attrs["schema_version"] = SCHEMA_VERSION
        self.file.attrs["title"] = attributes.get("title", "")
        for name, value in attributes.items():
            self.file.attrs[name] = value if isinstance(value, str | int | float) else json.dumps(value)
        self._create_dimensions(layout)
        for variable, values in layout.fixed:
            self._create(variable)[...] = values
        self.growing = {variable.path: variable for variable in layout.growing}
        for variable in layout.growing:
            self._create(variable)
        for axis in self.file:
            if f"{axis}_bounds" in self.file:
                self.file[axis].attrs["bounds"] = f"{axis}_bounds"
        if "eulerian" in self.file:
            self.file.attrs["default"] = "eulerian"
            self.file["eulerian"].attrs.update({"NX_class": "NXdata", "signal": "energy", "axes": ["elapsed_time"]})
            vtk.create(self.file)
        self.file.flush()

    def _create_dimensions(self, layout: Layout) -> None:
        for name in GROWING:
            self._scale(name, np.zeros(0), "time of the gradient flow" + (" at which fields are stored" if name != "time" else ""), True)
        for name, (values, long_name) in layout.dimensions.items():
            self._scale(name, values, long_name, False)

    def _scale(self, name: str, values: np.ndarray, long_name: str, grows: bool) -> None:
        maxshape = (MOST_FRAMES,) if grows else values.shape
        dataset = self.file.create_dataset(name, data=values, maxshape=maxshape, chunks=(1024,) if grows else None)
        dataset.make_scale(name)
        dataset.attrs.update({"long_name": long_name, "units": "1"})

    def _create(self, variable: Variable) -> h5py.Dataset:
        grows = variable.dims[0] in GROWING
        shape = tuple(len(self.file[dim]) for dim in variable.dims)
        frame = int(np.prod(shape[1:])) if grows else int(np.prod(shape))
        options: dict[str, Any] = {}
        if grows:
            options = {"maxshape": (None, *shape[1:]), "chunks": (1 if frame >= LARGE else 64, *shape[1:])}
        if grows and frame >= LARGE:
            options |= {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
        dataset = self.file.create_dataset(variable.path, shape, dtype=variable.dtype, fillvalue=np.nan, **options)
        dataset.attrs.update({"long_name": variable.long_name, "units": variable.units})
        for k, dim in enumerate(variable.dims):
            dataset.dims[k].attach_scale(self.file[dim])
        return dataset

    def write_frame(self, time: float, values: Mapping[str, np.ndarray | float], fields: bool) -> None:
        """Append the values of one time; with `fields`, also those along fields_time.

        Raises:
            RunError: the disk is full or the file cannot be written.
        """
        try:
            self._append("time", time)
            if fields:
                self._append("fields_time", time)
            for path, value in values.items():
                self._append(path, value)
            # what was not measured at this time stays NaN, but has its place
            for path, variable in self.growing.items():
                dataset, length = self.file[path], len(self.file[variable.dims[0]])
                if dataset.shape[0] < length:
                    dataset.resize(length, axis=0)
            if fields and "eulerian" in self.file:
                vtk.append(self.file, time)
            self.file.flush()
            if self.draft is not None:
                os.replace(self.draft, self.path)
                self.draft = None
        except OSError as error:
            raise RunError(f"{self.path}: writing failed at time {time:g}: {error}; frames before it are kept") from None

    def _append(self, path: str, value: np.ndarray | float) -> None:
        dataset = self.file[path]
        dataset.resize(dataset.shape[0] + 1, axis=0)
        dataset[-1] = value

    def attribute(self, name: str, value: Any) -> None:
        """Set a root attribute; tables and lists are stored as JSON."""
        self.file.attrs[name] = value if isinstance(value, str | int | float) else json.dumps(value)
        self.file.flush()

    def close(self) -> None:
        """Close the file; one without a frame leaves no trace."""
        self.file.close()
        if self.draft is not None:
            self.draft.unlink(missing_ok=True)


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse an output that exists or cannot be, before any work is done.

    Raises:
        InputError: the file exists and may not be overwritten, or its folder does not exist.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: is no name for an output; expected one ending in {', '.join(SUFFIXES)}")
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; expected the name of an output file")
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is not a regular file, so it is not written to")
        if path.exists() and not overwrite:
            raise InputError(f"{path}: exists already; choose another name with -o, or replace it with --overwrite")
        if not path.absolute().parent.is_dir():
            raise InputError(f"{path}: the folder {path.parent} does not exist")
    except OSError as error:
        raise InputError(f"{str(path)[:60]}: cannot be written: {error.strerror}") from None
