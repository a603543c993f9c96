"""Sliding: masses and places of all atoms descend together (Denoyelle, Duval, Peyre & Soubies, Inverse
Problems 36 (2020) 014001, doi:10.1088/1361-6420/ab2a29).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from mfpde.models.network import Network
from mfpde.optima.newton import Price
from mfpde.optima.region import Region

STEPS = 400
Value = Callable[[np.ndarray], tuple[float, np.ndarray]]


def slide_signed(
    network: Network, region: Region, price: Price, bound: float, z: np.ndarray, charges: np.ndarray
) -> np.ndarray:
    """Places (n, components) of charges (n,) after a joint descent of sum_l weight_l l + R(TV), TV <=
    bound.
    """
    data, signs, count = network.data, np.sign(charges), len(z)
    assert data is not None
    binds = np.abs(charges).sum() >= bound * (1 - 1e-9)
    scale = float(np.abs(charges).max())

    def value(u: np.ndarray) -> tuple[float, np.ndarray]:
        raw, at = scale * u[:count], u[count:].reshape(count, -1)
        masses = bound * raw / raw.sum() if binds else raw
        places = region.place(at)
        phi = network.features.values(places, data.x)
        f = ((signs * masses) @ phi)[None]
        p = data.weights * network.loss.slope(f, data.targets)
        total = float(masses.sum())
        energy = float(np.sum(data.weights * network.loss.value(f, data.targets))) + price.value(total)
        by_mass = signs * (phi @ p[0]) + price.slope(total)
        if binds:
            by_mass = bound / raw.sum() * (by_mass - by_mass @ raw / raw.sum())
        slopes = (signs * masses)[:, None] * network.features.pull(places, data.x, p[0])[1]
        return energy, np.concatenate([scale * by_mass, region.pull_back(at, slopes).ravel()])

    start = np.concatenate([np.abs(charges) / scale, z.ravel()])
    bounds = [(1e-300 if binds else 0.0, np.inf)] * count + region.bounds(count)
    return region.place(_descend(value, start, bounds)[count:].reshape(count, -1))


def slide_masses(
    network: Network, region: Region, boxes: np.ndarray, theta: np.ndarray, masses: np.ndarray
) -> np.ndarray:
    """Atoms theta = (a, z) (n, components) after a joint descent with their masses (n,), which sum to 1."""
    data, outputs, count = network.data, len(boxes), len(theta)
    assert data is not None
    penalty = network.penalty

    def value(u: np.ndarray) -> tuple[float, np.ndarray]:
        raw, at = u[:count], u[count:].reshape(count, -1)
        m, a, z = raw / raw.sum(), at[:, :outputs], at[:, outputs:]
        phi = network.features.values(z, data.x)
        f = (m[:, None] * a).T @ phi
        p = data.weights * network.loss.slope(f, data.targets)
        r = np.sum(penalty.amplitude(a) * np.ones_like(a), axis=1) + penalty.rest(z)
        h = phi @ p.T
        v = np.sum(a * h, axis=1) + r
        pulled = [network.features.pull(z, data.x, of_one)[1] for of_one in p]
        by_z = sum(a[:, k, None] * pulled[k] for k in range(outputs)) + 2 * penalty.confinement * z
        by_theta = m[:, None] * np.concatenate([h + penalty.slope(a), by_z], axis=1)
        energy = float(np.sum(data.weights * network.loss.value(f, data.targets))) + float(m @ r)
        return energy, np.concatenate([(v - v @ m) / raw.sum(), by_theta.ravel()])

    start = np.concatenate([masses, theta.ravel()])
    of_theta = [tuple(box) for box in boxes.tolist()] + region.bounds(1)
    bounds = [(1e-300, np.inf)] * count + of_theta * count
    return _descend(value, start, bounds)[count:].reshape(count, -1)


def _descend(value: Value, start: np.ndarray, bounds: list[tuple[float, float]]) -> np.ndarray:
    options: Any = {"maxiter": STEPS, "ftol": 1e-16, "gtol": 1e-12, "maxcor": 30}
    found = minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(found.x)
