"""Diffusion tau Lap mu (mean-field Langevin): implicit sweeps along the axes (locally one-dimensional
splitting).

Two schemes. `scharfetter_gummel` takes drift and diffusion together: exp(-V/tau) is steady for every sweep,
exactly, and so for the splitting; second order in space where |dV|/tau across a face is at most about 1,
first-order upwind beyond. `strang` leaves the drift to the explicit transport and takes heat sweeps alone.

A sweep is SDIRK2 (Alexander 1977, doi:10.1137/0714068; L-stable, second order). It is not positive without
condition; a sweep that undershoots is repeated as implicit Euler, which is. Undershoots whose mass is below
rounding, in tails at a wall that is steep, are set to 0 instead.
"""

import numpy as np

from mfpde.eulerian.backend import Backend, Field, Potential
from mfpde.measures.mesh import Mesh

GAMMA = 1 - 1 / np.sqrt(2)
MAX_PECLET = 1.0  #: median |dV|/tau across a face up to which drift and diffusion are taken together


class Diffusion:
    """Implicit sweeps on any backend.

    Arguments:
        together: whether sweeps carry the drift as well (Scharfetter-Gummel).
    """

    def __init__(self, backend: Backend, mesh: Mesh, tau: float, together: bool):
        self.backend, self.tau, self.together = backend, tau, together
        self.volume = float(np.prod([axis.widths.sum() for axis in mesh.axes]))
        self.axes = [k for k, axis in enumerate(mesh.axes) if axis.mobility > 0]
        self.damped = 0  #: sweeps repeated as implicit Euler

    def heat(self, field: Field, dt: float) -> Field:
        """The heat flow; sweeps along different axes commute."""
        for axis in self.axes:
            field = self._sweep(field, None, axis, dt)
        return field

    def predict(self, field: Field, potential: Potential, dt: float) -> Field:
        """Drift and diffusion to first order: one implicit Euler step per axis."""
        for axis in self.axes:
            field = self.backend.implicit(field, potential, axis, dt)
        return field

    def drift(self, field: Field, potential: Potential, dt: float) -> Field:
        """Drift and diffusion to second order, by symmetric splitting: half sweeps, one whole, half sweeps
        back.
        """
        order = [(axis, dt / 2) for axis in self.axes[:-1]]
        for axis, part in [*order, *((axis, dt) for axis in self.axes[-1:]), *reversed(order)]:
            field = self._sweep(field, potential, axis, part)
        return field

    def _sweep(self, field: Field, potential: Potential | None, axis: int, dt: float) -> Field:
        ratio = (1 - GAMMA) / GAMMA
        stage = self.backend.implicit(field, potential, axis, GAMMA * dt)
        field_too, _ = self.backend.combine(1 - ratio, field, ratio, stage, 0.0, stage)
        result = self.backend.implicit(field_too, potential, axis, GAMMA * dt)
        _, least = self.backend.combine(0.0, result, 1.0, result, 0.0, result)
        if least < 0:
            # not that of float32, whose mass this would raise step by step
            if -least * self.volume <= np.finfo(np.float64).eps:
                return self.backend.nonnegative(result)
            self.damped += 1
            return self.backend.implicit(field, potential, axis, dt)
        return result


def median_peclet(mesh: Mesh, density: np.ndarray, v: np.ndarray, tau: float) -> float:
    """The largest over axes of the median |dV|/tau across a face, faces weighted by the mass on both sides.

    Arguments:
        density, v: cell averages of mu and V on the mesh.
    """
    worst = 0.0
    masses = density * mesh.volumes
    for k, axis in enumerate(mesh.axes):
        if axis.mobility == 0:
            continue
        rise = np.abs(np.diff(v, axis=k)).ravel() / tau
        weight = (np.delete(masses, -1, axis=k) + np.delete(masses, 0, axis=k)).ravel()
        order = np.argsort(rise)
        cumulative = np.cumsum(weight[order])
        worst = max(worst, float(rise[order][np.searchsorted(cumulative, cumulative[-1] / 2)]))
    return worst
