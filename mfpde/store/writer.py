"""Write the output file frame by frame; whoever opens it, at any moment, finds every frame before that
moment.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mfpde.errors import HeldError, InputError, RunError, StorageError, first_line
from mfpde.metrics.declaration import GROWING
from mfpde.store import vtk
from mfpde.store.checkpoints import are_left_behind
from mfpde.store.checksums import along_of, checksum
from mfpde.store.contents import own_datasets
from mfpde.store.copies import Copies
from mfpde.store.creation import create, set_attribute
from mfpde.store.layout import FRAMES, Layout
from mfpde.store.names import HeldOpen

#: VTK could not read files of the newest format; from 1.10 on, a file whose writer was killed refuses to open
LIBVER = ("v108", "v110")
SUFFIXES = (".h5", ".hdf5", ".vtkhdf")


class Writer:
    """An output file that is being written.

    Arguments:
        path: its name; what bears it stays until the first frame.
        folder: for the copies of the file, see `copies`.
        aside: a name under which what bears `path` is kept, from the first frame on.
        frames: to go on after so many frames of the file at `path`; later ones are dropped. None begins a new
            file.
    Raises:
        InputError: the file or the folder cannot be written to, or the file is not one of this layout.
    """

    def __init__(
        self,
        path: Path,
        folder: Path,
        layout: Layout,
        attributes: Mapping[str, Any],
        frames: int | None = None,
        aside: Path | None = None,
    ):
        self.path, self.copies = path, Copies(path, folder, frames is not None, aside)
        try:
            self.file = h5py.File(self.copies, "w" if frames is None else "r+", libver=LIBVER)
        except OSError as error:
            self.copies.discard()
            raise InputError(f"{path}: cannot be written: {first_line(error)}") from None
        #: what grows, with the dimension along which it does
        self.along = {name: name for name in GROWING} | {one.path: one.dims[0] for one in layout.growing}
        self.missing: list[str] = []  #: measured, but not in the file, which another version began
        self.left: list[str] = []  #: in the file, but not measured any more: it grows by missing values
        if frames is None:
            create(self.file, layout, attributes)
        else:
            try:
                self._cut(frames)
            except InputError:
                self.close()
                raise

    def _cut(self, frames: int) -> None:
        """Drop the frames after the first so many.

        What another version has stored and this one does not, or the other way round, is no obstacle: a
        dataset that the file lacks is not written, one that is not measured any more grows by missing
        values, so that all stay of one length.
        """
        own = own_datasets(self.file)
        absent = [path for path in (*GROWING, FRAMES) if path not in own]
        if absent:
            raise InputError(
                f"{self.path}: has no dataset '{absent[0]}', which this mfpde would go on with; resume with"
                " the version that wrote it"
            )
        self.missing = [path for path in self.along if path not in own]
        in_file = {path: along for path, item in own.items() if (along := along_of(path, item))}
        self.left = sorted(in_file.keys() - self.along.keys() - {FRAMES})
        self.along = in_file
        del self.along[FRAMES]
        kept = self.file["time"][:frames]
        fields = int(np.isin(self.file["fields_time"][...], kept).sum())
        for path, along in {**self.along, FRAMES: "time"}.items():
            self.file[path].resize(frames if along == "time" else fields, axis=0)
        vtk.cut(self.file, fields)
        if "ended" in self.file.attrs:
            del self.file.attrs["ended"]
        self.file.flush()

    @property
    def notes(self) -> list[str]:
        """What the user should know of a file that another version began."""
        said = []
        if self.missing:
            listed = ", ".join(self.missing)
            said.append(f"the file has no {listed}, which mfpde would store now; it stays without")
        if self.left:
            listed = ", ".join(self.left)
            said.append(f"mfpde does not measure {listed} any more: no values are added to it")
        return said

    def write_frame(
        self,
        time: float,
        values: Mapping[str, np.ndarray | float],
        fields: bool,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Append the values of one time; with `fields`, also those along fields_time.

        Arguments:
            attributes: root attributes that change with this frame.
        Raises:
            StorageError: the disk is full or the file cannot be written.
        """
        given: Mapping[str, Any] = {"time": time, "fields_time": time, **values}
        if unknown := set(given) - {*self.along, *self.missing}:
            raise RunError(f"{self.path}: nothing was laid out for {', '.join(sorted(unknown))}")
        try:
            rows: dict[str, np.ndarray] = {}
            for path, along in self.along.items():
                if along == "time" or fields:
                    # what was not measured is NaN, and has its place
                    rows[path] = self._append(path, given.get(path, self.file[path].fillvalue))
            self._append(FRAMES, checksum(rows))
            if fields and "eulerian" in self.file:
                vtk.append(self.file, time)
            self.publish(attributes or {})
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            # once a write has failed HDF5 reads back what was never written, and may stumble over it in its
            # own ways
            cause = self.copies.failure or error
            if not isinstance(cause, OSError):
                raise
            reason = cause.strerror or first_line(cause)
            kind = HeldError if isinstance(cause, HeldOpen) else StorageError
            raise kind(f"{self.path}: writing failed at time {time:g}: {reason}") from None

    def _append(self, path: str, value: Any) -> np.ndarray:
        dataset = self.file[path]
        row = np.broadcast_to(np.asarray(value, dtype=dataset.dtype), dataset.shape[1:])
        dataset.resize(dataset.shape[0] + 1, axis=0)
        dataset[-1] = row
        if self.copies.failure is not None:
            raise self.copies.failure
        return row

    def publish(self, attributes: Mapping[str, Any]) -> None:
        """Set root attributes, and let everybody see the file as it is now.

        Raises:
            OSError: it could not be written; at its name is what was published before.
        """
        for name, value in attributes.items():
            set_attribute(self.file, name, value)
        self.file.flush()
        self.copies.publish()

    def close(self) -> None:
        """Close the file; what was published stays."""
        try:
            self.file.close()
        except (OSError, RuntimeError):
            if self.copies.failure is None:  # else this was told before
                raise
        finally:
            self.copies.discard()


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse an output that exists or cannot be, before any work is done.

    Raises:
        InputError: the file, or checkpoints of another, exist and may not be overwritten, or its folder does
            not exist.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: is no name for an output; expected one ending in {', '.join(SUFFIXES)}")
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; expected the name of an output file")
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is not a regular file, so it is not written to")
        if path.exists() and not overwrite:
            raise InputError(
                f"{path}: exists already; choose another name with -o, replace it with --overwrite, or go on"
                f" with mfpde resume {path}"
            )
        if not overwrite and are_left_behind(path):
            raise InputError(
                f"{path}: beside it are checkpoints of a run whose output was renamed, moved or removed; to"
                " go on with that, give its name now to mfpde resume, which takes them along; else choose"
                " another name with -o, or drop them with --overwrite"
            )
        folder = path.absolute().parent
        if not folder.is_dir():
            raise InputError(f"{path}: the folder {path.parent} does not exist")
        if not os.access(folder, os.W_OK):
            raise InputError(f"{path}: the folder {path.parent} cannot be written to")
    except OSError as error:
        raise InputError(f"{str(path)[:60]}: cannot be written: {error.strerror}") from None
