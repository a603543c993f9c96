"""inf over a of <p, Phi(a, z)> + r(a, z) as a function of z: sum_o psi_o(h_o(z)) + kappa |z|^2, with h_o(z) =
sum_l weight_l p_ol phi(z; x_l) and psi_o(h) = inf_a (a h + r_a(a)), which is concave.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfpde.certificates.domain import Box
from mfpde.models.at_data import FeaturesAtData

#: units in the last place of a sum of data that rounding may cost
ULPS = 4
#: pairs of points and data whose features are formed at once
BLOCK = 2**16


class Pulls(NamedTuple):
    """h at points z (N, k), and what it does around them."""

    h: np.ndarray  #: (outputs, N)
    slope: np.ndarray  #: gradient of h (outputs, N, k)
    error: np.ndarray  #: bound of rounding, and over boxes of h's distance from its tangent (outputs, N)


@dataclass(frozen=True)
class Objective:
    """What is to be minimised over z.

    Arguments:
        features: phi; charges: weight_l p_ol (outputs, L).
        psi: the infimum over the amplitude of one output o of a h + r_a(a), and where it is, for h (N,).
    """

    features: FeaturesAtData
    charges: np.ndarray
    psi: Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]]
    confinement: float

    def pulls(self, z: np.ndarray, radius: np.ndarray | None = None) -> Pulls:
        """h at z, and around it: over boxes of these radii (N, k), or at the point alone if None."""
        x, outputs = self.features.data.x, len(self.charges)
        rows = max(1, BLOCK // len(x))
        h, slope, error = (
            np.empty((outputs, len(z))),
            np.empty((outputs, *z.shape)),
            np.zeros((outputs, len(z))),
        )
        prepared = self.features.prepare(x)
        for first in range(0, len(z), rows):
            part = slice(first, first + rows)
            evaluated = self.features.forward(z[None, part], prepared)
            rest = None if radius is None else self.features.remainder(z[part], radius[part], x)
            for o, of_one in enumerate(self.charges):
                found = self.features.pull_back(evaluated, prepared, of_one[None])
                h[o, part], slope[o, part] = found[0][0], found[1][0]
                rounding = ULPS * np.finfo(float).eps * np.sqrt(len(x))
                error[o, part] = rounding * (np.abs(evaluated[0][0]) @ np.abs(of_one))
                if rest is not None:
                    error[o, part] += rest @ np.abs(of_one)
        return Pulls(h, slope, error)

    def value(self, h: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The objective (N,) at z (N, k), where h (outputs, N) is known."""
        found = sum(self.psi(o, of_one)[0] for o, of_one in enumerate(h))
        return found + self.confinement * np.sum(z**2, axis=1)

    def amplitudes(self, h: np.ndarray) -> np.ndarray:
        """Where the infimum over a is (outputs, N)."""
        return np.array([self.psi(o, of_one)[1] for o, of_one in enumerate(h)])

    def below(self, pulls: Pulls, z: np.ndarray, radius: np.ndarray) -> np.ndarray:
        """A bound from below over the boxes around z (N, k): psi is concave, so its least over an interval of
        h is at an end.
        """
        total = self.confinement * np.sum(np.maximum(np.abs(z) - radius, 0.0) ** 2, axis=1)
        for o in range(len(self.charges)):
            room = np.sum(np.abs(pulls.slope[o]) * radius, axis=1) + pulls.error[o]
            total = total + np.minimum(self.psi(o, pulls.h[o] - room)[0], self.psi(o, pulls.h[o] + room)[0])
        return total

    def with_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """The objective and its gradient at one point (k,): that of psi is the amplitude it is reached at."""
        pulls = self.pulls(z[None])
        a = self.amplitudes(pulls.h)[:, 0]
        gradient = a @ pulls.slope[:, 0] + 2 * self.confinement * z
        return float(self.value(pulls.h, z[None])[0]), gradient


def polish(objective: Objective, z: np.ndarray, box: Box) -> np.ndarray:
    """A point (k,) near z that is no worse, by L-BFGS-B within the box."""
    from scipy.optimize import Bounds, minimize

    start = objective.with_gradient(z)[0]
    found = minimize(
        objective.with_gradient, z, jac=True, method="L-BFGS-B", bounds=Bounds(box.low, box.high),
        options={"maxiter": 60, "ftol": 1e-15, "gtol": 1e-13},
    )  # fmt: skip
    better = np.all(np.isfinite(found.x)) and objective.with_gradient(box.clip(found.x))[0] < start
    return box.clip(found.x) if better else z
