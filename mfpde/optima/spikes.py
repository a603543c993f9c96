"""The least J of spikes over all nonnegative measures: a sliding Frank-Wolfe method with a certificate.

Atoms are added where h = <phi, y - Phi mu> is largest, masses are found by nonnegative least squares, and
masses and places together are polished by a quasi-Newton method, then by Newton's on what must vanish,
until the dual certificate (`models.spikes_bound`) leaves a gap below the tolerance. Denoyelle, Duval, Peyre &
Soubies, arXiv:1811.06416.
"""

from typing import Any, NamedTuple

import numpy as np

from mfpde.errors import InputError, RunError
from mfpde.models.spikes import Spikes
from mfpde.models.spikes_bound import Bound, lower_bound

#: of J, unless asked otherwise: where the gap ends the search
TOLERANCE = 1e-9
MOST_ROUNDS = 60
#: of |y|^2 / 2, by which J may err
ROUNDING = 1e-14
#: of the mass of all observed spikes, below which an atom is none
FAINT = 1e-9
#: of the distance in which phi turns: atoms so near each other are one
NEAR = 1e-3


class Optimum(NamedTuple):
    """The best measure found, and how good it is."""

    places: np.ndarray  #: of its atoms (components, atoms)
    masses: np.ndarray  #: (atoms,)
    energy: float  #: J, an upper bound of the least
    lower: float  #: a lower bound of the least J
    eta: float  #: an upper bound of the largest eta of the best certificate, 1 at the optimum
    rounds: int

    @property
    def gap(self) -> float:
        """How far it is from the least at most."""
        return self.energy - self.lower


def spikes_optimum(problem: Spikes, tolerance: float = TOLERANCE) -> Optimum:
    """The least J over nonnegative measures.

    Arguments:
        tolerance: of J, relative to J of the measure 0.
    Raises:
        InputError: a tolerance that is not positive.
        RunError: the gap stayed larger.
    """
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise InputError(f"--tolerance {tolerance:g}: expected a positive number")
    wanted = tolerance * problem.constant
    places, masses = np.zeros((len(problem.places), 0)), np.zeros(0)
    best: Optimum | None = None
    for k in range(MOST_ROUNDS):
        energy = objective(problem, places, masses)
        bound = lower_bound(problem, places, masses, energy, sharp=tolerance / 10)
        best = _better(best, places, masses, energy, bound, k)
        if best.gap <= wanted:
            return best
        places = np.concatenate([places, bound.where[:, None]], axis=1)
        places, masses = _slid(problem, *_merged(problem, places, np.append(masses, 0.0)))
    assert best is not None
    raise RunError(
        f"the optimum of spikes was found up to {best.gap:.1e} only, more than {wanted:.1e}: use a larger"
        " tolerance"
    )


def objective(problem: Spikes, places: np.ndarray, masses: np.ndarray) -> float:
    """J of atoms with masses."""
    own, image = _kernels(problem, places)
    pull = image @ problem.masses - problem.strength
    return float(masses @ own @ masses / 2 - masses @ pull) + problem.constant


def _better(
    best: Optimum | None, places: np.ndarray, masses: np.ndarray, energy: float, bound: Bound, k: int
) -> Optimum:
    """The measure of least J so far, with the best of all lower bounds."""
    if best is None:
        return Optimum(places, masses, energy, bound.lower, bound.eta, k)
    lower, eta = max(best.lower, bound.lower), min(best.eta, bound.eta)
    if energy < best.energy:
        return Optimum(places, masses, energy, lower, eta, k)
    return best._replace(lower=lower, eta=eta, rounds=k)


def _kernels(problem: Spikes, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """K between atoms, and of atoms with observed spikes."""
    found = []
    for others in (places, problem.places):
        values = problem.kernel.value(list(_differences(problem, places, others)))
        found.append(np.broadcast_to(values, (places.shape[1], others.shape[1])))
    return found[0], found[1]


def _differences(problem: Spikes, places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of atoms (components, atoms, others), on circles the shortest."""
    found = places[:, :, None] - others[:, None]
    for k, c in enumerate(problem.parameters.components):
        if c.periodic and c.domain is not None:
            length = c.domain[1] - c.domain[0]
            found[k] -= length * np.round(found[k] / length)
    return found


def _merged(problem: Spikes, places: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Atoms that coincide are one, with their mass; the last, which is new, stays in any case."""
    at_zero = float(problem.kernel.value(list(np.zeros((len(places), 1))))[0])
    length = np.sqrt(np.sqrt(at_zero) / float(np.diag(problem.curvatures).max()))
    kept: list[int] = []
    masses = masses.copy()
    distance = np.linalg.norm(_differences(problem, places, places), axis=0)
    for k in range(len(masses)):
        near = [j for j in kept if distance[j, k] < NEAR * length]
        if near:
            masses[near[0]] += masses[k]
        else:
            kept.append(k)
    return places[:, kept], masses[kept]


def _slid(problem: Spikes, places: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masses by nonnegative least squares, then masses and places together."""
    masses = best_masses(problem, places)
    places, masses = _seen(problem, places, masses)
    shape = places.shape
    found = _descended(problem, np.concatenate([masses, places.ravel()]), shape)
    masses, places = found[: shape[1]], found[shape[1] :].reshape(shape)
    placed = [c.place(row) for c, row in zip(problem.parameters.components, places, strict=True)]
    return _seen(problem, np.array(placed), masses)


def _descended(problem: Spikes, packed: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Masses and places of a local minimum, packed one after another."""
    from scipy.optimize import minimize, root

    least, most = np.full(len(packed), -np.inf), np.full(len(packed), np.inf)
    least[: shape[1]] = 0
    for k, c in enumerate(problem.parameters.components):
        if not c.periodic and c.domain is not None:
            where = slice((k + 1) * shape[1], (k + 2) * shape[1])
            least[where], most[where] = c.domain

    def of(x: np.ndarray) -> tuple[float, np.ndarray]:
        return value_and_slope(problem, x, shape)

    def slope(x: np.ndarray) -> np.ndarray:
        return of(x)[1]

    bounds = list(zip(least.tolist(), most.tolist(), strict=True))
    precisely: Any = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500}
    found = minimize(of, packed, jac=True, method="L-BFGS-B", bounds=bounds, options=precisely).x
    exact = root(slope, found, tol=1e-13).x
    inside = np.all(np.isfinite(exact)) and np.all((exact >= least) & (exact <= most))
    return exact if inside and of(exact)[0] <= of(found)[0] + ROUNDING * problem.constant else found


def _seen(problem: Spikes, places: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Atoms that have mass."""
    kept = masses > FAINT * problem.masses.sum()
    return places[:, kept], masses[kept]


def best_masses(problem: Spikes, places: np.ndarray) -> np.ndarray:
    """The least J over masses of atoms that stay: nonnegative least squares by a factor of K."""
    from scipy.optimize import nnls

    own, image = _kernels(problem, places)
    values, vectors = np.linalg.eigh(own)
    kept = values > 1e-14 * values.max()
    factor = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    target = (vectors[:, kept].T @ (image @ problem.masses - problem.strength)) / np.sqrt(values[kept])
    return nnls(factor, target)[0]


def value_and_slope(problem: Spikes, packed: np.ndarray, shape: tuple[int, int]) -> tuple[float, np.ndarray]:
    """J and its gradient by masses and places, packed one after another."""
    masses, places = packed[: shape[1]], packed[shape[1] :].reshape(shape)
    own, image = _kernels(problem, places)
    h = image @ problem.masses - own @ masses
    value = masses @ own @ masses / 2 - masses @ (image @ problem.masses - problem.strength)
    slopes = []
    between = _differences(problem, places, places), _differences(problem, places, problem.places)
    for of_own, of_image in zip(*(problem.kernel.slopes(list(d)) for d in between), strict=True):
        pulled = np.broadcast_to(of_own, own.shape) @ masses
        slopes.append(masses * (pulled - np.broadcast_to(of_image, image.shape) @ problem.masses))
    return float(value) + problem.constant, np.concatenate([problem.strength - h, *slopes])
