"""Gradient descent with momentum beta, from rest: v <- beta v - (1 - beta) M grad V, theta <- theta + eta v.

It is SGD with that momentum and learning rate (1 - beta) n eta / 2 of the usual libraries, so that eta is the
time of a step for every beta, and beta = 0 is gradient descent. As eta tends to 0 with beta fixed it follows
the gradient flow at first order, behind by eta beta / (1 - beta) in time, since it starts from rest. With
beta = 1 - eta / m it follows m theta'' + theta' = -M grad V: as n grows, the kinetic equation
d_t mu + v . grad mu = div_v((v + M grad V) mu) / m (as in arXiv:2307.02168, without noise).
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from mfpde.lagrangian.optimisers import Arithmetic, DescentTable, State


class HeavyBall(DescentTable):
    """Gradient descent with momentum."""

    optimiser: Literal["heavy_ball"] = "heavy_ball"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9  #: beta

    def turn(
        self, backend: Arithmetic, rate: State, memory: Sequence[State]
    ) -> tuple[State, Sequence[State]]:
        """Partly as before, partly down the gradient."""
        gained = 1 - self.momentum
        if memory:
            v = backend.combine(memory[0], [memory[0], rate], [-gained, gained])
        else:  # from rest
            v = backend.combine(rate, [rate], [-self.momentum])
        return v, (v,)


OPTIMISER = HeavyBall
