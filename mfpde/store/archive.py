"""A tree of arrays and plain values in one file that is either whole or known not to be.

The file is a ZIP archive: one NPY member per array, and `tree.json` for all else. Each member has a CRC-32,
and the directory of members is at the end, so that a truncated file and a flipped bit are noticed. Nothing in
it can be executed.
"""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from mfpde.errors import first_line, within_reach
from mfpde.store.names import replace, sync_folder

TREE = "tree.json"
#: what readers of archives say of damaged ones
_UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, EOFError, NotImplementedError, RuntimeError, RecursionError,
    zipfile.BadZipFile,
)  # fmt: skip
ARRAY = "__array__"  #: key that stands in the tree for an array, with the name of its member


class Damaged(Exception):
    """An archive is not what was written."""


def save_archive(path: Path, tree: dict[str, Any]) -> None:
    """Write a tree of dictionaries, lists, arrays, numbers and text; the file appears whole, and only when it
    is on the disk.

    Raises:
        OSError: it could not be written; a file that was there before stays.
    """
    draft = path.with_name(f"{path.name}.draft")
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_without_arrays(tree, "", arrays))
    try:
        with draft.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(TREE, text)
                for name, array in arrays.items():
                    with archive.open(name, "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        replace(draft, path)
        sync_folder(path.parent)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def load_archive(path: Path) -> dict[str, Any]:
    """The tree that was written.

    Raises:
        Damaged: the file is not an archive, is truncated, or differs from what was written.
        OutOfReachError: it may not be read at this moment, be it whole or not.
        FileNotFoundError: there is none.
    """
    try:
        with within_reach(path):
            opened = zipfile.ZipFile(path)
        with opened as archive:
            # so that memory is bounded by the file's size
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise Damaged(f"{path.name} is not as mfpde writes it (compressed)")
            members = {name: archive.read(name) for name in archive.namelist()}
        tree = json.loads(members[TREE])
        return _with_arrays(tree, {name: content for name, content in members.items() if name != TREE})
    except FileNotFoundError:
        raise
    except _UNREADABLE as error:
        raise Damaged(f"{path.name} is damaged ({first_line(error) or type(error).__name__})") from None


def load_tree(path: Path) -> dict[str, Any]:
    """The tree alone, with references in the places of arrays, which may be large.

    Raises:
        Damaged: it cannot be read.
        OutOfReachError: the file may not be read at this moment.
    """
    try:
        with within_reach(path):
            opened = zipfile.ZipFile(path)
        with opened as archive:
            if archive.getinfo(TREE).compress_type != zipfile.ZIP_STORED:
                raise Damaged(f"{path.name} is not as mfpde writes it (compressed)")
            return dict(json.loads(archive.read(TREE)))
    except _UNREADABLE as error:
        raise Damaged(f"{path.name} is damaged ({first_line(error) or type(error).__name__})") from None


def _without_arrays(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """The tree with a reference in the place of every array, which is noted in `arrays`."""
    if isinstance(value, dict):
        return {str(key): _without_arrays(inner, f"{path}/{key}", arrays) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_arrays(inner, f"{path}/{k}", arrays) for k, inner in enumerate(value)]
    if isinstance(value, np.ndarray):
        name = f"{path.lstrip('/')}.npy"
        arrays[name] = value
        return {ARRAY: name}
    return value.item() if isinstance(value, np.generic) else value


def _with_arrays(value: Any, members: dict[str, bytes]) -> Any:
    if isinstance(value, dict) and set(value) == {ARRAY}:
        return np.lib.format.read_array(io.BytesIO(members[value[ARRAY]]), allow_pickle=False)
    if isinstance(value, dict):
        return {key: _with_arrays(inner, members) for key, inner in value.items()}
    return [_with_arrays(inner, members) for inner in value] if isinstance(value, list) else value
