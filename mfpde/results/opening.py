"""Open an output file, after a look at whether it is one."""

from pathlib import Path
from typing import TypeVar, overload

import numpy as np

from mfpde.data.hdf5 import open_hdf5
from mfpde.errors import InputError, first_line
from mfpde.foreign import refuse_what_is_no_output
from mfpde.results.run import Run
from mfpde.results.sound import count_frames
from mfpde.store.contents import sort_out
from mfpde.store.layout import SCHEMA_VERSION

Kind = TypeVar("Kind", bound=Run)


@overload
def open_run(path: str | Path) -> Run: ...
@overload
def open_run(path: str | Path, kind: type[Kind]) -> Kind: ...
def open_run(path: str | Path, kind: type[Run] = Run) -> Run:
    """Open an output file.

    Arguments:
        kind: class of the opened run.
    Raises:
        InputError: no such file, one that is locked, not an mfpde output, or one of a newer schema.
    """
    path = Path(path)
    refuse_what_is_no_output(path)
    try:
        with open_hdf5(path, path) as file:
            contents = sort_out(file, path) if "schema_version" in file.attrs else None
            frames = count_frames(contents, path) if contents else 0
            version = file.attrs.get("schema_version")
    except InputError:
        raise
    except Exception as error:  # h5py has errors of many kinds for what HDF5 finds damaged
        raise InputError(
            f"{path}: is not a readable HDF5 file ({first_line(error)}); expected an output of mfpde run"
        ) from None
    if version is None or contents is None:
        raise InputError(
            f"{path}: is an HDF5 file, but not an output of mfpde run (it has no schema_version)"
        )
    if not isinstance(version, int | np.integer):
        raise InputError(
            f"{path}: the attribute 'schema_version' is not a whole number; it is no whole output of"
            " mfpde run"
        )
    if version > SCHEMA_VERSION:
        raise InputError(
            f"{path}: has schema {version}, newer than {SCHEMA_VERSION}, the newest this mfpde reads; upgrade"
            " mfpde"
        )
    if frames == 0:
        raise InputError(f"{path}: holds no frame: the run stopped before its first output")
    return kind(path, contents.own.keys() | contents.vtk.keys())
