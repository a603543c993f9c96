"""Sliding of atoms that are homogeneous of degree 1, by Newton's method.

An atom is u = |charge| z alone, its price rate |u|: a group lasso whose features move. Atoms on planes of the
arrangement stay on them.
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from mfpde.certificates.arrangement import lifted
from mfpde.certificates.cells import Cells
from mfpde.models.network import Network
from mfpde.models.neuron import Neuron

STEPS = 12
#: of the largest diagonal entry, at first; how it changes; the least and the largest
DAMPING, FEWER, MORE, LEAST, MOST = 1e-8, 0.1, 10.0, 1e-13, 1e6
MANY, ROUGH_STEPS = 250, 150  #: numbers of u beyond which there is a rough descent first, of so many steps
GONE_ROUGHLY = 1e-6
GONE = 1e-9  #: of the largest |u|: an atom that is taken away


def slide_homogeneous(network: Network, rate: float, z: np.ndarray, charges: np.ndarray) -> np.ndarray:
    """Places on the unit sphere (n, components) after a joint descent of sum_l weight_l l + rate sum |u|."""
    signs, u = np.sign(charges), np.abs(charges)[:, None] * z
    cells = Cells(network, np.zeros(len(lifted(network))))
    kept_on = [_along(cells.held(at)) for at in z]
    if u.size > MANY:
        u = descend(network, rate, signs, u, kept_on)
        kept = np.linalg.norm(u, axis=1) > GONE_ROUGHLY * np.linalg.norm(u, axis=1).max()
        u, signs = u[kept], signs[kept]
        kept_on = [p for p, keep in zip(kept_on, kept, strict=True) if keep]
    value, damping = _value(network, rate, signs, u), DAMPING
    for _ in range(STEPS if u.size <= MANY else 0):
        slope, hessian = _derivatives(network, rate, signs, u, kept_on)
        size = float(np.max(np.diag(hessian)))
        while damping < MOST:
            step = np.linalg.solve(hessian + damping * size * np.eye(len(slope)), slope)
            trial = u - step.reshape(u.shape)
            found = _value(network, rate, signs, trial)
            if found < value:
                break
            damping *= MORE
        else:
            break
        done = value - found <= 1e-13 * abs(value)
        u, value, damping = trial, found, max(damping * FEWER, LEAST)
        norms = np.linalg.norm(u, axis=1)
        kept = norms > GONE * norms.max()
        if not np.all(kept):
            u, signs = u[kept], signs[kept]
            kept_on = [p for p, keep in zip(kept_on, kept, strict=True) if keep]
            value = _value(network, rate, signs, u)
        if done:
            break
    return u / np.linalg.norm(u, axis=1, keepdims=True)


def descend(
    network: Network,
    rate: float,
    signs: np.ndarray,
    u: np.ndarray,
    along: list[np.ndarray] | None = None,
    steps: int = ROUGH_STEPS,
) -> np.ndarray:
    """u (n, components) after a descent without second derivatives, for many atoms of many components.

    Arguments:
        along: a projection (components, components) for every atom, which keeps it on planes; none if None.
    """
    data = network.data
    ways = None if along is None else np.array(along)
    assert data is not None

    def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
        at = flat.reshape(u.shape)
        f = (signs @ network.features.values(at, data.x))[None]
        p = data.weights * network.loss.slope(f, data.targets)
        norms = np.linalg.norm(at, axis=1, keepdims=True)
        slopes = signs[:, None] * network.features.pull(at, data.x, p[0])[1]
        slopes = slopes + rate * at / np.maximum(norms, 1e-300)
        loss = float(np.sum(data.weights * network.loss.value(f, data.targets)))
        kept = slopes if ways is None else np.einsum("nij,nj->ni", ways, slopes)
        return loss + rate * float(norms.sum()), kept.ravel()

    options: Any = {"maxiter": steps, "ftol": 1e-13, "gtol": 1e-10}
    found = minimize(value, u.ravel(), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x).reshape(u.shape)


def _along(normals: np.ndarray) -> np.ndarray:
    """The projection (components, components) on the planes of these normals."""
    return np.eye(normals.shape[1]) - np.linalg.pinv(normals) @ normals


def _value(network: Network, rate: float, signs: np.ndarray, u: np.ndarray) -> float:
    data = network.data
    assert data is not None
    f = (signs @ network.features.values(u, data.x))[None]
    loss = float(np.sum(data.weights * network.loss.value(f, data.targets)))
    return loss + rate * float(np.linalg.norm(u, axis=1).sum())


def _derivatives(
    network: Network, rate: float, signs: np.ndarray, u: np.ndarray, along: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian by u, of which every atom stays on the planes of its projection."""
    data, (count, size) = network.data, u.shape
    assert data is not None
    assert isinstance(network.features, Neuron)
    slopes = signs[:, None, None] * network.features.slopes(u, data.x)
    by_u = slopes.transpose(0, 2, 1).reshape(count * size, -1)
    f = (signs @ network.features.values(u, data.x))[None]
    bent = network.loss.curvature(f, data.targets, by_u[:, None])[:, 0]
    norms = np.linalg.norm(u, axis=1, keepdims=True)
    ways = u / norms
    gradient = by_u @ (data.weights * network.loss.slope(f, data.targets))[0] + rate * ways.ravel()
    hessian = (by_u * data.weights) @ bent.T
    blocks = rate / norms[:, :, None] * (np.eye(size) - ways[:, :, None] * ways[:, None, :])
    for k in range(count):
        part = slice(k * size, (k + 1) * size)
        hessian[part, part] += blocks[k]
    for k, projection in enumerate(along):
        part = slice(k * size, (k + 1) * size)
        gradient[part] = projection @ gradient[part]
        hessian[part] = projection @ hessian[part]
        hessian[:, part] = hessian[:, part] @ projection
    return gradient, hessian
