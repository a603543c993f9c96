"""The least energy of signed measures on finitely many candidates: min 2 sum_l weight_l l(f_l, y_l) + 2
R(TV).

With one output, amplitudes that are free or in [-A, A], and a convex even penalty R(a), the minimum over
probability measures is that over signed measures rho = int a dmu of total variation TV <= A, since |a| = TV
on the optimum (Jensen). For the square, all R and A are one family: non-negative least squares with a further
row sqrt(2 ridge) 1^T is the optimum of ridge TV^2, and so of R where 2 ridge TV = R'(TV), and of TV <= A
where TV = A. Both are roots of monotone functions, so that each optimum is one exact active-set solution.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, nnls

from mfpde.models.loss import Loss
from mfpde.models.losses.square import Square
from mfpde.optima.newton import Convex, Price, minimise

ROUNDING = 1e-14  #: of slopes, relative to what they are sums of
ROUNDS = 2000
BLOCKS = 16  #: parts of the candidates, each of which may give a new atom at a time
SMALL = 1e-12  #: ridge that stands for none
FACTOR = 8.0  #: by which a ridge is changed until it brackets the root


@dataclass(frozen=True)
class Candidates:
    """Features of candidates at the data, and what is learnt there."""

    features: np.ndarray  #: (N, L)
    weights: np.ndarray  #: (L,)
    targets: np.ndarray  #: (L,)
    loss: Loss

    def h(self, f: np.ndarray) -> np.ndarray:
        """h at all candidates (N,), for f at the data (L,)."""
        return self.features @ (self.weights * self.loss.slope(f[None], self.targets[None])[0])

    def energy(self, columns: np.ndarray, price: Price | None) -> Convex:
        """Half the energy of masses of signed columns (n, L)."""
        free = np.zeros(len(columns))
        return Convex(columns[:, None], free, self.weights, self.targets[None], self.loss, price)

    @property
    def rounding(self) -> float:
        """Error of h by rounding."""
        slopes = self.weights * self.loss.slope(np.zeros((1, len(self.targets))), self.targets[None])[0]
        return ROUNDING * float(np.max(np.abs(self.features) @ np.abs(slopes), initial=0.0))


@dataclass(frozen=True)
class Charges:
    """A signed measure on some of the candidates."""

    at: np.ndarray  #: which (n,)
    charges: np.ndarray  #: int a dmu of each (n,)
    f: np.ndarray  #: at the data (L,)

    @property
    def variation(self) -> float:
        """Its total variation."""
        return float(np.abs(self.charges).sum())


def least(candidates: Candidates, price: Price, bound: float = np.inf) -> Charges:
    """The optimum under a price R of the total variation, which is at most `bound`."""
    nothing = Charges(np.zeros(0, int), np.zeros(0), np.zeros(len(candidates.targets)))
    if np.max(np.abs(candidates.h(nothing.f)), initial=0.0) <= price.slope(0.0) or bound == 0:
        return nothing
    if isinstance(candidates.loss, Square):
        return _of_squares(candidates, price, bound)
    if not price.slope(1.0):
        return _at_most(candidates, bound, nothing)
    found = _of_any(candidates, price, nothing)
    return found if found.variation <= bound else _at_most(candidates, bound, found)


def _of_squares(candidates: Candidates, price: Price, bound: float) -> Charges:
    family = _Squares(candidates)
    if not price.slope(1.0):
        free = family(SMALL * family.scale)
        if free.variation <= bound:
            return free
        return family(_root(lambda ridge: bound - family(ridge).variation, 1e-6 * family.scale))

    def too_much(ridge: float) -> float:  # increases
        variation = family(ridge).variation
        return 2 * ridge * variation - price.slope(variation)

    ridge = price.slope(1.0) / 2 or 1e-12 * family.scale
    for _ in range(2):  # settles it for R = lambda TV^2
        variation = family(ridge).variation
        if variation and price.slope(variation):
            ridge = price.slope(variation) / (2 * variation)
    if abs(too_much(ridge)) > 1e-15 * price.slope(family(ridge).variation):
        ridge = _root(too_much, ridge)
    found = family(ridge)
    if found.variation > bound:
        found = family(_root(lambda ridge: bound - family(ridge).variation, ridge))
    return found


def _root(increasing: Callable[[float], float], guess: float) -> float:
    """Where an increasing function of a positive number has its root."""
    low = high = guess
    for _ in range(60):
        if increasing(low) <= 0:
            break
        low /= FACTOR
    for _ in range(60):
        if increasing(high) >= 0:
            break
        high *= FACTOR
    if low == high or increasing(low) >= 0:
        return low
    root = brentq(lambda log: increasing(np.exp(log)), np.log(low), np.log(high), xtol=1e-15, rtol=1e-15)
    return float(np.exp(root))


class _Squares:
    """The optimum of the square under R = ridge TV^2, for any ridge."""

    def __init__(self, candidates: Candidates) -> None:
        self.candidates = candidates
        self.roots = np.sqrt(candidates.weights)
        self.scale = float(np.max(candidates.features**2 @ candidates.weights, initial=1e-300))
        self._last: Charges | None = None
        self._known: dict[float, Charges] = {}

    def __call__(self, ridge: float) -> Charges:
        if ridge not in self._known:
            self._known[ridge] = self._last = _grow(
                self.candidates, lambda columns, _: self._restricted(columns, ridge), self._last
            )
        return self._known[ridge]

    def _restricted(self, columns: np.ndarray, ridge: float) -> tuple[np.ndarray, float]:
        """Masses (n,) of signed columns (n, L), and the level that |h| must not exceed."""
        row = np.full((1, len(columns)), np.sqrt(2 * ridge))
        system = np.concatenate([(columns * self.roots).T, row])
        masses, _ = nnls(
            system, np.append(self.roots * self.candidates.targets, 0.0), maxiter=100 * len(columns)
        )
        return masses, 2 * ridge * float(masses.sum())


def _of_any(candidates: Candidates, price: Price, last: Charges) -> Charges:
    """The optimum for any loss, by Newton's method on the candidates in use."""

    def restricted(columns: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
        energy = candidates.energy(columns, price)
        masses = minimise(energy, start if start.any() else start + 1e-6, on_simplex=False)
        return masses, price.slope(float(masses.sum()))

    return _grow(candidates, restricted, last)


def _at_most(candidates: Candidates, bound: float, last: Charges) -> Charges:
    """The optimum for any loss where TV is the bound."""

    def restricted(columns: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
        energy = candidates.energy(bound * columns, None)
        shares = minimise(energy, _shares(start), on_simplex=True)
        return bound * shares, -float(shares @ energy.slopes(shares)) / bound

    return _grow(candidates, restricted, last)


def _shares(masses: np.ndarray) -> np.ndarray:
    """Masses that sum to 1."""
    return masses / masses.sum() if masses.any() else np.full(len(masses), 1 / len(masses))


def _grow(
    candidates: Candidates,
    restricted: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, float]],
    last: Charges | None,
) -> Charges:
    """Solve on candidates in use, take up those where |h| is too large, until there are none."""
    at = np.zeros(0, int) if last is None else last.at
    masses = np.zeros(0) if last is None else np.abs(last.charges)
    signs = np.ones(0) if last is None else np.sign(last.charges)
    f, level = np.zeros(len(candidates.targets)), -1.0
    rounding = candidates.rounding
    for _ in range(ROUNDS):
        if at.size:
            columns = signs[:, None] * candidates.features[at]
            masses, level = restricted(columns, masses)
            f = masses @ columns
        kept = masses > 0
        h = candidates.h(f)
        new = _violating(h, level + rounding)
        used = set(zip(at.tolist(), signs.tolist(), strict=True))
        fresh = [k for k in new if (int(k), float(-np.sign(h[k]))) not in used]
        at, masses, signs = at[kept], masses[kept], signs[kept]
        if not fresh:
            break
        at = np.append(at, fresh)
        signs = np.append(signs, -np.sign(h[fresh]))
        masses = np.append(masses, np.zeros(len(fresh)))
    return Charges(at, signs * masses, f)


def _violating(h: np.ndarray, level: float) -> np.ndarray:
    """The candidates with the largest |h| above a level, one of each block at most."""
    found = []
    for block in np.array_split(np.arange(len(h)), min(BLOCKS, len(h))):
        best = block[np.argmax(np.abs(h[block]))]
        if abs(h[best]) > level:
            found.append(best)
    return np.array(found, int)
