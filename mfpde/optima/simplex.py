"""Column generation over probability measures of theta = (a, z): for several outputs, fixed or one-sided
amplitudes, and penalties on z that do not reduce to signed measures. The same on finitely many theta.
"""

from collections.abc import Callable

import numpy as np

from mfpde.models.network import Network
from mfpde.optima.certificate import Certificate, prove
from mfpde.optima.measure import Atoms
from mfpde.optima.newton import Convex, minimise
from mfpde.optima.polish import slide_masses
from mfpde.optima.region import Region, region_of, side
from mfpde.optima.search import valleys

ROUNDS = 60
TAKEN = 8
NEGLIGIBLE = 1e-12
AGAIN = 2  #: searches that must find nothing better

#: from p with weights (outputs, L), and atoms in use: the best new theta (n, components), and inf V
Oracle = Callable[..., tuple[np.ndarray, float]]


def amplitude_boxes(network: Network) -> np.ndarray:
    """Where amplitudes may be (outputs, 2); where r = lambda |a| and there is no end, as far as the energy of
    doing nothing pays for.
    """
    boxes = np.array([side(c) for c in network.parameters.amplitudes], float)
    if network.penalty.kink and not np.all(np.isfinite(boxes)):
        assert network.data is not None
        data = network.data
        idle = np.sum(data.weights * network.loss.value(np.zeros_like(data.targets), data.targets))
        most = 1.001 * float(idle) / network.penalty.kink
        boxes = np.clip(boxes, -most, most)
    return boxes


def generate(network: Network, region: Region, tolerance: float) -> Atoms:
    """The optimum over probability measures, until 2 (int V dmu - inf V) is within a tolerance, as far as the
    search for the infimum can tell.
    """
    boxes, seeds = amplitude_boxes(network), iter(range(10**6))

    def oracle(p: np.ndarray, atoms: Atoms | None = None) -> tuple[np.ndarray, float]:
        more = atoms.z if atoms is not None else None
        found, a = valleys(network, region, p, boxes, next(seeds), more)
        return np.concatenate([a.T, found.z], axis=1)[:TAKEN], float(found.values[0])

    def slide(theta: np.ndarray, masses: np.ndarray) -> np.ndarray:
        return slide_masses(network, region, boxes, theta, masses)

    return _loop(network, oracle, slide, tolerance, AGAIN)


def over(network: Network, a: np.ndarray, z: np.ndarray, tolerance: float) -> Atoms:
    """The optimum over masses of all pairs of amplitudes (Na, outputs) and z (Nz, components)."""
    data = network.data
    assert data is not None
    phi = network.features.values(z, data.x)
    of_a = np.sum(network.penalty.amplitude(a) * np.ones_like(a), axis=1)
    r = of_a[:, None] + network.penalty.rest(z)

    def oracle(p: np.ndarray, atoms: Atoms | None = None) -> tuple[np.ndarray, float]:
        v = a @ (phi @ p.T).T + r
        best = np.argsort(v, axis=None)[:TAKEN]
        rows, columns = np.unravel_index(best, v.shape)
        return np.concatenate([a[rows], z[columns]], axis=1), float(v.min())

    return _loop(network, oracle, None, tolerance, 1, 2000)


def price_of(network: Network, theta: np.ndarray) -> np.ndarray:
    """r of atoms (n,)."""
    outputs = network.parameters.outputs
    a, z = theta[:, :outputs], theta[:, outputs:]
    return np.sum(network.penalty.amplitude(a) * np.ones_like(a), axis=1) + network.penalty.rest(z)


def _loop(
    network: Network,
    oracle: Oracle,
    slide: Callable[[np.ndarray, np.ndarray], np.ndarray] | None,
    tolerance: float,
    again: int,
    rounds: int = ROUNDS,
) -> Atoms:
    data = network.data
    assert data is not None
    theta, _ = oracle(data.weights * network.loss.slope(np.zeros_like(data.targets), data.targets))
    masses = np.full(len(theta), 1 / len(theta))
    sure, lowest, best = 0, np.inf, None
    idle = 0
    for _ in range(rounds):
        _, masses = _solved(network, theta, masses)
        kept = masses > NEGLIGIBLE
        if slide is not None:
            theta, masses = slide(theta[kept], masses[kept]), masses[kept]
            _, masses = _solved(network, theta, masses)
            kept = masses > NEGLIGIBLE
        theta, masses = theta[kept], masses[kept] / masses[kept].sum()
        value = energy_of(network, theta, masses)
        idle = 0 if value < lowest else idle + 1
        if value < lowest:
            lowest, best = value, (theta, masses)
        p = slopes(network, theta, masses)
        outputs = network.parameters.outputs
        new, infimum = oracle(p, Atoms(theta[:, :outputs], theta[:, outputs:], masses))
        v = np.sum(theta[:, :outputs] * _h(network, theta, p), axis=1)
        mean = float(masses @ (v + price_of(network, theta)))
        sure = sure + 1 if 2 * (mean - infimum) <= tolerance else 0
        if sure == again or idle > 3:
            break
        theta, masses = np.concatenate([theta, new]), np.append(masses, np.zeros(len(new)))
    assert best is not None
    outputs = network.parameters.outputs
    return Atoms(best[0][:, :outputs], best[0][:, outputs:], best[1])


def certify(network: Network, atoms: Atoms, tolerance: float) -> Certificate:
    """By a search for inf V, with proof where there can be one."""
    f, data = atoms.f(network), network.data
    assert data is not None
    p = data.weights * network.loss.slope(f, data.targets)
    found, _ = valleys(network, region_of(network), p, amplitude_boxes(network), 10**6, atoms.z)
    bound = prove(network, f, atoms.energy(network), tolerance)
    h = network.features.values(np.concatenate([atoms.z, found.z]), data.x) @ p.T
    value = bound.value
    if not bound.proven:
        fenchel = np.sum(data.weights * network.loss.value(f, data.targets)) - np.sum(p * f)
        value = max(value, 2 * float(found.values[0] + fenchel))
    return Certificate(min(value, atoms.energy(network)), bound.proven, float(np.abs(h).max()), None)


def _h(network: Network, theta: np.ndarray, p: np.ndarray) -> np.ndarray:
    assert network.data is not None
    return network.features.values(theta[:, network.parameters.outputs :], network.data.x) @ p.T


def _columns(network: Network, theta: np.ndarray) -> np.ndarray:
    """Functions of atoms at the data (n, outputs, L)."""
    assert network.data is not None
    outputs = network.parameters.outputs
    phi = network.features.values(theta[:, outputs:], network.data.x)
    return theta[:, :outputs, None] * phi[:, None, :]


def _solved(network: Network, theta: np.ndarray, start: np.ndarray) -> tuple[float, np.ndarray]:
    """E/2 and the masses of given atoms."""
    data = network.data
    assert data is not None
    columns, r = _columns(network, theta), price_of(network, theta)
    energy = Convex(columns, r, data.weights, data.targets, network.loss)
    masses = minimise(energy, start / start.sum(), on_simplex=True)
    return energy.value(masses), masses


def energy_of(network: Network, theta: np.ndarray, masses: np.ndarray) -> float:
    """E of atoms."""
    data = network.data
    assert data is not None
    return 2 * Convex(
        _columns(network, theta), price_of(network, theta), data.weights, data.targets, network.loss
    ).value(masses)


def slopes(network: Network, theta: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """p with weights (outputs, L) at the function of atoms."""
    data = network.data
    assert data is not None
    f = np.tensordot(masses, _columns(network, theta), 1)
    return data.weights * network.loss.slope(f, data.targets)
