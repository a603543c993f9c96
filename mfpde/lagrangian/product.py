"""Units of several species as one backend of the integrator: a state is a tuple, forces are those of all."""

from collections.abc import Callable, Sequence

import numpy as np

from mfpde.lagrangian.numpy_backend import NumpyBackend

State = tuple[np.ndarray, ...]
#: -grad V of the components and V (components + 1, units) of every species, from states and weights of all
Forces = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], Sequence[np.ndarray]]


class NumpyProduct:
    """Arithmetic species by species; walls, circles and weights are those of each species' own backend.

    Arguments:
        species: the arithmetic of every species; what moves them is not asked.
        forces: what moves all of them.
    """

    name = "numpy"

    def __init__(self, species: Sequence[NumpyBackend], forces: Forces):
        self.species, self.forces = list(species), forces

    def upload(self, state: Sequence[np.ndarray]) -> State:
        """A state from arrays (components + 1, units), one for each species."""
        return tuple(backend.upload(part) for backend, part in zip(self.species, state, strict=True))

    def download(self, state: State) -> State:
        """The state in float64."""
        return tuple(backend.download(part) for backend, part in zip(self.species, state, strict=True))

    checkpoint, restore = download, upload

    def set_prior(self, weights: Sequence[np.ndarray]) -> None:
        """Weights of the units of every species before any reaction."""
        for backend, its in zip(self.species, weights, strict=True):
            backend.set_prior(its)

    def velocity(self, state: State) -> State:
        """d/dt of the states, as far as walls allow."""
        rates = self.forces(state, self.weights(state))
        return tuple(b.allowed(rate, part) for b, rate, part in zip(self.species, rates, state, strict=True))

    def combine(self, y: State, stages: Sequence[State], factors: Sequence[float]) -> State:
        """y + sum factors * stages."""
        parts = zip(self.species, y, zip(*stages, strict=True), strict=True)
        return tuple(backend.combine(start, its, factors) for backend, start, its in parts)

    def project(self, state: State, origin: State, rate: State) -> State:
        """Units at walls and on circles, species by species."""
        parts = zip(self.species, state, origin, rate, strict=True)
        return tuple(backend.project(*its) for backend, *its in parts)

    def error(
        self, y: State, y_new: State, stages: Sequence[State], factors: Sequence[float], tolerance: float
    ) -> float:
        """The largest of the errors of all species, over the tolerance."""
        parts = zip(self.species, y, y_new, zip(*stages, strict=True), strict=True)
        return max(backend.error(a, b, its, factors, tolerance) for backend, a, b, its in parts)

    def weights(self, state: State) -> State:
        """Weights of the units of every species."""
        return tuple(backend.weights(part) for backend, part in zip(self.species, state, strict=True))
