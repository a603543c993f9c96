"""The optimum where it reduces to signed measures of z: over a box by vertices or columns, or over the
sphere.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.certificates.arrangement import balance, is_homogeneous, vertices
from mfpde.certificates.region import Region, region_of, side, sphere_of
from mfpde.errors import InputError
from mfpde.models.network import Network
from mfpde.optima.certificate import Certificate, largest_dual, prove
from mfpde.optima.columns import Signed, generate
from mfpde.optima.dual import of_signed, slopes_at_data
from mfpde.optima.interpolant import Interpolant
from mfpde.optima.measure import Atoms
from mfpde.optima.price import Linear, OfAmplitude
from mfpde.optima.programme import Candidates, least
from mfpde.optima.sliding import generate_sliding

Price = OfAmplitude | Linear


@dataclass(frozen=True)
class Found(Signed):
    """With the problem that it solves."""

    price: Price
    bound: float  #: of TV
    method: str


def is_signed(network: Network) -> bool:
    """Whether E* is that of signed measures of z, if TV stays within what amplitudes may be."""
    amplitudes = network.parameters.amplitudes
    return len(amplitudes) == 1 and amplitudes[0].free and not network.penalty.confinement


def ratio(network: Network) -> float:
    """|a|^2 / |z|^2 of balanced units."""
    return network.penalty.confinement / float(network.penalty.amplitude(np.array(1.0)))


def fits(network: Network, atoms: Atoms) -> bool:
    """Whether atoms lie in the domains of their components."""
    theta = np.concatenate([atoms.a, atoms.z], axis=1)
    sides = np.array([side(c) for c in network.parameters.components])
    return bool(np.all((theta >= sides[:, 0]) & (theta <= sides[:, 1])))


def some_place(network: Network) -> np.ndarray:
    """A z for units that do nothing."""
    region = region_of(network)
    return np.clip(np.zeros(len(region.low)), region.low, region.high)


def is_endless(network: Network) -> bool:
    """Whether z may grow for nothing while a shrinks: then nothing is paid for functions of any size."""
    return (
        is_signed(network)
        and is_homogeneous(network)
        and not region_of(network).is_bounded
        and not any(np.isfinite(side(network.parameters.amplitudes[0])))
    )


def region_through_data(network: Network) -> Region:
    """Where the units of an interpolant may be: the sphere if units are homogeneous and z has no end.

    Raises:
        InputError: z is endless in some components only.
    """
    region = region_of(network)
    if not is_homogeneous(network) or region.is_bounded:
        return region
    if all(c.free and c.domain is None for c in network.parameters.rest):
        return sphere_of(network)
    raise InputError(
        "optimum: some components of z have no domain, and units may grow along them for nothing; expected a"
        ' domain for all of them or for none, or model.penalty.kind = "path"'
    )


def on_sphere(network: Network, tolerance: float) -> Found:
    """The optimum for homogeneous features under a penalty that balances a and z."""
    price = Linear(balance(network))
    sphere = sphere_of(network)
    if len(sphere.low) > 2:
        found = generate_sliding(network, sphere, price)
    else:
        found = generate(network, sphere, price, np.inf, tolerance)
    return Found(found.z, found.charges, found.f, found.largest, found.is_global, price, np.inf, "sphere")


def in_box(network: Network, tolerance: float, through: Interpolant | None) -> Found | None:
    """The optimum over a box of z; None where a one-sided box of amplitudes binds.

    Arguments:
        through: the least total variation through the data, where nothing is paid for it.
    """
    region, price = region_of(network), OfAmplitude(network.penalty)
    low, high = side(network.parameters.amplitudes[0])
    bound = min(-low, high)
    free = is_endless(network) or not price.slope(1.0)
    if free and through is not None and through.variation <= bound * (1 + 1e-9):
        method = "limit" if np.isinf(bound) else "linear programme"
        f, sure = through.f, through.is_global
        return Found(through.z, through.charges, f, 0.0, sure, price, bound, method)
    if bound < 0 or (bound < np.inf and low != -high and _needs(network, region, price, tolerance) > bound):
        return None
    return _in_box(network, region, price, bound, tolerance)


def _needs(network: Network, region: Region, price: Price, tolerance: float) -> float:
    """The total variation without a bound."""
    if not price.slope(1.0):
        return np.inf
    return float(np.abs(_in_box(network, region, price, np.inf, tolerance).charges).sum())


def _in_box(network: Network, region: Region, price: Price, bound: float, tolerance: float) -> Found:
    data = network.data
    assert data is not None
    if (z := vertices(network, region)) is None:
        found = generate(network, region, price, bound, tolerance)
        method = "column generation"
    else:
        candidates = Candidates(
            network.features.values(z, data.x), data.weights, data.targets[0], network.loss
        )
        some = least(candidates, price, bound)
        largest = float(np.max(np.abs(candidates.h(some.f)), initial=0.0))
        found = Signed(z[some.at], some.charges, some.f[None], largest, True)
        method = f"all {len(z)} vertices of the arrangement"
    return Found(found.z, found.charges, found.f, found.largest, found.is_global, price, bound, method)


def certify(network: Network, found: Found, tolerance: float) -> Certificate:
    """By the largest |h|, which is known where the search was global; else by a search of boxes."""
    data, variation = network.data, float(np.abs(found.charges).sum())
    assert data is not None
    energy = 2 * float(np.sum(data.weights * network.loss.value(found.f, data.targets)))
    energy += 2 * found.price.value(variation)
    level = found.price.slope(variation)
    if variation and variation >= found.bound * (1 - 1e-9):  # TV is held, and costs what it would bring
        level = -float(np.sum(slopes_at_data(network, found.f) * found.f)) / variation
    if found.method in ("limit", "linear programme"):
        energy -= 2 * found.price.value(variation)
        return Certificate(energy, found.is_global, 0.0, level)
    own = of_signed(network, found.f, found.largest, found.price, found.bound)
    if found.is_global:
        return Certificate(own, True, found.largest, level)
    if data.weights @ np.abs(found.f[0]) == 0 and not variation:
        return _of_nothing(network, found, energy, tolerance, level)

    def bound(h: float) -> float:
        return min(of_signed(network, found.f, h, found.price, found.bound), energy)

    accuracy = tolerance / (8 * variation + 1e-300)
    peak = largest_dual(network, found.f, lambda h: energy - bound(h) <= tolerance, accuracy)
    if peak is None:
        return Certificate(min(own, energy), False, found.largest, level)
    return Certificate(bound(peak.bound), True, max(found.largest, peak.value), level)


def _of_nothing(network: Network, found: Found, energy: float, tolerance: float, level: float) -> Certificate:
    """Where a = 0 is best."""
    proven = prove(network, found.f, energy, tolerance)
    return Certificate(min(proven.value, energy), proven.proven, found.largest, level)
