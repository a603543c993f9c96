"""A lower bound of J over all nonnegative measures, from any one of them: the dual certificate.

With the residual q = y - Phi mu and h(theta) = <phi(theta), q> = (K * b - K * mu)(theta), every p = s q with
s max h <= lambda is dual feasible, and J* >= <p, y> - |p|^2 / 2. mu is optimal exactly if eta = h / lambda <=
1 everywhere and 1 on its support.

max h over the domain is bounded by branch and bound: over a cell around c with half widths d_k,

h <= h(c) + sum_k |d_k h(c)| d_k + (|q| / 2) sum_kl |d_k d_l phi| d_k d_l,

and |d_k d_l phi|^2 = d_k^2 d_l^2 K(0): a proof for every smooth positive definite K, up to rounding.
"""

from typing import NamedTuple, Protocol

import numpy as np

from mfpde.measures.finite_rank import FiniteRank
from mfpde.models.formula import Formula
from mfpde.models.parameters import ParameterSpace

#: cells of an axis at the start, by the number of axes, and at most of them at once
START = {1: 64, 2: 24, 3: 10, 4: 6}
MOST_CELLS, MOST_ROUNDS = 200_000, 60
#: numbers of kernels that are found at once
AT_ONCE = 2**20
#: share of the largest |h| to which max h is found, unless asked otherwise
SHARP = 1e-9


class Observed(Protocol):
    """What is known of the observed spikes (`models.spikes.Spikes`)."""

    @property
    def parameters(self) -> ParameterSpace:
        """The components of theta."""

    @property
    def kernel(self) -> Formula:
        """K."""

    @property
    def places(self) -> np.ndarray:
        """Of the observed spikes (components, spikes)."""

    @property
    def masses(self) -> np.ndarray:
        """(spikes,)."""

    @property
    def strength(self) -> float:
        """lambda."""

    @property
    def finite_rank(self) -> FiniteRank | None:
        """K / 2 by its features."""

    @property
    def curvatures(self) -> np.ndarray:
        """|d_k d_l phi| (components, components)."""


class Bound(NamedTuple):
    """What the certificate of a measure tells."""

    lower: float  #: of J over all measures
    gap: float  #: J of the measure less that: how far it is from the least at most
    eta: float  #: an upper bound of the largest eta
    where: np.ndarray  #: the place of the largest h that was met (components,)


class Certificate:
    """h of a residual: of observed spikes less the atoms of a measure.

    Arguments:
        theta: atoms (components, n); masses: (n,).
    """

    def __init__(self, spikes: Observed, theta: np.ndarray, masses: np.ndarray):
        self.spikes, self.components = spikes, spikes.parameters.components
        seen = masses > 0
        self.points = np.concatenate([spikes.places, theta[:, seen]], axis=1)
        self.charges = np.concatenate([spikes.masses, -masses[seen]])
        found = spikes.finite_rank
        self.features: FiniteRank | None = None if found is None or found.lines else found
        if self.features is not None:
            moments = self.features.values(self.points) @ self.charges
            self.coefficients = 2 * (self.features.couple @ moments).reshape(-1, self.features.rank)

    def __call__(self, at: np.ndarray) -> np.ndarray:
        """h, and its derivatives, at points (components, m): (1 + components, m)."""
        if self.features is not None:
            return self.coefficients @ self.features.values(at)
        many = max(1, AT_ONCE // len(self.charges))
        parts = [self._sum(at[:, k : k + many]) for k in range(0, at.shape[1], many)]
        return np.concatenate(parts, axis=1)

    def _sum(self, at: np.ndarray) -> np.ndarray:
        kernel, differences = self.spikes.kernel, at[:, :, None] - self.points[:, None]
        for k, c in enumerate(self.components):
            if c.periodic and c.domain is not None:
                length = c.domain[1] - c.domain[0]
                differences[k] -= length * np.round(differences[k] / length)
        given = list(differences)
        values = [kernel.value(given), *kernel.slopes(given)]
        return np.array([np.broadcast_to(v, differences.shape[1:]) @ self.charges for v in values])

    def largest(self, norm: float, sharp: float) -> tuple[float, float, np.ndarray]:
        """An upper bound of max h over the domains, the largest h met, and where.

        Arguments:
            norm: |q|; sharp: how much the bound may exceed what was met.
        """
        low, high = _domains(self.spikes)
        curvatures = norm * self.spikes.curvatures
        per_axis = START[len(low)]
        half = (high - low) / (2 * per_axis)
        axes = [start + w * (2 * np.arange(per_axis) + 1) for start, w in zip(low, half, strict=True)]
        centres = np.array([g.ravel() for g in np.meshgrid(*axes, indexing="ij")])
        corners = np.array(np.meshgrid(*[[-0.5, 0.5]] * len(low))).reshape(len(low), -1)
        most, where, discarded = -np.inf, centres[:, 0], -np.inf
        for _ in range(MOST_ROUNDS):
            h, slopes = np.split(self(centres), [1])
            found = h[0]
            best = int(np.argmax(found))
            if found[best] > most:
                most, where = float(found[best]), centres[:, best]
            above = found + half @ np.abs(slopes) + half @ curvatures @ half / 2
            kept = above > most + sharp
            discarded = max(discarded, float(above[~kept].max(initial=-np.inf)))
            if not kept.any() or kept.sum() * corners.shape[1] > MOST_CELLS:
                break
            centres = (centres[:, kept, None] + half[:, None, None] * corners[:, None]).reshape(len(low), -1)
            half = half / 2
        upper = max(discarded, float(above[kept].max(initial=-np.inf)), most)
        return upper, most, where


def lower_bound(
    spikes: Observed, theta: np.ndarray, masses: np.ndarray, energy: float, sharp: float = SHARP
) -> Bound:
    """The bound that the residual of a measure gives.

    Arguments:
        theta: its atoms (components, n); masses: (n,).
        energy: its J.
        sharp: share of the largest h to which that is found.
    """
    certificate = Certificate(spikes, theta, masses)
    square = max(2 * (energy - spikes.strength * float(masses.sum())), 0.0)
    norm = float(np.sqrt(square))
    at_spikes = certificate(spikes.places)[0]
    size = spikes.strength + float(np.abs(at_spikes).max())
    upper, _, where = certificate.largest(norm, sharp * size)
    along = float(spikes.masses @ at_spikes)  # <q, y>
    scale = along / square if square > 0 else np.inf
    if upper > 0:
        scale = min(scale, spikes.strength / upper)
    scale = max(scale, 0.0) if np.isfinite(scale) else 0.0
    lower = float(scale * along - scale**2 * square / 2)
    return Bound(lower, energy - lower, upper / spikes.strength, where)


def _domains(spikes: Observed) -> tuple[np.ndarray, np.ndarray]:
    """Where atoms may be."""
    low, high = np.array([c.domain for c in spikes.parameters.components], dtype=float).T
    return low, high
