"""E* of a case: chooses how it is found, finds it, and proves how far off it can be."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mfpde.certificates.arrangement import vertices
from mfpde.certificates.region import region_of, side, sphere_of
from mfpde.errors import InputError
from mfpde.models.network import Network
from mfpde.optima import TOLERANCE, grid, signed, simplex
from mfpde.optima.certificate import Certificate
from mfpde.optima.interpolant import Interpolant, interpolate
from mfpde.optima.measure import Atoms, balanced, with_equal_amplitudes


@dataclass(frozen=True)
class Optimum:
    """The global minimum over all probability measures, with proof; `table` is what --json prints."""

    network: Network = field(repr=False)
    atoms: Atoms = field(repr=False)
    energy: float
    certificate: Certificate
    seconds: float
    tolerance: float
    method: str
    interpolant: Interpolant | None = None
    grid: "grid.GridOptimum | None" = None
    is_attained: bool = True

    @property
    def gap(self) -> float:
        """E - lower bound."""
        return self.energy - self.certificate.lower_bound

    @property
    def variation(self) -> float:
        """Of int a dmu; where it is not attained, of what the energies tend to."""
        return self.atoms.variation

    @property
    def is_certified(self) -> bool:
        """Whether E* is proven within the tolerance."""
        return self.certificate.is_proven and self.gap <= self.tolerance

    @property
    def table(self) -> dict[str, Any]:
        """Plain numbers by stable keys."""
        certificate = self.certificate
        table = {
            "energy": self.energy,
            "lower_bound": certificate.lower_bound,
            "gap": self.gap,
            "total_variation": self.variation,
            "atoms": self.atoms.table(self.network),
            "dual": {"max": certificate.largest, "bound": certificate.level},
            "domain": "continuum",
            "box": {c.name: [*map(_end, side(c))] for c in self.network.parameters.components},
            "certified": self.is_certified,
            "seconds": self.seconds,
            "method": self.method,
            "proven": certificate.is_proven,
            "tolerance": self.tolerance,
            "attained": self.is_attained,
        }
        if self.interpolant is not None:
            table["interpolant"] = self.interpolant.table()
        if self.grid is not None:
            table["grid"] = self.grid.table() | {"excess": self.grid.energy - self.energy}
        return table

    def __repr__(self) -> str:
        from mfpde.optima.report import optimum_text

        return optimum_text(self.table)


def _end(value: float) -> float | None:
    return value if np.isfinite(value) else None


def find_optimum(
    network: Network, on_grid: bool = False, interpolant: bool = False, tolerance: float = TOLERANCE
) -> Optimum:
    """The global minimum of E over all probability measures on the case's domain.

    Arguments:
        on_grid: find the optimum E_h* of the mesh's own problem too.
        interpolant: and the least total variation of a function through the data.
        tolerance: of E, see `TOLERANCE`.
    Raises:
        InputError: there is no minimum, or none that can be found.
    """
    if network.strength is not None:
        raise InputError(
            "optimum: model.penalty.lambda changes in time, and the least energy with it; expected a number"
            " (--set model.penalty.lambda=0.01)"
        )
    if network.data is None:
        raise InputError("optimum: needs data points; a population loss has none")
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise InputError(f"--tolerance {tolerance:g}: expected a positive number")
    start = time.perf_counter()
    through = _through_data(network) if interpolant else _free(network)
    found = _solve(network, tolerance, through)
    of_grid = grid.grid_optimum(network, tolerance) if on_grid else None
    atoms, certificate, method = found
    attained = method != "limit"
    energy = atoms.energy(network) if attained else _limit(network, through)
    return Optimum(
        network, atoms, energy, certificate, time.perf_counter() - start, tolerance,
        "linear programme" if not attained else method, through, of_grid, attained,
    )  # fmt: skip


def _has_penalty(network: Network) -> bool:
    return bool(network.penalty.amplitude(np.array(1.0)) or network.penalty.confinement)


def _free(network: Network) -> Interpolant | None:
    """The least total variation through the data where nothing is paid for it, if it can be found."""
    if not signed.is_endless(network) and (_has_penalty(network) or not signed.is_signed(network)):
        return None
    try:
        return _through_data(network)
    except InputError:
        if np.all(np.isfinite(side(network.parameters.amplitudes[0]))):
            return None
        raise


def _limit(network: Network, through: Interpolant | None) -> float:
    assert through is not None
    return through.misfit


def _through_data(network: Network) -> Interpolant:
    region = sphere_of(network) if signed.balance(network) else signed.region_through_data(network)
    return interpolate(network, region, vertices(network, region))


def _solve(network: Network, tolerance: float, through: Interpolant | None) -> tuple[Atoms, Certificate, str]:
    """The optimum's atoms, certificate, and how they were found."""
    if signed.balance(network):
        found = signed.on_sphere(network, tolerance)
        atoms = balanced(found.z, found.charges, signed.ratio(network))
        if signed.fits(network, atoms):
            return atoms, signed.certify(network, found, tolerance), "column generation over the sphere"
    elif signed.is_signed(network):
        least = signed.in_box(network, tolerance, through)
        if least is not None:
            atoms = with_equal_amplitudes(least.z, least.charges, signed.some_place(network))
            return atoms, signed.certify(network, least, tolerance), least.method
    atoms = simplex.generate(network, region_of(network), tolerance)
    return atoms, simplex.certify(network, atoms, tolerance), "column generation over the simplex"
