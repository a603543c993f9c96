"""Infima over theta = (a, z) of <p, Phi(theta)> + r(theta) for given p at the data, and extremes of h(z)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mfpde.certificates.domain import Domain, domain_of
from mfpde.certificates.objective import Objective
from mfpde.certificates.search import BUDGET, MOST_AXES, Found, branch_and_bound, multistart
from mfpde.models.at_data import FeaturesAtData
from mfpde.models.network import Network

#: of the largest |h|, to which extremes are found unless something else is asked for
ACCURACY = 0.02
SAMPLES = 512


class Peak(NamedTuple):
    """An extreme of h over the domain of z."""

    z: np.ndarray  #: the best point (components of z,)
    value: float  #: h there
    bound: float  #: beyond it on the whole domain, if proven
    proven: bool


class Least(NamedTuple):
    """An infimum over theta."""

    theta: np.ndarray  #: (components,)
    value: float
    bound: float  #: below it on the whole domain, if proven
    proven: bool


@dataclass(frozen=True)
class Oracle:
    """Searches for a network that learns data points. p is given by `slopes` (outputs, L), without the
    weights of the data.
    """

    network: Network
    features: FeaturesAtData
    domain: Domain
    budget: int = BUDGET

    @cached_property
    def why_estimate(self) -> str:
        """Why infima are estimates; empty if they are proven."""
        free = len(self.domain.z.free)
        if free > MOST_AXES:
            return f"z has {free} free components, and a proof searches at most {MOST_AXES}"
        if not self.domain.z.is_bounded:
            return "z has no domain that ends"
        middle = (self.domain.z.low + self.domain.z.high)[None] / 2
        whole = (self.domain.z.high - self.domain.z.low)[None] / 2
        rest = self.features.remainder(middle, whole, self.features.data.x)
        if rest is None or not np.all(np.isfinite(rest)):
            return f"nothing is proven of {self.features.label} between points"
        return ""

    @property
    def is_proven(self) -> bool:
        """Whether infima are proven."""
        return not self.why_estimate

    def least(self, slopes: np.ndarray, tolerance: float | None = None) -> Least:
        """inf over theta of <p, Phi> + r.

        Arguments:
            tolerance: of the proof; a share of the value if None.
        """
        objective = self._objective(slopes, self._psi)
        found = self._search(objective, tolerance)
        a = objective.amplitudes(objective.pulls(found.z[None]).h)[:, 0]
        return Least(np.concatenate([a, found.z]), found.value, found.bound, found.proven)

    def extremes(self, slopes: np.ndarray, tolerance: float | None = None) -> tuple[Peak, Peak]:
        """The lowest and the highest h(z) of one output, for slopes (L,) or (1, L)."""
        found = [self._extreme(sign * np.atleast_2d(slopes), tolerance) for sign in (1, -1)]
        low, high = found
        return Peak(*low), Peak(high.z, -high.value, -high.bound, high.proven)

    def largest(self, slopes: np.ndarray, tolerance: float | None = None) -> Peak:
        """The largest |h(z)| of one output."""

        def minus_absolute(output: int, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return -np.abs(h), -np.sign(h)

        found = self._search(self._objective(np.atleast_2d(slopes), minus_absolute, 0.0), tolerance)
        return Peak(found.z, -found.value, -found.bound, found.proven)

    def range(
        self, slopes: np.ndarray, tolerance: float | None = None
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """Ends of an interval that holds h of one output, what of it is reached (2,), and whether it is
        proven.
        """
        if self.domain.a.low[0] == -self.domain.a.high[0]:  # then the sign of h does not matter
            peak = self.largest(slopes, tolerance)
            return np.array([-peak.bound, peak.bound]), np.array([-peak.value, peak.value]), peak.proven
        low, high = self.extremes(slopes, tolerance)
        return (
            np.array([low.bound, high.bound]),
            np.array([low.value, high.value]),
            low.proven and high.proven,
        )

    def lowest(self, h: np.ndarray) -> float:
        """inf over a of a h + r_a(a) for the worst of some h (n,): of concave functions the least on an
        interval is at an end.
        """
        return float(self._psi(0, h)[0].min())

    def most(self, ends: np.ndarray) -> float:
        """The largest s in [0, 1] for which s h leaves the infimum over a finite, for h between two ends."""
        growth, largest = self.network.penalty.growth, float(np.max(np.abs(ends)))
        if self.domain.a.is_bounded or growth >= largest:
            return 1.0
        return growth / largest * (1 - 4 * np.finfo(float).eps)

    def sample(self, slopes: np.ndarray) -> Callable[[float], float]:
        """The objective's least over some z, for multiples of the slopes."""
        objective = self._objective(slopes, self._psi)
        rough = (
            self._search(objective, np.inf) if self.is_proven else multistart(objective, self.domain.window)
        )
        z = np.concatenate([self._grid(), rough.z[None]])
        h = objective.pulls(z).h
        return lambda s: float(objective.value(s * h, z).min())

    def _grid(self) -> np.ndarray:
        """Some z within the domain or the window (N, components of z)."""
        from scipy.stats import qmc  # takes a third of a second, and few runs need it

        box = self.domain.window
        unit = qmc.Sobol(box.low.size, scramble=True, rng=np.random.default_rng(1)).random(SAMPLES)
        return box.low + unit * (box.high - box.low)

    def _extreme(self, slopes: np.ndarray, tolerance: float | None) -> Found:
        return self._search(self._objective(slopes, lambda output, h: (h, np.ones_like(h)), 0.0), tolerance)

    def _psi(self, output: int, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """inf over the amplitude of an output, and where it is."""
        penalty, low, high = self.network.penalty, self.domain.a.low[output], self.domain.a.high[output]
        a = penalty.minimiser(h, low, high)
        reached = np.isfinite(a)
        at = np.where(reached, a, 0.0)
        return np.where(reached, at * h + penalty.amplitude(at), -np.inf), at

    def _objective(self, slopes: np.ndarray, psi: Callable, confinement: float | None = None) -> Objective:
        confinement = self.network.penalty.confinement if confinement is None else confinement
        return Objective(self.features, self.features.data.weights * slopes, psi, confinement)

    def _search(self, objective: Objective, tolerance: float | None) -> Found:
        if not self.is_proven:
            return multistart(objective, self.domain.window)
        relative = ACCURACY if tolerance is None else 0.0
        return branch_and_bound(objective, self.domain.z, tolerance or 0.0, relative, self.budget)


def build_oracle(network: Network) -> Oracle | None:
    """Searches for a network; None for one without data points."""
    features = network.features
    if not isinstance(features, FeaturesAtData):
        return None
    return Oracle(network, features, domain_of(network.parameters))
