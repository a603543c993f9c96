"""A density with the functionals of it that steps need."""

from typing import NamedTuple

import numpy as np

from mfpde.errors import RunError
from mfpde.eulerian.backend import Backend, Field, Potential
from mfpde.models.energy import Energy, Moments


class Refused(Exception):
    """A stage broke a bound: the step must be shorter."""


class State(NamedTuple):
    """A field with its moments, its energy and, with diffusion, its entropy int mu log mu (else 0)."""

    field: Field
    moments: Moments
    energy: float
    entropy: float = 0.0


class States:
    """Measures fields: on one backend, for one energy; with entropy if there is diffusion."""

    def __init__(self, backend: Backend, energy: Energy, with_entropy: bool):
        self.backend, self.energy, self.with_entropy = backend, energy, with_entropy

    def of(self, field: Field) -> State:
        """Moments, energy and entropy of a field.

        Raises:
            RunError: one of them is not finite.
        """
        moments = self.backend.moments(field)
        energy = self.energy.value(moments)
        entropy = self.backend.entropy(field) if self.with_entropy else 0.0
        if not (np.isfinite(energy) and np.all(np.isfinite(moments.mass)) and np.isfinite(entropy)):
            raise RunError("the density is no longer finite (energy or mass is not a number)")
        return State(field, moments, energy, entropy)

    def potential(self, linear: np.ndarray) -> Potential:
        """V of a measure with these linear moments."""
        return self.backend.potential(self.energy.source(linear))
