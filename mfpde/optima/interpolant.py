"""The least total variation of a signed measure whose function is given at the data, by a linear programme.

min sum |c| with sum_j c_j phi(z_j; x_l) = f_l: the F1 (variation) norm of the interpolant. Its dual, max
<q, f> over |h_q| <= 1, gives a lower bound <q, f> / max |h_q| for every q.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from mfpde.errors import InputError
from mfpde.models.network import Network
from mfpde.optima.arrangement import circle_peaks, is_homogeneous
from mfpde.optima.region import Region
from mfpde.optima.search import peaks

ROUNDS = 30
SAMPLES = 8  #: candidates for each datum at first, where there is no finite list
ACCURACY = 1e-9
NEGLIGIBLE = 1e-11


@dataclass(frozen=True)
class Interpolant:
    """A signed measure of least total variation."""

    z: np.ndarray  #: (n, components)
    charges: np.ndarray  #: (n,)
    f: np.ndarray  #: at the data (1, L), what is interpolated: the targets, or the nearest function to them
    misfit: float  #: 2 sum_l weight_l l(f_l, y_l) that no function goes below
    variation: float
    lower_bound: float
    largest: float  #: |h| of the dual, 1 at the optimum
    is_global: bool

    def table(self) -> dict[str, float | bool]:
        """For --json."""
        return {
            "total_variation": self.variation,
            "lower_bound": self.lower_bound,
            "gap": self.variation - self.lower_bound,
            "loss": self.misfit,
            "certified": self.is_global and self.variation - self.lower_bound <= 1e-6 * self.variation,
        }


def interpolate(network: Network, region: Region, listed: np.ndarray | None) -> Interpolant:
    """The function of least total variation through the targets, or where no function goes through them,
    through the nearest values in the square.

    Arguments:
        listed: all candidates (N, components) if they are finitely many.
    Raises:
        InputError: it cannot be found, or there are several outputs.
    """
    data = network.data
    assert data is not None
    if network.parameters.outputs > 1 or network.loss.of_classes:
        raise InputError("--interpolant: the variation norm is that of one output that learns numbers")
    on_circle = region.on_sphere and len(region.low) == 2 and is_homogeneous(network)
    if on_circle:
        z = circle_peaks(network, np.zeros(len(data.x)))[0]  # phi is linear between these
    else:
        z = region.sample(SAMPLES * len(data.x), 0) if listed is None else listed
    f = _nearest(network, z)
    for round_ in range(ROUNDS):
        charges, dual = _solve(network.features.values(z, data.x), f)
        if listed is not None:
            largest = float(np.max(np.abs(network.features.values(z, data.x) @ dual)))
            break
        if on_circle:
            places, h = circle_peaks(network, dual)
            places, heights = places[np.argsort(-np.abs(h))], np.sort(np.abs(h))[::-1]
        else:
            found = peaks(network, region, dual[None], round_, z[charges != 0])
            places, heights = found.z, -found.values
        largest = float(heights[0])
        if largest <= 1 + ACCURACY:
            break
        kept = np.abs(charges) > 0
        z = np.concatenate([z[kept], places[heights > 1 + ACCURACY][: 4 * len(data.x)]])
    used = np.abs(charges) > NEGLIGIBLE * np.abs(charges).sum()
    variation = float(np.abs(charges).sum())
    lower = float(dual @ f) / max(largest, 1.0)
    misfit = 2 * float(np.sum(data.weights * network.loss.value(f[None], data.targets)))
    sure = listed is not None or on_circle
    return Interpolant(z[used], charges[used], f[None], misfit, variation, lower, largest, sure)


def _nearest(network: Network, z: np.ndarray) -> np.ndarray:
    """The targets where features at z span them, else the nearest values (L,) in L2(nu)."""
    data = network.data
    assert data is not None
    roots, y = np.sqrt(data.weights), data.targets[0]
    basis = (network.features.values(z, data.x) * roots).T
    u, singular, _ = np.linalg.svd(basis, full_matrices=False)
    u = u[:, singular > 1e-11 * singular[0]]
    near = u @ (u.T @ (roots * y)) / roots
    return y if np.linalg.norm(roots * (near - y)) <= 1e-10 * np.linalg.norm(roots * y) else near


def _solve(phi: np.ndarray, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Charges (N,) of least sum with sum_j c_j phi_j = f, and the multipliers (L,)."""
    columns = np.concatenate([phi, -phi]).T
    found = linprog(np.ones(columns.shape[1]), A_eq=columns, b_eq=f, bounds=(0, None), method="highs")
    if found.x is None:
        raise InputError(f"--interpolant: the linear programme has no solution ({found.message})")
    return found.x[: len(phi)] - found.x[len(phi) :], np.asarray(found.eqlin.marginals)
