"""An opened output file: its groups as xarray objects, the facts of its root as plain tables."""

import json
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import xarray as xr

from mfpde.data.hdf5 import open_hdf5
from mfpde.errors import InputError
from mfpde.results.sound import fits_together
from mfpde.results.tree import open_tree


class OutputFile:
    """An output file, read when asked.

    Arguments:
        path: as the user named it.
        paths: of the datasets of mfpde; others are left alone.
    """

    def __init__(self, path: Path, paths: AbstractSet[str]):
        self.path, self.paths = path, paths
        self._place = path
        with suppress(OSError):  # a process whose folder is gone has absolute paths alone
            self._place = path.absolute()

    @cached_property
    def tree(self) -> xr.DataTree:
        """Everything of mfpde in the file; large arrays are read when used."""
        with fits_together(self.path):
            return open_tree(self._place, self.paths)

    def group(self, path: str) -> xr.Dataset:
        """A group of the file by its path, without the coordinates of the whole file that it does not use."""
        node = self.tree[path] if path in self.tree.groups or f"/{path}" in self.tree.groups else None
        if not isinstance(node, xr.DataTree):
            raise InputError(f"{self.path}: has no group '{path}'; it is no whole output of mfpde run")
        dataset = node.to_dataset()
        if unscaled := [
            name
            for name in dataset.data_vars
            if any(str(dim).startswith("phony_dim") for dim in dataset[name].dims)
        ]:
            raise InputError(
                f"{self.path}: '{path}/{unscaled[0]}' has axes without a meaning; it is no whole output of"
                " mfpde run"
            )
        used = {dim for variable in dataset.data_vars.values() for dim in variable.dims}
        return dataset.drop_vars([name for name in dataset.coords if not set(dataset[name].dims) <= used])

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Facts about the run: case, provenance, health; tables are decoded."""
        with fits_together(self.path), open_hdf5(self._place, self.path) as file:
            return {str(name): _decode(value) for name, value in file.attrs.items()}

    def fact(self, name: str, kind: type, what: str) -> Any:
        """An attribute of the root.

        Raises:
            InputError: it is missing or of another kind; `what` says what it should be.
        """
        value = self.attributes.get(name)
        if not isinstance(value, kind):
            raise InputError(
                f"{self.path}: the attribute '{name}' is not {what}; it is no whole output of mfpde run"
            )
        return value

    def close(self) -> None:
        """Close the file."""
        if "tree" in vars(self):
            self.tree.close()


def _decode(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):  # not JSON, a number of thousands of digits, or nested too deep
            return value
    return value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value
