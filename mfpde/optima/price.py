"""What a total variation costs at least: R(T) = r_a(T) for amplitudes |a| = T of all units, on a mesh its
line between the amplitudes of cells.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.models.penalty import Penalty

LEAST = 1e-200  #: a total variation for 0, where some penalties have infinite second derivatives


@dataclass(frozen=True)
class OfAmplitude:
    """R(T) = r_a(T) - r_a(0)."""

    penalty: Penalty

    def value(self, t: float) -> float:
        """R."""
        return float(self.penalty.amplitude(np.array(t)))

    def slope(self, t: float) -> float:
        """R'; from the right at 0."""
        return float(self.penalty.slope(np.array(max(t, LEAST))))

    def curvature(self, t: float) -> float:
        """R''."""
        found = float(self.penalty.curvature(np.array(max(t, 1e-6))))
        return found if np.isfinite(found) else 0.0

    def least(self, h: float, bound: float) -> float:
        """inf of R(T) - h T over 0 <= T <= bound."""
        return float(self.penalty.infimum(np.array(-h), 0.0, bound))


@dataclass(frozen=True)
class Linear:
    """R(T) = rate T: of penalties that balance a and z."""

    rate: float

    def value(self, t: float) -> float:
        """R."""
        return self.rate * t

    def slope(self, t: float) -> float:
        """The rate."""
        return self.rate

    def curvature(self, t: float) -> float:
        """0."""
        return 0.0

    def least(self, h: float, bound: float) -> float:
        """inf of R(T) - h T over 0 <= T <= bound."""
        return min(0.0, (self.rate - h) * bound) if h > self.rate else 0.0


@dataclass(frozen=True)
class Between:
    """R(T) between the penalties (n,) of amplitudes (n,) that increase."""

    amplitudes: np.ndarray
    penalties: np.ndarray

    def value(self, t: float) -> float:
        """R."""
        return float(np.interp(t, self.amplitudes, self.penalties))

    def slope(self, t: float) -> float:
        """R' from the right."""
        k = int(np.clip(np.searchsorted(self.amplitudes, t, side="right") - 1, 0, len(self.amplitudes) - 2))
        rise = self.penalties[k + 1] - self.penalties[k]
        return float(rise / (self.amplitudes[k + 1] - self.amplitudes[k]))

    def curvature(self, t: float) -> float:
        """0 between amplitudes."""
        return 0.0

    def least(self, h: float, bound: float) -> float:
        """inf of R(T) - h T over 0 <= T <= bound."""
        ends = np.append(self.amplitudes[self.amplitudes < bound], min(bound, self.amplitudes[-1]))
        return float(min(self.value(t) - h * t for t in np.unique(np.append(ends, 0.0))))
