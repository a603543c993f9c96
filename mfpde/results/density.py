"""Integrals over the mesh of a run: cells count with their volumes and stand for atoms at their centres, as
in the dynamics.

xarray's own `integrate` is a trapezoidal rule between cell centres: it leaves out half a cell at every wall,
and on circles the closing one.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from mfpde.errors import InputError, nearest
from mfpde.measures.axis import Axis


class DensityOfRun:
    """The density of a run, with the mesh it lives on.

    Arguments:
        path: of the file, for messages.
        found: the group `eulerian` of the file.
        tree: the whole file, which holds the bounds of cells.
        parameters: components of theta, in order.
    """

    def __init__(self, path: Path, found: xr.Dataset, tree: xr.DataTree, parameters: Sequence[str]):
        self.path, self.found, self.tree = path, found, tree
        self.names = [name for name in parameters if f"marginal_{name}" in found]

    @property
    def mu(self) -> xr.DataArray:
        """Cell averages over (time, parameters), at the times at which fields are stored."""
        return self.found["mu"].rename(fields_time="time")

    def axis(self, name: str) -> Axis:
        """The mesh along one parameter.

        Raises:
            InputError: the density has no such axis.
        """
        if name not in self.names:
            raise InputError(f"{self.path}: the density has no axis '{name}'{nearest(name, self.names)}")
        bounds = np.asarray(self.tree[f"{name}_bounds"])
        on_circle = f"wall_mass_{name}" not in self.found
        return Axis(name, np.append(bounds[:, 0], bounds[-1, 1]), periodic=on_circle)

    def integrate(self, field: xr.DataArray, names: Sequence[str]) -> xr.DataArray:
        """int field over some parameters; over all that it depends on if there are no names.

        Raises:
            InputError: a name that is no axis of the density, or none of the field.
        """
        known = self._axes_of(field)
        for name in names or known:
            axis = self.axis(name)
            if name not in known or field.sizes[name] != axis.cells:
                raise InputError(
                    f"{self.path}: the field to be integrated is not given at the {axis.cells} cells of"
                    f" '{name}'"
                )
            field = (field * xr.DataArray(axis.widths, dims=name)).sum(name)
        return field

    def marginal(self, names: Sequence[str]) -> xr.DataArray:
        """Density of some parameters, in the order of the names.

        Of one at all output times, of several where the density is stored.
        """
        for name in names:
            self.axis(name)
        if len(names) == 1:
            return self.found[f"marginal_{names[0]}"].rename("marginal")
        others = [name for name in self.names if name not in names]
        left = self.integrate(self.mu, others) if others else self.mu
        return left.transpose("time", *names).rename("marginal")

    def expectation(self, field: xr.DataArray) -> xr.DataArray:
        """int field dmu of a field over parameters, at the times at which the density is stored.

        Of a field over one parameter, at all output times.
        """
        names = self._axes_of(field)
        if not names:
            return field * xr.ones_like(self.mu["time"], dtype=float)
        return self.integrate(field * self.marginal(names), names)

    def mean(self, name: str) -> xr.DataArray:
        """Mean of a parameter at all output times; on a circle the mean direction, a point of its domain."""
        axis, masses = self._masses(name)
        if not axis.periodic:
            return _called("mean", name, masses @ xr.DataArray(axis.centres, dims=name))
        angle = xr.apply_ufunc(np.angle, _mode(axis, masses))
        turned = (axis.length / (2 * np.pi) * angle) % axis.length
        return _called("mean direction", name, axis.faces[0] + turned)

    def variance(self, name: str) -> xr.DataArray:
        """Variance of a parameter at all output times.

        On a circle the mean square of the shortest ways to the mean direction.
        """
        axis, masses = self._masses(name)
        away = xr.apply_ufunc(axis.wrap, xr.DataArray(axis.centres, dims=name) - self.mean(name))
        return _called("variance", name, (masses * away**2).sum(name))

    def resultant(self, name: str) -> xr.DataArray:
        """|E exp(2 pi i x / length)| of a parameter on a circle at all output times: 1 for a point, 0 for an
        even spread.

        Raises:
            InputError: the parameter lives on a line.
        """
        axis, masses = self._masses(name)
        if not axis.periodic:
            raise InputError(
                f"{self.path}: '{name}' lives on a line, and only circles have a resultant length"
            )
        return _called("resultant length", name, abs(_mode(axis, masses)))

    def _axes_of(self, field: xr.DataArray) -> list[str]:
        """The axes of the density that a field depends on."""
        return [str(name) for name in field.dims if name in self.names]

    def _masses(self, name: str) -> tuple[Axis, xr.DataArray]:
        """An axis and the masses of its cells (time, cells), which sum to 1."""
        axis = self.axis(name)
        density = self.marginal((name,)).drop_vars(name).rename(name)
        masses = density * xr.DataArray(axis.widths, dims=name)
        return axis, masses / masses.sum(name)


def _called(what: str, name: str, values: xr.DataArray) -> xr.DataArray:
    return values.rename(f"{what.split()[0]}_{name}").assign_attrs(
        {"long_name": f"{what} of {name} under the density", "units": "1"}
    )


def _mode(axis: Axis, masses: xr.DataArray) -> xr.DataArray:
    """E exp(2 pi i (x - low) / length)."""
    waves = np.exp(2j * np.pi / axis.length * (axis.centres - axis.faces[0]))
    return masses @ xr.DataArray(waves, dims=axis.name)
