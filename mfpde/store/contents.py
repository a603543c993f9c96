"""What in an output is of mfpde, and what its users have added: that is left alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py

from mfpde.data.hdf5 import datasets
from mfpde.data.hdf5_plain import are_numbers
from mfpde.errors import InputError
from mfpde.metrics.declaration import ANY, NUMBER
from mfpde.store import vtk
from mfpde.store.reserved import paths

#: attribute: patterns of all that the version which began a file stores of any run; 0.1 had none
DECLARED = "declared"


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


def own_datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    """Those of mfpde in an output that was sorted out before, and is written to now."""
    is_own = _pattern(file)
    return {path: item for path, item in _datasets(file) if is_own.fullmatch(path)}


def _datasets(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    for name, item in group.items():
        if isinstance(item, h5py.Group):
            yield from ((f"{name}/{path}", found) for path, found in _datasets(item))
        elif isinstance(item, h5py.Dataset):
            yield name, item


def _pattern(file: h5py.File) -> re.Pattern[str]:
    """What paths of mfpde look like in a run with these parameters: those of this version, and of the one
    that wrote the file.
    """
    parameters = "|".join(map(re.escape, _texts(file, "parameters"))) or "(?!)"
    forms = (
        re.escape(path).replace(re.escape(ANY), f"(?:{parameters})").replace(re.escape(NUMBER), r"\d+")
        for path in sorted(paths().union(_texts(file, DECLARED)))
    )
    return re.compile("|".join(forms))


def _texts(file: h5py.File, attribute: str) -> list[str]:
    """A list that is stored as JSON; empty if there is none, which whoever needs it says."""
    try:
        return [str(text) for text in json.loads(file.attrs[attribute])]
    except (KeyError, TypeError, ValueError, RecursionError):
        return []
