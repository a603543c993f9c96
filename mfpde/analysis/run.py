"""Open an output file: its parts as xarray objects, its facts as plain tables."""

import json
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mfpde.analysis import integrals
from mfpde.analysis.sound import count_frames, fits_together
from mfpde.analysis.tree import open_tree
from mfpde.data.hdf5 import open_hdf5
from mfpde.errors import InputError, first_line
from mfpde.foreign import refuse_what_is_no_output
from mfpde.store.contents import sort_out
from mfpde.store.layout import SCHEMA_VERSION

if TYPE_CHECKING:
    from mfpde.analysis.compare import Comparison


class Run:
    """A finished or interrupted run, read from its file when asked.

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

    @property
    def times(self) -> np.ndarray:
        """Output times."""
        return np.asarray(self.tree["time"])

    @property
    def has_density(self) -> bool:
        """Whether the run had an Eulerian side."""
        return "eulerian" in self.tree.children

    @property
    def has_data(self) -> bool:
        """Whether the model is a network that learns data points."""
        return "inputs" in self.tree.to_dataset()

    @property
    def has_function(self) -> bool:
        """Whether the model is a network, of data points or of all inputs, so that functions have a
        distance.
        """
        return "targets" in self.tree.to_dataset()

    @property
    def eulerian(self) -> xr.Dataset:
        """The density and what was measured of it.

        Raises:
            InputError: the run had no Eulerian side.
        """
        if not self.has_density:
            raise InputError(f"{self.path}: this run has no Eulerian side (eulerian.enabled = false)")
        return self.group("eulerian")

    @property
    def mu(self) -> xr.DataArray:
        """Cell averages of the density over (time, parameters), at the times at which fields are stored."""
        return self.eulerian["mu"].rename(fields_time="time")

    def integrate(self, field: xr.DataArray, *names: str) -> xr.DataArray:
        """Integral of a field over parameters (all that it depends on if none are named), by the cells'
        volumes; see `analysis.integrals`.
        """
        return integrals.integrate(self, field, names)

    def marginal(self, *names: str) -> xr.DataArray:
        """Density of one parameter at all output times, or of several at those at which the density is
        stored.
        """
        return integrals.marginal(self, names)

    def expectation(self, field: xr.DataArray) -> xr.DataArray:
        """int field dmu of a field over parameters, such as ``run.mu.a * run.mu.b``."""
        return integrals.expectation(self, field)

    def mean(self, name: str) -> xr.DataArray:
        """Mean of a parameter under the density at all output times; on a circle the mean direction."""
        return integrals.mean(self, name)

    def variance(self, name: str) -> xr.DataArray:
        """Its variance; on a circle the mean square of deviations from the mean direction, by the shortest
        way.
        """
        return integrals.variance(self, name)

    def resultant(self, name: str) -> xr.DataArray:
        """|E exp(2 pi i x / length)| of a parameter on a circle at all output times."""
        return integrals.resultant(self, name)

    @cached_property
    def units(self) -> list[int]:
        """Widths of the ladder, in order."""
        return (
            sorted(int(name) for name in self.tree["lagrangian"].children)
            if "lagrangian" in self.tree.children
            else []
        )

    @property
    def paired(self) -> bool:
        """Whether networks of different widths share random numbers."""
        return bool(self.case["lagrangian"].get("common", False))

    def lagrangian(self, units: int) -> xr.Dataset:
        """The networks of one width."""
        return self.group(f"lagrangian/{units}")

    def comparison(self, units: int) -> xr.Dataset:
        """Distances of the networks of one width from the density."""
        return self.group(f"comparison/{units}")

    @property
    def data(self) -> xr.Dataset:
        """Inputs, targets and weights, as the networks see them."""
        return self.tree.to_dataset()[["inputs", "targets", "data_weights"]]

    @property
    def norm_weights(self) -> np.ndarray:
        """Weights (r,) with which squares of a prediction's coefficients sum to its square norm in L2(nu)."""
        return (
            self.data["data_weights"].values
            if self.has_data
            else np.ones(self.tree.to_dataset().sizes["coefficient"])
        )

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Facts about the run: case, provenance, health; tables are decoded."""
        with fits_together(self.path), open_hdf5(self._place, self.path) as file:
            return {str(name): _decode(value) for name, value in file.attrs.items()}

    def _fact(self, name: str, kind: type, what: str) -> Any:
        value = self.attributes.get(name)
        if not isinstance(value, kind):
            raise InputError(
                f"{self.path}: the attribute '{name}' is not {what}; it is no whole output of mfpde run"
            )
        return value

    @property
    def parameters(self) -> list[str]:
        """Components of theta in order, as in the last dimension of stored particles."""
        return self._fact("parameters", list, "a list of names")

    @property
    def case(self) -> dict[str, Any]:
        """The case as it was run, with every default filled in."""
        return self._fact("case_resolved", dict, "a case")

    @property
    def health(self) -> dict[str, Any]:
        """Whether the run finished, what was watched, and what was noticed."""
        nothing = {"finished": False, "failure": "stopped before its first frame", "warnings": []}
        if "health" not in self.attributes:
            return nothing
        health = self._fact("health", dict, "a table")
        kinds = {
            "finished": bool,
            "failure": str | None,
            "warnings": list,
            "eulerian": dict,
            "lagrangian": dict,
        }
        for key, kind in kinds.items():
            if not isinstance(health.get(key, nothing.get(key, {})), kind) or (
                key in nothing and key not in health
            ):
                raise InputError(
                    f"{self.path}: the attribute 'health' has no proper '{key}'; it is no whole output of"
                    " mfpde run"
                )
        return health

    def compare(self, tolerance: float | None = None, time: float | None = None) -> "Comparison":
        """How far the networks are from the density; prints as the table of `mfpde compare`. Arguments: see
        `analysis.compare.compare`.
        """
        from mfpde.analysis.compare import compare

        return compare(self, tolerance, time)

    def close(self) -> None:
        """Close the file."""
        if "tree" in vars(self):
            self.tree.close()

    def __repr__(self) -> str:
        return f"Run('{self.path}', units={self.units}, finished={self.health['finished']})"


def _decode(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):  # not JSON, a number of thousands of digits, or nested too deep
            return value
    return value.item() if hasattr(value, "item") and getattr(value, "size", 0) == 1 else value


def open_run(path: str | Path) -> Run:
    """Open an output file.

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
    return Run(path, contents.own.keys() | contents.vtk.keys())
