"""Where h can be extreme for features that are linear on both sides of a kink: vertices of an arrangement.

h is linear in every cell of the arrangement {<w, x_l> + b = 0} of z, so that over a box its extremes are
among the vertices of the arrangement within the box: finitely many. On the circle |z| = 1 they are at the
arrangement's angles, or where z is along the gradient of h in a cell.
"""

import itertools

import numpy as np

from mfpde.models.network import Network
from mfpde.models.neuron import Neuron
from mfpde.optima.region import Region

MOST_NUMBERS = 40_000_000  #: of features at all vertices, beyond which these are not listed
SIZES = np.logspace(-6, 6, 241)  #: of arguments at which an activation is tried


def is_homogeneous(network: Network) -> bool:
    """Whether phi(s z; x) = s phi(z; x) for s > 0: units of an activation that is linear on both sides of
    0.
    """
    if not isinstance(network.features, Neuron):
        return False
    sigma = network.features.activation
    return all(
        np.allclose(
            sigma.value(sign * SIZES), SIZES * sigma.value(np.array([float(sign)])), rtol=1e-12, atol=0
        )
        for sign in (1, -1)
    )


def lifted(network: Network) -> np.ndarray:
    """Inputs as z meets them, (x_l, 1) with a bias (L, components of z)."""
    assert network.data is not None
    assert isinstance(network.features, Neuron)
    return network.features.prepare(network.data.x)


def vertices(network: Network, region: Region) -> np.ndarray | None:
    """All candidates (N, components of z) in a box; None if the features have no such finite list."""
    if not (region.is_bounded and not region.on_sphere and is_homogeneous(network)):
        return None
    planes = lifted(network)
    free = np.flatnonzero(region.high > region.low)
    offsets = planes @ np.where(region.high > region.low, 0.0, region.low)
    pairs = len(planes) * (len(planes) - 1) // 2
    through_origin = not offsets.any()
    deepest = len(free) - 1 if through_origin else len(free)
    if deepest > 2 or _count(len(free), len(planes), pairs, deepest) * len(planes) > MOST_NUMBERS:
        return None
    found = [_corners(region, free)]
    for held in itertools.combinations(free, max(len(free) - 1, 0)) if deepest >= 1 else ():
        found.append(_one_plane(region, free, held, planes, offsets))
    for held in itertools.combinations(free, max(len(free) - 2, 0)) if deepest >= 2 else ():
        found.append(_two_planes(region, free, held, planes, offsets))
    return np.concatenate(found)


def _count(free: int, planes: int, pairs: int, deepest: int) -> int:
    """Candidates at most."""
    count = 2**free + (free * 2 ** (free - 1) * planes if free else 0)
    return count + (free * (free - 1) // 2 * 2 ** (free - 2) * pairs if deepest >= 2 else 0)


def _corners(region: Region, held: np.ndarray) -> np.ndarray:
    """Points (2^held, components) with some components at ends of their sides, the others at their low
    ends.
    """
    ends = list(itertools.product((0, 1), repeat=len(held)))
    points = np.tile(region.low, (len(ends), 1))
    for k, component in enumerate(held):
        sides = np.array([region.low[component], region.high[component]])
        points[:, component] = sides[[end[k] for end in ends]]
    return points


def _one_plane(region: Region, free, held, planes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Where planes meet edges of the box."""
    (solved,) = [k for k in free if k not in held]
    found = []
    for corner in _corners(region, np.array(held, int)):
        crossed = np.flatnonzero(planes[:, solved])
        rest = planes[crossed][:, list(held)] @ corner[list(held)] + offsets[crossed]
        values = -rest / planes[crossed, solved]
        inside = (values >= region.low[solved]) & (values <= region.high[solved])
        points = np.tile(corner, (int(inside.sum()), 1))
        points[:, solved] = values[inside]
        found.append(points)
    return np.concatenate(found)


def _two_planes(region: Region, free, held, planes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Where two planes meet on faces of the box."""
    i, j = [k for k in free if k not in held]
    one, two = np.triu_indices(len(planes), 1)
    determinant = planes[one, i] * planes[two, j] - planes[one, j] * planes[two, i]
    meet = determinant != 0
    one, two, determinant = one[meet], two[meet], determinant[meet]
    found = []
    for corner in _corners(region, np.array(held, int)):
        rest = planes[:, list(held)] @ corner[list(held)] + offsets
        first = (planes[one, j] * rest[two] - planes[two, j] * rest[one]) / determinant
        second = (planes[two, i] * rest[one] - planes[one, i] * rest[two]) / determinant
        inside = (first >= region.low[i]) & (first <= region.high[i])
        inside &= (second >= region.low[j]) & (second <= region.high[j])
        points = np.tile(corner, (int(inside.sum()), 1))
        points[:, i], points[:, j] = first[inside], second[inside]
        found.append(points)
    return np.concatenate(found)


def circle_peaks(network: Network, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All local extremes of h on the circle |z| = 1 of two components (n, 2), with h there (n,): no other
    point has a larger |h|, but for rounding.
    """
    planes = lifted(network)
    across = np.arctan2(planes[:, 1], planes[:, 0])
    angles = np.unique(np.concatenate([across + np.pi / 2, across - np.pi / 2]) % (2 * np.pi))
    edges = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    middles = (angles + np.append(angles[1:], angles[0] + 2 * np.pi)) / 2
    inner = np.stack([np.cos(middles), np.sin(middles)], axis=-1)
    assert network.data is not None
    gradients = network.features.pull(inner, network.data.x, p)[1]  # constant in a cell
    norms = np.linalg.norm(gradients, axis=1, keepdims=True)
    along = gradients / np.where(norms > 0, norms, 1.0)
    half = (np.append(angles[1:], angles[0] + 2 * np.pi) - angles) / 2
    found = [edges]
    for sign in (1, -1):
        inside = (np.sum(sign * along * inner, axis=1) >= np.cos(half)) & (norms[:, 0] > 0)
        found.append(sign * along[inside])
    z = np.concatenate(found)
    return z, network.features.pull(z, network.data.x, p)[0]
