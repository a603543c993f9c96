"""What in an output is of mfpde, and what its users have added: that is left alone."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import h5py

from mfpde.data.hdf5 import datasets
from mfpde.data.hdf5_plain import are_numbers
from mfpde.errors import InputError
from mfpde.store import vtk
from mfpde.store.reserved import ANY, NUMBER, paths


@dataclass(frozen=True)
class Contents:
    """Datasets of an output by their paths."""

    own: dict[str, h5py.Dataset]
    vtk: dict[str, h5py.Dataset]  #: by which ParaView reads it, see `vtk`
    added: list[str]  #: by users


def sort_out(file: h5py.File, source: str | Path) -> Contents:
    """Tell the datasets of an output from those that were added to it.

    Arguments:
        source: the file, for messages.
    Raises:
        InputError: it has parts in other files, claims more than it holds, or holds what is not safe to be
            opened, whoever has written it.
    """
    found = datasets(file, source, links=False)
    is_own = _pattern(file)
    own = {path: item for path, item in found.items() if is_own.fullmatch(path)}
    for_vtk = {path: item for path, item in found.items() if path.startswith(f"{vtk.GROUP}/")}
    for path, item in (own | for_vtk).items():
        if not are_numbers(item):
            raise InputError(
                f"{source}: '{path}' holds no numbers, as the dataset of this name in outputs of mfpde does"
            )
    return Contents(own, for_vtk, sorted(found.keys() - own.keys() - for_vtk.keys()))


def _pattern(file: h5py.File) -> re.Pattern[str]:
    """What paths of mfpde look like in a run with these parameters."""
    try:
        names = json.loads(file.attrs["parameters"])
        parameters = "|".join(re.escape(str(name)) for name in names)
    except (KeyError, TypeError, ValueError, RecursionError):  # whoever needs them says that they are missing
        parameters = "(?!)"
    forms = (
        re.escape(path).replace(re.escape(ANY), f"(?:{parameters})").replace(re.escape(NUMBER), r"\d+")
        for path in sorted(paths())
    )
    return re.compile("|".join(forms))
