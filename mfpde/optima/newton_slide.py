"""Sliding of atoms that are homogeneous of degree 1, by Newton's method.

An atom is u = |charge| z alone, its price rate |u|: a group lasso whose features move. Atoms on planes of the
arrangement stay on them.
"""

import numpy as np

from mfpde.models.network import Network
from mfpde.models.neuron import Neuron
from mfpde.optima.arrangement import lifted
from mfpde.optima.cells import Cells

STEPS = 60
#: of the largest diagonal entry, at first; how it changes; the least and the largest
DAMPING, FEWER, MORE, LEAST, MOST = 1e-8, 0.1, 10.0, 1e-13, 1e6
GONE = 1e-9  #: of the largest |u|: an atom that is taken away


def slide_homogeneous(network: Network, rate: float, z: np.ndarray, charges: np.ndarray) -> np.ndarray:
    """Places on the unit sphere (n, components) after a joint descent of sum_l weight_l l + rate sum |u|."""
    signs, u = np.sign(charges), np.abs(charges)[:, None] * z
    cells = Cells(network, np.zeros(len(lifted(network))))
    kept_on = [_along(cells.held(at)) for at in z]
    value, damping = _value(network, rate, signs, u), DAMPING
    for _ in range(STEPS):
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
        done = value - found <= 1e-16 * abs(value)
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
