"""Gradient descent: theta <- theta - eta M grad V, explicit Euler for the flow."""

from collections.abc import Sequence
from typing import Literal

from mfpde.lagrangian.optimisers import Arithmetic, DescentTable, State


class Gradient(DescentTable):
    """Gradient descent, stochastic on minibatches."""

    optimiser: Literal["gradient"] = "gradient"

    def turn(
        self, backend: Arithmetic, rate: State, memory: Sequence[State]
    ) -> tuple[State, Sequence[State]]:
        """Down the gradient."""
        return rate, ()


OPTIMISER = Gradient
