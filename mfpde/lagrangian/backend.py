"""What a backend must offer the integrator of the networks. States are opaque arrays of (components + 1,
units).
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

State = Any


class Backend(Protocol):
    """The flow of the networks and the arithmetic of Runge-Kutta stages. Implemented by `opencl` and
    `numpy`.
    """

    name: str

    def upload(self, state: np.ndarray) -> State:
        """A state from an array (components + 1, units)."""

    def download(self, state: State) -> np.ndarray:
        """The state as a float64 array (components + 1, units)."""

    def checkpoint(self, state: State) -> Any:
        """All of a state, as arrays on the host; for `restore`."""

    def restore(self, saved: Any) -> State:
        """The state of a checkpoint, bit by bit."""

    def set_prior(self, weights: np.ndarray) -> None:
        """Weights of the units (units,) before any reaction, summing to 1 over each network; 1/n
        unless set.
        """

    def anneal(self, factor: float) -> None:
        """From now on lambda is this many times that of the model's penalty."""

    def velocity(self, state: State) -> State:
        """d/dt of the state: -mobility grad V of the components as far as walls allow, V for the action."""

    def predictions(self, state: State) -> np.ndarray:
        """f at the data, (networks, L)."""

    def combine(self, y: State, stages: Sequence[State], factors: Sequence[float]) -> State:
        """y + sum factors * stages, with up to seven stages."""

    def project(self, state: State, origin: State, rate: State) -> State:
        """Units beyond a wall are put on it; circles wrap; an amplitude that changed its sign since `origin`
        is put at 0 if a kink of the penalty holds it there, which `rate`, the velocity at `origin`, tells.
        May work in place.
        """

    def error(
        self, y: State, y_new: State, stages: Sequence[State], factors: Sequence[float], tolerance: float
    ) -> float:
        """Root mean square of sum factors * stages over tolerance * (1 + |y|)."""

    def weights(self, state: State) -> np.ndarray:
        """Weight of every unit within its network (units,), summing to 1 over each network."""

    def masses(self, state: State) -> np.ndarray:
        """Mass of every unit (units,): its weight, where the mass of a network is 1 at all times."""
