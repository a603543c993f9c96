"""Column generation over signed measures: atoms are taken up where |h| is largest, and slide.

Every round solves the finite programme on the atoms exactly (`programme`), then lets them slide (`polish`).
"""

from dataclasses import dataclass

import numpy as np

from mfpde.certificates.arrangement import circle_peaks, is_homogeneous
from mfpde.certificates.region import Region
from mfpde.certificates.starts import peaks
from mfpde.models.network import Network
from mfpde.optima.dual import of_signed, slopes_at_data
from mfpde.optima.newton_slide import slide_homogeneous
from mfpde.optima.polish import slide_signed
from mfpde.optima.price import Linear, OfAmplitude
from mfpde.optima.programme import Candidates, least

ROUNDS = 200
TAKEN = 12  #: atoms taken up in a round, at most
ROUGH = 1.05  #: of the level of |h|: above, any place is welcome
AGAIN = 2  #: searches that must find nothing better, where none of them is global
NEGLIGIBLE = 1e-12  #: of the total variation


@dataclass(frozen=True)
class Signed:
    """A signed measure that is nearly optimal."""

    z: np.ndarray  #: (n, components)
    charges: np.ndarray  #: (n,)
    f: np.ndarray  #: at the data (1, L)
    largest: float  #: |h| that was found
    is_global: bool  #: whether no other |h| is larger, but for rounding


def generate(
    network: Network, region: Region, price: OfAmplitude | Linear, bound: float, tolerance: float
) -> Signed:
    """The optimum over signed measures with TV <= bound, until E is within a tolerance of its lower bound."""
    data = network.data
    assert data is not None
    on_circle = region.on_sphere and len(region.low) == 2 and is_homogeneous(network)
    z, charges = np.zeros((0, len(region.low))), np.zeros(0)
    f, best = np.zeros((1, len(data.x))), None
    lowest, idle, sure = np.inf, 0, 0
    for round_ in range(ROUNDS):
        p = slopes_at_data(network, f)
        enough = np.inf if sure else ROUGH * price.slope(float(np.abs(charges).sum()))
        places, heights = _extremes(network, region, p, on_circle, z, round_, enough)
        largest = float(heights.max(initial=0.0))
        signed = Signed(z, charges, f, largest, on_circle)
        energy = _energy(network, price, z, charges)
        if energy < lowest:
            lowest, best, idle = energy, signed, 0
        elif not sure:
            idle += 1
        within = lowest - of_signed(network, f, largest, price, bound) <= tolerance
        sure = sure + 1 if within else 0
        if sure == (1 if on_circle else AGAIN) or idle > 4:
            break
        if within:
            continue  # from other starts
        z = np.concatenate([z, places[np.argsort(-heights)[:TAKEN]]])
        z, charges = solved(network, z, price, bound)
        if len(z):
            slid = solved(network, _merged(_slid(network, region, price, bound, z, charges)), price, bound)
            if _energy(network, price, *slid) <= _energy(network, price, z, charges):
                z, charges = slid
        f = (charges @ network.features.values(z, data.x))[None]
    assert best is not None
    return best


def _energy(network: Network, price: OfAmplitude | Linear, z: np.ndarray, charges: np.ndarray) -> float:
    """E of charges (n,) at places (n, components)."""
    data = network.data
    assert data is not None
    f = (charges @ network.features.values(z, data.x))[None] if len(z) else np.zeros((1, len(data.x)))
    loss = float(np.sum(data.weights * network.loss.value(f, data.targets)))
    return 2 * loss + 2 * price.value(float(np.abs(charges).sum()))


def solved(network: Network, z: np.ndarray, price, bound: float) -> tuple[np.ndarray, np.ndarray]:
    """The exact optimum on places (n, components), and those it uses."""
    data = network.data
    assert data is not None
    candidates = Candidates(network.features.values(z, data.x), data.weights, data.targets[0], network.loss)
    found = least(candidates, price, bound)
    kept = np.abs(found.charges) > NEGLIGIBLE * found.variation
    return z[found.at[kept]], found.charges[kept]


def _slid(
    network: Network, region: Region, price, bound: float, z: np.ndarray, charges: np.ndarray
) -> np.ndarray:
    """Places of all charges after sliding."""
    if region.on_sphere and isinstance(price, Linear):
        return slide_homogeneous(network, price.rate, z, charges)
    return slide_signed(network, region, price, bound, z, charges)


def _merged(z: np.ndarray) -> np.ndarray:
    """Places without those that differ by rounding only."""
    kept: list[np.ndarray] = []
    for one in z:
        if all(np.linalg.norm(one - other) > 1e-9 * (1 + np.linalg.norm(one)) for other in kept):
            kept.append(one)
    return np.array(kept)


def _extremes(
    network: Network, region: Region, p: np.ndarray, on_circle: bool, z: np.ndarray, seed: int, enough: float
) -> tuple[np.ndarray, np.ndarray]:
    """Places where |h| is large (n, components), and |h| there; a rough search will do where it finds one
    that is `enough`.
    """
    if on_circle:
        places, h = circle_peaks(network, p[0])
        return places, np.abs(h)
    found = peaks(network, region, p, seed, z if len(z) else None, enough)
    return found.z, -found.values
