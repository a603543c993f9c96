"""The readable reference: the same scheme as kernels/eulerian.cl, with arrays. Tests hold the kernels to it."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.special import xlogy

from mfpde.eulerian.backend import Rate, Stage, negligible
from mfpde.eulerian.scharfetter_gummel import implicit_step
from mfpde.eulerian.slopes import limited_slope
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments
from mfpde.models.model import MeshPotential

GHOSTS = 2


class NumpyBackend:
    """Fields are arrays of the mesh's shape; a potential is the array of V."""

    name = "numpy"
    undershoot = 0.0

    def __init__(self, mesh: Mesh, model: MeshPotential, scheme: str, precision: str, tau: float = 0.0):
        self.mesh, self.model, self.scheme, self.tau = mesh, model, scheme, tau
        self.dtype = np.dtype(precision)
        self.negligible = negligible(precision)
        # V as (Na, Nz), and the mesh's arrays seen that way
        self.columns = (len(model.amplitude), len(model.penalty_z))

    def upload(self, density: np.ndarray) -> np.ndarray:
        """A field with these cell averages."""
        return density.astype(self.dtype)

    def download(self, field: np.ndarray) -> np.ndarray:
        """Cell averages in float64."""
        return field.astype(np.float64)

    def moments(self, field: np.ndarray) -> Moments:
        """Functionals the model needs, in float64."""
        masses = (field.astype(np.float64) * self.mesh.volumes).reshape(self.columns)
        with np.errstate(over="ignore", invalid="ignore"):
            return self.model.moments(masses)

    def potential(self, source: np.ndarray) -> np.ndarray:
        """V = a h(z) + r_a(a) + r_z(z) in the shape of the mesh."""
        return self.model.values(source).reshape(self.mesh.shape)

    def rate(self, field: np.ndarray, potential: np.ndarray) -> Rate:
        """Upwind fluxes of the limited linear reconstruction."""
        change = np.zeros_like(field)
        courant = np.zeros_like(field)
        dissipation = 0.0
        for k, axis in enumerate(self.mesh.axes):
            shape = [1] * field.ndim
            shape[k] = -1
            rho = self._with_ghosts(field, k)
            v = self._with_ghosts(potential, k)
            mode: Literal["wrap", "edge"] = "wrap" if axis.periodic else "edge"
            factors = [np.pad(factor, 1, mode=mode).reshape(shape).astype(self.dtype) for factor in axis.slope_factors]
            slope = limited_slope(self.scheme, _cells(rho, k, 0, -2), _cells(rho, k, 1, -1), _cells(rho, k, 2, None), factors)
            west, east = _cells(rho, k, 1, -2), _cells(rho, k, 2, -1)  # both sides of every face
            rise = _cells(v, k, 2, -1) - _cells(v, k, 1, -2)
            velocity = -rise * axis.inverse_distances.reshape(shape)
            forward, backward = np.maximum(velocity, 0), np.minimum(velocity, 0)
            flux = forward * (west + slope_of(slope, k, west=True) / 2) + backward * (east - slope_of(slope, k, west=False) / 2)
            widths = axis.widths.reshape(shape)
            change -= (np.diff(flux, axis=k) / widths).astype(self.dtype)
            courant += (np.maximum(_cells(forward, k, 1, None), -_cells(backward, k, 0, -1)) / widths).astype(self.dtype)
            area = self.mesh.volumes / widths
            dissipation -= float(np.sum(area * _cells(flux * rise, k, 1, None)))
        return Rate(change, float(courant[field > 0].max(initial=0.0)), dissipation)

    def combine(self, a: float, x: np.ndarray, b: float, y: np.ndarray, dt: float, rate: np.ndarray) -> tuple[np.ndarray, float]:
        """a x + b (y + dt rate), and min(0, smallest value)."""
        result = (a * x + b * (y + dt * rate)).astype(self.dtype)
        result[np.abs(result) < self.negligible] = 0
        return result, min(0.0, float(result.min()))

    def stage(self, x: np.ndarray, y: np.ndarray, potential: np.ndarray, dt: float) -> Stage:
        """(x + y + dt rate(y)) / 2."""
        rate = self.rate(y, potential)
        field, least = self.combine(0.5, x, 0.5, y, dt, rate.field)
        return Stage(field, rate.courant, rate.dissipation, least)

    def react(self, field: np.ndarray, potential: np.ndarray, strength: float, shift: float, power: float = 1.0) -> np.ndarray:
        """field^power exp(-strength (V - shift))."""
        with np.errstate(over="ignore", invalid="ignore"):  # the stepper refuses a step whose mass is not finite
            return (field**power * np.exp(-strength * (potential - shift))).astype(self.dtype)

    def blend(self, a: float, x: np.ndarray, b: float, y: np.ndarray) -> np.ndarray:
        """a x + b y."""
        return (a * x + b * y).astype(self.dtype)

    def spread(self, field: np.ndarray, potential: np.ndarray, mean: float, power: int, tau: float = 0.0) -> float:
        """int |V + tau log mu - mean|^power dmu."""
        value = potential + tau * np.log(np.maximum(field, self.negligible)) if tau else potential
        return float(np.sum(field * self.mesh.volumes * np.abs(value - mean) ** power))

    def entropy(self, field: np.ndarray) -> float:
        """int mu log mu dtheta."""
        return float(np.sum(self.mesh.volumes * xlogy(field.astype(np.float64), field)))

    def implicit(self, field: np.ndarray, potential: np.ndarray | None, axis: int, dt: float) -> np.ndarray:
        """One implicit Euler step along an axis, pencils side by side."""
        v = np.zeros(self.mesh.shape) if potential is None else potential
        pencils = np.moveaxis(field, axis, 0)
        solved = implicit_step(self.mesh.axes[axis], np.moveaxis(v, axis, 0), pencils, self.tau, dt)
        return np.moveaxis(solved, 0, axis).astype(self.dtype)

    def _with_ghosts(self, array: np.ndarray, k: int) -> np.ndarray:
        pad = [(GHOSTS, GHOSTS) if j == k else (0, 0) for j in range(array.ndim)]
        return np.pad(array, pad, mode="wrap" if self.mesh.axes[k].periodic else "edge")


def _cells(array: np.ndarray, k: int, start: int, stop: int | None) -> np.ndarray:
    index: Sequence[slice] = [slice(start, stop) if j == k else slice(None) for j in range(array.ndim)]
    return array[tuple(index)]


def slope_of(slope: np.ndarray, k: int, west: bool) -> np.ndarray:
    """Slopes of the cells west (or east) of every face, from the slopes of the cells with one ghost on each side."""
    return _cells(slope, k, 0, -1) if west else _cells(slope, k, 1, None)
