"""Integrals over the mesh of a run: cells count with their volumes and stand for atoms at their centres, as
in the dynamics.

xarray's own `integrate` is a trapezoidal rule between cell centres: it leaves out half a cell at every wall,
and on circles the closing one."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from mfpde.errors import InputError, nearest
from mfpde.measures.mesh import Axis

if TYPE_CHECKING:
    from mfpde.analysis.run import Run


def axis_names(run: "Run") -> list[str]:
    """Parameters that are axes of the density, in its order."""
    return [name for name in run.parameters if f"marginal_{name}" in run.eulerian]


def axis_of(run: "Run", name: str) -> Axis:
    """The mesh along one parameter.

    Raises:
        InputError: the density has no such axis.
    """
    known = axis_names(run)
    if name not in known:
        raise InputError(f"{run.path}: the density has no axis '{name}'{nearest(name, known)}")
    bounds = np.asarray(run.tree[f"{name}_bounds"])
    return Axis(
        name, np.append(bounds[:, 0], bounds[-1, 1]), periodic=f"wall_mass_{name}" not in run.eulerian
    )


def integrate(run: "Run", field: xr.DataArray, names: tuple[str, ...]) -> xr.DataArray:
    """int field over some parameters; over all that it depends on if there are no names.

    Raises:
        InputError: a name that is no axis of the density, or none of the field.
    """
    known = [str(name) for name in field.dims if name in axis_names(run)]
    for name in names or known:
        axis = axis_of(run, name)
        if name not in known or field.sizes[name] != axis.cells:
            raise InputError(
                f"{run.path}: the field to be integrated is not given at the {axis.cells} cells of '{name}'"
            )
        field = (field * xr.DataArray(axis.widths, dims=name)).sum(name)
    return field


def marginal(run: "Run", names: tuple[str, ...]) -> xr.DataArray:
    """Density of some parameters: of one at all output times, of several where the density is stored; in the
    order of the names.
    """
    for name in names:
        axis_of(run, name)
    if len(names) == 1:
        return run.eulerian[f"marginal_{names[0]}"].rename("marginal")
    if others := tuple(name for name in axis_names(run) if name not in names):
        return integrate(run, run.mu, others).transpose("time", *names).rename("marginal")
    return run.mu.transpose("time", *names).rename("marginal")


def expectation(run: "Run", field: xr.DataArray) -> xr.DataArray:
    """int field dmu, for a field over parameters, at the times at which the density is stored (or over all
    output times, of one parameter).
    """
    names = tuple(str(name) for name in field.dims if name in axis_names(run))
    return (
        integrate(run, field * marginal(run, names), names)
        if names
        else field * xr.ones_like(run.mu["time"], dtype=float)
    )


def mean(run: "Run", name: str) -> xr.DataArray:
    """Mean of a parameter at all output times; on a circle the mean direction, a point of its domain."""
    axis, masses = _masses(run, name)
    if not axis.periodic:
        return _called("mean", name, masses @ xr.DataArray(axis.centres, dims=name))
    angle = xr.apply_ufunc(np.angle, _mode(axis, masses))
    return _called("mean direction", name, axis.faces[0] + (axis.length / (2 * np.pi) * angle) % axis.length)


def variance(run: "Run", name: str) -> xr.DataArray:
    """Variance of a parameter at all output times; on a circle the mean square of deviations from the mean
    direction, by the shortest way.
    """
    axis, masses = _masses(run, name)
    away = xr.apply_ufunc(axis.wrap, xr.DataArray(axis.centres, dims=name) - mean(run, name))
    return _called("variance", name, (masses * away**2).sum(name))


def resultant(run: "Run", name: str) -> xr.DataArray:
    """|E exp(2 pi i x / length)| of a parameter on a circle at all output times: 1 for a point, 0 for an even
    spread.

    Raises:
        InputError: the parameter lives on a line.
    """
    axis, masses = _masses(run, name)
    if not axis.periodic:
        raise InputError(f"{run.path}: '{name}' lives on a line, and only circles have a resultant length")
    return _called("resultant length", name, abs(_mode(axis, masses)))


def _masses(run: "Run", name: str) -> tuple[Axis, xr.DataArray]:
    """An axis and the masses of its cells (time, cells), which sum to 1."""
    axis = axis_of(run, name)
    masses = marginal(run, (name,)).drop_vars(name).rename(name) * xr.DataArray(axis.widths, dims=name)
    return axis, masses / masses.sum(name)


def _called(what: str, name: str, values: xr.DataArray) -> xr.DataArray:
    return values.rename(f"{what.split()[0]}_{name}").assign_attrs(
        {"long_name": f"{what} of {name} under the density", "units": "1"}
    )


def _mode(axis: Axis, masses: xr.DataArray) -> xr.DataArray:
    """E exp(2 pi i (x - low) / length)."""
    return masses @ xr.DataArray(
        np.exp(2j * np.pi / axis.length * (axis.centres - axis.faces[0])), dims=axis.name
    )
