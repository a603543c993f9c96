"""The optimum E_h* of the mesh's own problem: over masses in the centres of its cells."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mfpde.errors import InputError
from mfpde.models.losses.square import Square
from mfpde.models.network import Network
from mfpde.optima import simplex
from mfpde.optima.dual import best, of_signed
from mfpde.optima.price import Between
from mfpde.optima.programme import Candidates, least


@dataclass(frozen=True)
class GridOptimum:
    """E_h*, with a proof."""

    energy: float
    lower_bound: float
    variation: float
    cells: tuple[int, ...]

    def table(self) -> dict[str, Any]:
        """For --json."""
        return {
            "energy": self.energy,
            "lower_bound": self.lower_bound,
            "gap": self.energy - self.lower_bound,
            "total_variation": self.variation,
            "domain": "grid",
            "cells": list(self.cells),
        }


def grid_optimum(network: Network, tolerance: float) -> GridOptimum:
    """E_h* over masses at the centres of the cells of the case's mesh, in a as in z.

    Raises:
        InputError: the case has no mesh.
    """
    try:
        mesh = network.parameters.mesh()
    except InputError as error:
        raise InputError(f"--grid: {error}") from None
    a, z = network.points(mesh)
    data = network.data
    assert data is not None
    one = a[:, 0]
    symmetric = len(one) > 1 and np.allclose(one, -one[::-1], rtol=0, atol=1e-12 * np.abs(one).max())
    if a.shape[1] > 1 or not symmetric or network.penalty.confinement or not isinstance(network.loss, Square):
        return _over_all(network, a, z, mesh.shape, tolerance)
    half = one[len(one) // 2 :] if len(one) % 2 else np.append(0.0, one[len(one) // 2 :])
    half[0] = 0.0
    penalties = np.asarray(network.penalty.amplitude(half)) * np.ones_like(half)
    if len(one) % 2 == 0:
        penalties[0] = penalties[1]  # no cell is at 0: the mean of two is
    price, bound = Between(half, penalties), float(half[-1])
    candidates = Candidates(network.features.values(z, data.x), data.weights, data.targets[0], network.loss)
    found = least(candidates, price, bound)
    f, largest = found.f[None], float(np.max(np.abs(candidates.h(found.f))))
    loss = float(np.sum(data.weights * network.loss.value(f, data.targets)))
    energy = 2 * loss + 2 * price.value(found.variation)
    lower = of_signed(network, f, largest, price, bound)
    return GridOptimum(energy, lower, found.variation, mesh.shape)


def _over_all(
    network: Network, a: np.ndarray, z: np.ndarray, cells: tuple[int, ...], tolerance: float
) -> GridOptimum:
    """Over masses of all pairs of amplitudes (Na, outputs) and z (Nz, components)."""
    data = network.data
    assert data is not None
    atoms = simplex.over(network, a, z, tolerance)
    f = atoms.f(network)
    h = network.features.values(z, data.x) @ (data.weights * network.loss.slope(f, data.targets)).T
    r = np.sum(network.penalty.amplitude(a) * np.ones_like(a), axis=1)[:, None] + network.penalty.rest(z)
    pulled = a @ h.T
    lower = best(network, f, lambda s: float(np.min(s * pulled + r)))
    return GridOptimum(atoms.energy(network), lower, atoms.variation, cells)
