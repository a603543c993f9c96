"""An atomic measure: what the optimum is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mfpde.models.network import Network


@dataclass(frozen=True)
class Atoms:
    """Atoms theta = (a, z) with masses that sum to 1."""

    a: np.ndarray  #: amplitudes (n, outputs)
    z: np.ndarray  #: (n, components of z)
    masses: np.ndarray  #: (n,)

    def f(self, network: Network) -> np.ndarray:
        """Its function at the data (outputs, L)."""
        assert network.data is not None
        if not len(self.masses):
            return np.zeros_like(network.data.targets)
        return (self.masses[:, None] * self.a).T @ network.features.values(self.z, network.data.x)

    def energy(self, network: Network) -> float:
        """E, as networks are charged for it."""
        assert network.data is not None
        data, penalty = network.data, network.penalty
        loss = np.sum(data.weights * network.loss.value(self.f(network), data.targets))
        r = np.sum(penalty.amplitude(self.a) * np.ones_like(self.a), axis=1) + penalty.rest(self.z)
        return float(2 * loss + 2 * self.masses @ r)

    @property
    def variation(self) -> float:
        """Total variation of int a dmu, where outputs are summed."""
        return float(self.masses @ np.abs(self.a).sum(axis=1))

    def table(self, network: Network) -> list[dict[str, Any]]:
        """Rows by the names of components, the largest mass first."""
        names = network.parameters.names
        rows = np.concatenate([self.a, self.z], axis=1)
        return [
            dict(zip(names, map(float, rows[k]), strict=True)) | {"mass": float(self.masses[k])}
            for k in np.argsort(-self.masses, kind="stable")
        ]


def with_equal_amplitudes(z: np.ndarray, charges: np.ndarray, nothing: np.ndarray) -> Atoms:
    """A signed measure as a probability measure whose units all have |a| = TV.

    Arguments:
        z: (n, components); charges: (n,); nothing: a z (components,) for the unit a = 0 where there are none.
    """
    variation = float(np.abs(charges).sum())
    if not variation:
        return Atoms(np.zeros((1, 1)), nothing[None], np.ones(1))
    masses = np.abs(charges) / variation
    return Atoms((np.sign(charges) * variation)[:, None], z, masses / masses.sum())


def balanced(z: np.ndarray, charges: np.ndarray, ratio: float) -> Atoms:
    """The same for features that are homogeneous in z, on the unit sphere: |a|^2 = ratio |z|^2, the product
    TV.
    """
    variation = float(np.abs(charges).sum())
    if not variation:
        return Atoms(np.zeros((1, 1)), np.zeros((1, z.shape[1])), np.ones(1))
    of_a = np.sqrt(variation * np.sqrt(ratio))
    masses = np.abs(charges) / variation
    return Atoms((np.sign(charges) * of_a)[:, None], z * variation / of_a, masses / masses.sum())
