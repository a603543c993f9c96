"""Where theta = (a, z) may be: the domains of a case, a point for what is fixed, everything without a
domain.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.models.parameters import Component, ParameterSpace

#: quantiles of an initial law between which a component without a domain is looked for
TAIL = 1e-4


@dataclass(frozen=True)
class Box:
    """low <= component <= high (n,) each."""

    low: np.ndarray
    high: np.ndarray

    @property
    def is_bounded(self) -> bool:
        """Whether no side is infinite."""
        return bool(np.all(np.isfinite(self.low)) and np.all(np.isfinite(self.high)))

    @property
    def free(self) -> np.ndarray:
        """Indices of components that have a choice."""
        return np.flatnonzero(self.high > self.low)

    def clip(self, values: np.ndarray) -> np.ndarray:
        """Values (..., n) within."""
        return np.clip(values, self.low, self.high)


@dataclass(frozen=True)
class Domain:
    """Of amplitudes and of z; and a window in which z is looked for where its box has no end."""

    a: Box
    z: Box
    window: Box


def domain_of(parameters: ParameterSpace) -> Domain:
    """The domain of a network."""
    a, z = _box(parameters.amplitudes), _box(parameters.rest)
    reached = [_reached(c) for c in parameters.rest]
    low, high = np.array([r[0] for r in reached]), np.array([r[1] for r in reached])
    window = Box(np.where(np.isfinite(z.low), z.low, low), np.where(np.isfinite(z.high), z.high, high))
    return Domain(a, z, window)


def _box(components) -> Box:
    ends = [_ends(c) for c in components]
    return Box(np.array([e[0] for e in ends], float), np.array([e[1] for e in ends], float))


def _ends(c: Component) -> tuple[float, float]:
    if not c.free:
        return _reached(c)
    return c.domain if c.domain is not None else (-np.inf, np.inf)


def _reached(c: Component) -> tuple[float, float]:
    """What the initial law covers; twice as much where it may be left."""
    low, high = (float(q) for q in c.law.quantile(np.array([TAIL, 1 - TAIL])))
    return (low, high) if not c.free else (low - (high - low) / 2 - 1, high + (high - low) / 2 + 1)
