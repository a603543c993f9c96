"""The readable reference: the same scheme as kernels/eulerian.cl, with arrays. Tests hold the kernels to it.

Every operation goes tile by tile (`windows`), on a few threads; in a tile it leaves cells alone that are 0
with all they depend on.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mfpde.eulerian.backend import Rate, Stage, negligible
from mfpde.eulerian.numpy_transport import Transport
from mfpde.eulerian.scharfetter_gummel import exchange, implicit_step
from mfpde.eulerian.velocities import Potential
from mfpde.eulerian.windows import TILE_BYTES, Window, cut, window_of
from mfpde.measures.mesh import Mesh
from mfpde.models.energy import Moments
from mfpde.models.mesh_potential import MeshPotential
from mfpde.threads import each

#: z-cells whose sums over a are formed together
COLUMNS = 4096


class NumpyBackend:
    """Fields are arrays of the mesh's shape."""

    name = "numpy"
    undershoot = 0.0

    def __init__(
        self,
        mesh: Mesh,
        model: MeshPotential,
        scheme: str,
        precision: str,
        tau: float = 0.0,
        faint: float = 0.0,
    ):
        self.mesh, self.model, self.tau = mesh, model, tau
        self.dtype = np.dtype(precision)
        self.negligible = negligible(precision)
        self.tiles = cut(mesh.shape, TILE_BYTES // self.dtype.itemsize)
        # the mesh's arrays seen as (Na, Nz)
        z_cells = len(model.penalty_z)
        self.columns = (len(model.amplitude), z_cells)
        self.blocks = [slice(i, i + COLUMNS) for i in range(0, z_cells, COLUMNS)]
        a_widths = mesh.axes[0].widths if model.has_amplitude else np.ones(1)
        self.weights_a = [a_widths, a_widths * model.amplitude, a_widths * model.penalty_a]
        self.z_volumes = np.take(mesh.volumes.reshape(self.columns), 0, axis=0) / a_widths[0]
        self.transport = Transport(mesh, scheme, faint, self.dtype)

    def set_penalty(self, penalty_a: np.ndarray, penalty_z: np.ndarray) -> None:
        """Another r from now on."""
        self.model = replace(self.model, penalty_a=penalty_a, penalty_z=penalty_z)
        self.weights_a[2] = self.weights_a[0] * penalty_a

    def upload(self, density: np.ndarray) -> np.ndarray:
        """A field with these cell averages."""
        return density.astype(self.dtype)

    def download(self, field: np.ndarray) -> np.ndarray:
        """Cell averages in float64."""
        return field.astype(np.float64)

    def moments(self, field: np.ndarray) -> Moments:
        """Functionals the model needs, in float64: sums over a per z-cell, then what depends on them."""
        rows = field.reshape(self.columns)

        def sums(part: slice) -> np.ndarray:
            block = rows[:, part].astype(np.float64, copy=False)
            return np.array([np.einsum("a,az->z", weights, block) for weights in self.weights_a])

        with np.errstate(over="ignore", invalid="ignore"):
            mass, first, penalty = np.concatenate(each(sums, self.blocks), axis=1) * self.z_volumes
            penalty += self.model.penalty_z * mass
            return self.model.moments_of(first, float(penalty.sum()), float(mass.sum()))

    def potential(self, source: np.ndarray) -> Potential:
        """V = a h(z) + r_a(a) + r_z(z)."""
        return Potential(self.mesh, self.model, source, self.dtype)

    def rate(self, field: np.ndarray, potential: Potential) -> Rate:
        """Upwind fluxes of the limited linear reconstruction."""
        change = np.zeros_like(field)

        def fill(window: Window) -> tuple[float, float]:
            change[window], courant, dissipation = self.transport(field, potential, window)
            return courant, dissipation

        courants, dissipations = self._windows(fill, 2, field)
        return Rate(change, float(courants.max()), float(dissipations.sum()))

    def stage(self, x: np.ndarray, y: np.ndarray, potential: Potential, dt: float) -> Stage:
        """(x + y + dt rate(y)) / 2."""
        result = np.zeros_like(x)

        def fill(window: Window) -> tuple[float, float, float]:
            change, courant, dissipation = self.transport(y, potential, window)
            result[window], least = self._sum(0.5, x[window], 0.5, y[window], dt, change)
            return courant, dissipation, least

        courants, dissipations, least = self._windows(fill, 3, x, y)
        return Stage(result, float(courants.max()), float(dissipations.sum()), float(least.min()))

    def combine(
        self, a: float, x: np.ndarray, b: float, y: np.ndarray, dt: float, rate: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """a x + b (y + dt rate), and min(0, smallest value)."""
        result = np.zeros_like(x)

        def fill(window: Window) -> tuple[float]:
            result[window], least = self._sum(a, x[window], b, y[window], dt, rate[window])
            return (least,)

        (least,) = self._windows(fill, 1, *{id(field): field for field in (x, y, rate)}.values())
        return result, float(least.min())

    def react(
        self,
        field: np.ndarray,
        potential: Potential,
        strength: float,
        shift: float,
        power: float = 1.0,
        above: bool = False,
    ) -> np.ndarray:
        """field^power exp(-strength (V - shift)), of V - shift the positive part alone if `above`."""
        result = np.zeros_like(field)

        def fill(window: Window) -> tuple[float]:
            # the stepper refuses a step whose mass is not finite
            with np.errstate(over="ignore", invalid="ignore"):
                factor = potential.on(window)
                factor -= shift
                if above:
                    np.maximum(factor, 0, out=factor)
                factor *= -strength
                np.exp(factor, out=factor)
                factor *= field[window] if power == 1 else field[window] ** power
                result[window] = factor
            return (0.0,)

        self._windows(fill, 1, field)
        return result

    def blend(self, a: float, x: np.ndarray, b: float, y: np.ndarray) -> np.ndarray:
        """a x + b y."""
        result = np.zeros_like(x)

        def fill(window: Window) -> tuple[float]:
            np.multiply(y[window], self.dtype.type(b), out=result[window])
            if a:
                result[window] += self.dtype.type(a) * x[window]
            return (0.0,)

        self._windows(fill, 1, *((x, y) if a else (y,)))
        return result

    def spread(
        self,
        field: np.ndarray,
        potential: Potential,
        mean: float,
        power: int,
        tau: float = 0.0,
        above: bool = False,
    ) -> float:
        """int |V + tau log mu - mean|^power dmu, of its positive part alone if `above`."""

        def of(window: Window) -> tuple[float]:
            value = potential.on(window)
            if tau:
                value += tau * np.log(np.maximum(field[window], self.negligible))
            value -= mean
            if above:
                np.maximum(value, 0, out=value)
            value = np.abs(value, out=value) if power == 1 else np.square(value, out=value)
            value *= field[window]
            value *= self.mesh.volumes[window]
            return (float(value.sum()),)

        return float(self._windows(of, 1, field).sum())

    def entropy(self, field: np.ndarray) -> float:
        """int mu log mu dtheta."""

        def of(window: Window) -> tuple[float]:
            density = field[window].astype(np.float64)
            logarithm = np.log(np.maximum(density, self.negligible))
            return (float(np.sum(density * logarithm * self.mesh.volumes[window])),)

        return float(self._windows(of, 1, field).sum())

    def distance(self, x: np.ndarray, y: np.ndarray) -> float:
        """int |x - y| dtheta."""

        def of(window: Window) -> tuple[float]:
            return (
                float(np.sum(np.abs(x[window] - y[window]).astype(np.float64) * self.mesh.volumes[window])),
            )

        return float(self._windows(of, 1, x, y).sum())

    def nonnegative(self, field: np.ndarray) -> np.ndarray:
        """max(field, 0)."""
        return np.maximum(field, 0)

    def implicit(self, field: np.ndarray, potential: Potential | None, axis: int, dt: float) -> np.ndarray:
        """One implicit Euler step along an axis, pencils side by side."""
        along, pencils = self.mesh.axes[axis], np.moveaxis(field, axis, 0)
        alike = np.zeros((along.cells, *[1] * (field.ndim - 1)))
        exchanged = (
            exchange(along, alike, self.tau) if potential is None else potential.exchanged(axis, self.tau)
        )
        solved = implicit_step(along, exchanged, pencils, dt)
        return np.moveaxis(solved, 0, axis).astype(self.dtype)

    def _windows(
        self, function: Callable[[Window], Sequence[float]], numbers: int, *fields: np.ndarray
    ) -> np.ndarray:
        """What a function of a window gives (numbers, tiles), in the window of each tile.

        A window holds the cells that are not 0 in all fields; where there is none the numbers are 0.
        """

        def of(tile: Window) -> Sequence[float]:
            window = window_of(self.mesh, tile, fields)
            return (0.0,) * numbers if window is None else function(window)

        return np.array(each(of, self.tiles)).T

    def _sum(
        self, a: float, x: np.ndarray, b: float, y: np.ndarray, dt: float, rate: np.ndarray
    ) -> tuple[np.ndarray, float]:
        real = self.dtype.type
        result = real(dt) * rate
        result += y
        if b != 1:
            result *= real(b)
        if a:
            result += real(a) * x
        least = result.min()
        if least < self.negligible:
            result[np.abs(result) < self.negligible] = 0
            least = result.min()
        return result, float(np.minimum(least, 0))
