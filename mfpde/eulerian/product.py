"""Several measures, each on a mesh of its own, as one: a backend whose fields are tuples of fields.

The stepper, the reaction and diffusion go over the species here and know of none: they see linear moments one
species after another, masses and mean potentials as arrays with one number for each, and the largest Courant
number, the summed dissipation and the least value of all. A problem of one measure uses its backend itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mfpde.eulerian.backend import Backend, Field, Potential, Rate, Stage
from mfpde.models.energy import Moments

#: one number for all species, or one for each
Numbers = float | np.ndarray


class JointMoments(NamedTuple):
    """Moments of every species, as those of one."""

    linear: np.ndarray  #: of one species after another
    square: np.ndarray
    penalty: np.ndarray
    mass: np.ndarray  #: (species,), as the two before


def joined(moments: Sequence[Moments]) -> JointMoments:
    """The moments of all species together."""
    linear = np.concatenate([of_one.linear for of_one in moments])
    return JointMoments(linear, *(np.array(numbers) for numbers in list(zip(*moments, strict=True))[1:]))


class Product:
    """Backends of several species.

    Arguments:
        ranks: how many linear moments, and numbers of a source, each species has.
        axes: how many axes the mesh of each has.
    """

    name = "product"

    def __init__(self, backends: Sequence[Backend], ranks: Sequence[int], axes: Sequence[int]):
        self.backends = list(backends)
        self.first_axes = np.cumsum([0, *axes[:-1]])
        self.cuts = np.cumsum(ranks)[:-1]
        self.undershoot = max(backend.undershoot for backend in backends)

    def _each(self, *columns: object) -> list[tuple]:
        """For every species its backend and its entry of every tuple or array; a plain number serves all."""
        count = len(self.backends)
        spread = [c if isinstance(c, tuple | np.ndarray) else (c,) * count for c in columns]
        return list(zip(self.backends, *spread, strict=True))

    def upload(self, densities: Sequence[np.ndarray]) -> tuple[Field, ...]:
        """Fields with these cell averages."""
        return tuple(backend.upload(density) for backend, density in self._each(tuple(densities)))

    def download(self, field: tuple[Field, ...]) -> tuple[np.ndarray, ...]:
        """Cell averages in float64."""
        return tuple(backend.download(f) for backend, f in self._each(field))

    def moments(self, field: tuple[Field, ...]) -> JointMoments:
        """Functionals of every species."""
        return joined([backend.moments(f) for backend, f in self._each(field)])

    def potential(self, source: np.ndarray) -> tuple[Potential, ...]:
        """V of every species from what the energy's `source` gives, one species after another."""
        parts = tuple(np.split(source, self.cuts))
        return tuple(backend.potential(part) for backend, part in self._each(parts))

    def rate(self, field: tuple[Field, ...], potential: tuple[Potential, ...]) -> Rate:
        """Transport of every species along its own -grad V."""
        found = [backend.rate(f, v) for backend, f, v in self._each(field, potential)]
        rates = tuple(r.field for r in found)
        return Rate(rates, max(r.courant for r in found), sum(r.dissipation for r in found))

    def combine(self, a: float, x: tuple, b: float, y: tuple, dt: float, rate: tuple) -> tuple[tuple, float]:
        """a x + b (y + dt rate), and the least value."""
        found = [backend.combine(a, p, b, q, dt, r) for backend, p, q, r in self._each(x, y, rate)]
        return tuple(f for f, _ in found), min(least for _, least in found)

    def stage(self, x: tuple, y: tuple, potential: tuple, dt: float) -> Stage:
        """(x + y + dt rate(y)) / 2."""
        found = [backend.stage(p, q, v, dt) for backend, p, q, v in self._each(x, y, potential)]
        return Stage(
            tuple(s.field for s in found),
            max(s.courant for s in found),
            sum(s.dissipation for s in found),
            min(s.least for s in found),
        )

    def react(
        self,
        field: tuple,
        potential: tuple,
        strength: float,
        shift: Numbers,
        power: float = 1.0,
        above: bool = False,
    ) -> tuple:
        """field^power exp(-strength (V - shift)), of V - shift the positive part alone if `above`."""
        return tuple(
            b.react(f, v, strength, s, power, above) for b, f, v, s in self._each(field, potential, shift)
        )

    def blend(self, a: Numbers, x: tuple, b: Numbers, y: tuple) -> tuple:
        """a x + b y."""
        return tuple(backend.blend(p, f, q, g) for backend, p, f, q, g in self._each(a, x, b, y))

    def spread(
        self,
        field: tuple,
        potential: tuple,
        mean: Numbers,
        power: int,
        tau: float = 0.0,
        above: bool = False,
    ) -> float:
        """The sum of int |V + tau log mu - mean|^power dmu."""
        return sum(b.spread(f, v, m, power, tau, above) for b, f, v, m in self._each(field, potential, mean))

    def entropy(self, field: tuple) -> float:
        """The sum of int mu log mu dtheta."""
        return sum(backend.entropy(f) for backend, f in self._each(field))

    def distance(self, x: tuple, y: tuple) -> float:
        """The sum of int |x - y| dtheta."""
        return sum(backend.distance(f, g) for backend, f, g in self._each(x, y))

    def nonnegative(self, field: tuple) -> tuple:
        """max(field, 0)."""
        return tuple(backend.nonnegative(f) for backend, f in self._each(field))

    def implicit(self, field: tuple, potential: tuple | None, axis: int, dt: float) -> tuple:
        """One implicit Euler step along an axis; axes are counted through all species."""
        species = int(np.searchsorted(self.first_axes, axis, side="right")) - 1
        of_one = None if potential is None else potential[species]
        along = axis - int(self.first_axes[species])
        swept = self.backends[species].implicit(field[species], of_one, along, dt)
        return (*field[:species], swept, *field[species + 1 :])
