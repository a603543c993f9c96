"""Where |h|, or V, is extreme: descent from many starts. No proof that nothing better exists; certificates
give that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfpde.certificates.arrangement import is_homogeneous
from mfpde.certificates.cells import Cells
from mfpde.certificates.region import Region
from mfpde.models.network import Network

STARTS, REFINED = 2048, 12
CLIMBED, THOROUGH = 32, 96  #: those that go from cell to cell; in a search that is to find nothing
CLIMBERS, CLIMBS, INERTIA = 512, 12, 0.5  #: starts, steps, and how much of its place a point keeps
APART = 1e-6  #: points closer than this are one


Function = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Valleys:
    """Local minima, the deepest first."""

    z: np.ndarray  #: (n, components)
    values: np.ndarray  #: (n,)


def hidden(network: Network, z: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h = sum_l p_l phi(z; x_l) of every output (outputs, n) and its gradient (outputs, n, components), for p
    (outputs, L), which holds the weights.
    """
    assert network.data is not None
    found = [network.features.pull(z, network.data.x, of_one) for of_one in p]
    return np.stack([h for h, _ in found]), np.stack([slopes for _, slopes in found])


def peaks(
    network: Network,
    region: Region,
    p: np.ndarray,
    seed: int,
    more: np.ndarray | None = None,
    enough: float = np.inf,
) -> Valleys:
    """Local extremes of h and -|h| there, for p (1, L).

    Arguments:
        enough: an |h| with which a rough search is content; infinite for a thorough one.
    """

    found = []
    for sign in (1.0, -1.0):

        def value(z: np.ndarray, sign: float = sign) -> tuple[np.ndarray, np.ndarray]:
            h, slopes = hidden(network, z, p)
            return -sign * h[0], -sign * slopes[0]

        if region.on_sphere and is_homogeneous(network):
            found.append(_climb(network, -sign * p[0], region.sample(CLIMBERS, seed), value, more, enough))
        else:
            found.append(_descend(value, region, seed, None))
    z, values = np.concatenate([v.z for v in found]), np.concatenate([v.values for v in found])
    return _distinct(z, values, 1e-9)


def _climb(
    network: Network,
    p: np.ndarray,
    z: np.ndarray,
    function: Function,
    more: np.ndarray | None,
    enough: float,
) -> Valleys:
    """Of homogeneous features on the sphere: a few steps along the gradient, all starts at a time, then the
    best of them from cell to cell.
    """
    starts = z
    for _ in range(CLIMBS):
        slopes = function(z)[1]
        steep = np.linalg.norm(slopes, axis=1, keepdims=True)
        step = INERTIA * steep * z - slopes
        norms = np.linalg.norm(step, axis=1, keepdims=True)
        z = np.where(norms > 0, step / np.where(norms > 0, norms, 1.0), z)
    rough = _distinct(z, function(z)[0], 1e-2)
    if -rough.values[0] > enough:
        return rough
    count = CLIMBED if np.isfinite(enough) else THOROUGH
    best, cells = np.concatenate([rough.z[:count], starts[: count - CLIMBED]]), Cells(network, -p)
    if more is not None:
        best = np.concatenate([best, more[function(more)[0] < 0]])
    ends = [cells.climb(start) for start in best]
    return _distinct(np.array([z for _, z in ends]), np.array([-height for height, _ in ends]), 1e-9)


def valleys(
    network: Network,
    region: Region,
    p: np.ndarray,
    boxes: np.ndarray,
    seed: int,
    more: np.ndarray | None = None,
) -> tuple[Valleys, np.ndarray]:
    """Local minima of inf over a in boxes (outputs, 2) of V(a, z), and these a (outputs, n)."""
    penalty = network.penalty

    def amplitudes(h: np.ndarray) -> np.ndarray:
        return np.stack([penalty.minimiser(of, *box) for of, box in zip(h, boxes, strict=True)])

    def value(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        h, slopes = hidden(network, z, p)
        a = amplitudes(h)
        values = np.sum(a * h + penalty.amplitude(a), axis=0) + penalty.rest(z)
        return values, np.einsum("kn,knc->nc", a, slopes) + 2 * penalty.confinement * z

    found = _descend(value, region, seed, more)
    return found, amplitudes(hidden(network, found.z, p)[0])


def _descend(function: Function, region: Region, seed: int, more: np.ndarray | None) -> Valleys:
    """Local minima from the best of many starts, and from those in `more`."""
    starts = region.sample(STARTS, seed)
    best = starts[np.argsort(function(starts)[0])]
    spread = np.concatenate(
        [best[: REFINED // 2], best[REFINED // 2 : STARTS // 4 : STARTS // (2 * REFINED)]]
    )
    if more is not None:
        spread = np.concatenate([spread, more])

    def of_one(u: np.ndarray) -> tuple[float, np.ndarray]:
        at = u[None]
        values, slopes = function(region.place(at))
        return float(values[0]), region.pull_back(at, slopes)[0]

    from scipy.optimize import minimize

    ends, values = [], []
    for u in spread:
        end = minimize(
            of_one, u, jac=True, method="L-BFGS-B", bounds=region.bounds(1), options={"ftol": 1e-13}
        )
        ends.append(region.place(end.x[None])[0])
        values.append(end.fun)
    return _distinct(np.array(ends), np.array(values), APART)


def _distinct(z: np.ndarray, values: np.ndarray, apart: float) -> Valleys:
    """Points that are not closer than `apart`, the deepest first."""
    kept: list[int] = []
    for k in np.argsort(values):
        if not kept or np.min(np.linalg.norm(z[k] - z[kept], axis=1)) > apart * (1 + np.linalg.norm(z[k])):
            kept.append(int(k))
    return Valleys(z[kept], values[kept])
