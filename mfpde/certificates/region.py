"""Where the units z of a network may be: a box, some of whose sides are points or endless, or the unit
sphere.
"""

from dataclasses import dataclass, field

import numpy as np

from mfpde.models.network import Network
from mfpde.models.parameters import Component

#: how much farther than its initial law units of an endless component are looked for
SPREADS = (1.0, 4.0, 16.0)


@dataclass(frozen=True)
class Region:
    """The set of z, as the image of coordinates u under `place`, with what samples it."""

    low: np.ndarray  #: of u (components,), -inf if endless
    high: np.ndarray
    laws: list[Component] = field(repr=False)
    on_sphere: bool = False

    @property
    def is_bounded(self) -> bool:
        """Whether z stays in a compact set."""
        return self.on_sphere or bool(np.all(np.isfinite(self.low) & np.isfinite(self.high)))

    def place(self, u: np.ndarray) -> np.ndarray:
        """z for u (n, components)."""
        return u / np.linalg.norm(u, axis=-1, keepdims=True) if self.on_sphere else u

    def pull_back(self, u: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Derivatives by u of what has these derivatives by z (n, components)."""
        if not self.on_sphere:
            return slopes
        norms = np.linalg.norm(u, axis=-1, keepdims=True)
        z = u / norms
        return (slopes - np.sum(slopes * z, axis=-1, keepdims=True) * z) / norms

    def bounds(self, count: int) -> list[tuple[float, float]]:
        """Bounds of `count` points u, one after another, as optimisers take them."""
        return list(zip(self.low.tolist(), self.high.tolist(), strict=True)) * count

    def sample(self, count: int, seed: int) -> np.ndarray:
        """About `count` points that fill it evenly (n, components)."""
        from scipy.stats import qmc  # takes a third of a second, and few runs need it

        sequence = qmc.Sobol(len(self.low), rng=np.random.default_rng(seed))
        numbers = sequence.random_base2((count - 1).bit_length())[:count]
        if self.on_sphere:
            from scipy.special import ndtri

            return self.place(ndtri(np.clip(numbers, 1e-12, 1 - 1e-12)))
        columns = []
        for k, c in enumerate(self.laws):
            if np.isfinite(self.low[k]) and np.isfinite(self.high[k]):
                columns.append(self.low[k] + numbers[:, k] * (self.high[k] - self.low[k]))
                continue
            drawn = c.draw(numbers[:, k])
            spread = np.array(SPREADS)[np.arange(count) % len(SPREADS)]
            columns.append(np.clip(drawn * spread, self.low[k], self.high[k]))
        return np.stack(columns, axis=-1)


def region_of(network: Network) -> Region:
    """The box of a network's z."""
    sides = np.array([side(c) for c in network.parameters.rest]).reshape(-1, 2)
    return Region(sides[:, 0], sides[:, 1], list(network.parameters.rest))


def sphere_of(network: Network) -> Region:
    """The unit sphere of a network's z."""
    count = len(network.parameters.rest)
    return Region(np.full(count, -np.inf), np.full(count, np.inf), list(network.parameters.rest), True)


def side(component: Component) -> tuple[float, float]:
    """The interval in which a component may be; a point if it is fixed."""
    if not component.free:
        value = float(component.law.quantile(np.zeros(1))[0])
        return value, value
    return component.domain or (-np.inf, np.inf)
