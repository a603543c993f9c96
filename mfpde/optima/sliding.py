"""Column generation over the unit sphere in more than two dimensions, for homogeneous units.

No search there is known to be global: it ends where many starts find no |h| that is above the level by more
than a ten-thousandth. New atoms are found by a damped fixed point z <- normalise(.3 |g| z + g), g the
gradient of h, from many starts at a time; all atoms u = |charge| z then slide jointly (Boyd, Schiebinger &
Recht, arXiv:1507.01562).
"""

import numpy as np

from mfpde.certificates.region import Region
from mfpde.models.network import Network
from mfpde.optima.columns import Signed, solved
from mfpde.optima.dual import slopes_at_data
from mfpde.optima.newton_slide import descend, slide_homogeneous
from mfpde.optima.price import Linear

STARTS, CLIMBS, INERTIA = 256, 60, 0.3
#: of the level: what |h| may exceed it by at the end
ABOVE = 1e-4
ROUNDS, STEPS, REFINED = 100, 3000, 3
TAKEN = 8  #: atoms taken up in a round, at most
NEW = 1e-3  #: of the largest |u|, or alone: with which an atom starts
ALIKE = 1 - 1e-8  #: cosine from which two atoms are one
GONE = 1e-7  #: of the largest |u|


def generate_sliding(network: Network, region: Region, price: Linear) -> Signed:
    """The optimum over signed measures on the sphere whose total variation has a price."""
    data = network.data
    assert data is not None
    rate, signs, u = price.rate, np.zeros(0), np.zeros((0, len(region.low)))
    f = np.zeros((1, len(data.x)))
    for round_ in range(ROUNDS):
        p = slopes_at_data(network, f)[0]
        z, h = _peaks(network, region, p, u, round_)
        if float(np.abs(h).max(initial=0.0)) <= rate * (1 + ABOVE):
            break
        size = NEW * (np.linalg.norm(u, axis=1).max() if len(u) else 1.0)
        above = np.flatnonzero(np.abs(h) > rate * (1 + ABOVE))[:TAKEN]
        signs, u = np.append(signs, -np.sign(h[above])), np.concatenate([u, size * z[above]])
        u = descend(network, rate, signs, u, steps=STEPS)
        signs, u = _merged(signs, u)
        f = (signs @ network.features.values(u, data.x))[None]
    norms = np.linalg.norm(u, axis=1)
    z, charges = u / norms[:, None], signs * norms
    for _ in range(REFINED):  # the programme is exact on its atoms, and uses few of those that are alike
        z, charges = solved(network, z, price, np.inf)
        z = slide_homogeneous(network, price.rate, z, charges)
    z, charges = solved(network, z, price, np.inf)
    f = (charges @ network.features.values(z, data.x))[None]
    found = _peaks(network, region, slopes_at_data(network, f)[0], np.abs(charges)[:, None] * z, ROUNDS)[1]
    return Signed(z, charges, f, float(np.abs(found).max(initial=0.0)), False)


def _peaks(
    network: Network, region: Region, p: np.ndarray, u: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Local extremes of h that are found (n, components), the largest |h| first, with h there (n,)."""
    data = network.data
    assert data is not None
    starts = region.sample(STARTS, seed)
    found = []
    for sign in (1.0, -1.0):
        z = np.concatenate([starts, u / np.linalg.norm(u, axis=1, keepdims=True)]) if len(u) else starts
        for _ in range(CLIMBS):
            slopes = sign * network.features.pull(z, data.x, p)[1]
            step = INERTIA * np.linalg.norm(slopes, axis=1, keepdims=True) * z + slopes
            norms = np.linalg.norm(step, axis=1, keepdims=True)
            z = np.where(norms > 0, step / np.where(norms > 0, norms, 1.0), z)
        found.append(z)
    z = np.concatenate(found)
    h = network.features.pull(z, data.x, p)[0]
    kept: list[int] = []
    for k in np.argsort(-np.abs(h)):
        if len(kept) == TAKEN:
            break
        if not kept or np.max(z[kept] @ z[k]) < ALIKE - 1e-4:
            kept.append(int(k))
    return z[kept], h[kept]


def _merged(signs: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Atoms of one sign and direction are one; those that have gone are left out."""
    norms = np.linalg.norm(u, axis=1)
    order = np.argsort(-norms)
    kept: list[np.ndarray] = []
    of: list[float] = []
    for k in order[norms[order] > GONE * norms.max()]:
        same = [
            j
            for j, one in enumerate(kept)
            if of[j] == signs[k] and one @ u[k] > ALIKE * np.linalg.norm(one) * norms[k]
        ]
        if same:
            kept[same[0]] = kept[same[0]] + u[k]
        else:
            kept.append(u[k])
            of.append(float(signs[k]))
    return np.array(of), np.array(kept).reshape(-1, u.shape[1])
