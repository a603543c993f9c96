"""What the networks of a ladder show: all their units on the host."""

from functools import cached_property
from typing import Any, cast

import numpy as np

from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.metrics.circular import circle_moments
from mfpde.metrics.views.units import UnitsView
from mfpde.models.problem import Certified, Problem


class NetworksView(UnitsView):
    """All networks at one time.

    Arguments:
        snapshots: replicates of every width whose units are stored, at most.
    """

    def __init__(self, model: Problem, ladder: Ladder, flow: Flow, snapshots: int = 0):
        super().__init__(model, flow)
        self.ladder, self.snapshots = ladder, snapshots
        self.components = model.parameters.components

    @property
    def starts(self) -> np.ndarray:
        """The first unit of every network (networks,)."""
        return self.ladder.first_unit[:-1]

    @cached_property
    def moments(self) -> dict[str, np.ndarray]:
        """Mean and variance of every component over the units of each network (networks, components); on
        circles see `circle_moments`, and "resultant".
        """
        components, theta, weights = self.components, self.state[:-1], self.weights
        mean = np.add.reduceat(theta * weights, self.starts, axis=1)
        centred = theta - mean[:, self.ladder.network_of]
        variance = np.add.reduceat(centred**2 * weights, self.starts, axis=1)
        resultant = np.full(mean.shape, np.nan)
        for k, c in enumerate(components):
            if c.periodic:
                mean[k], variance[k], resultant[k] = circle_moments(c, theta[k], weights, self.starts)
        return {"mean": mean.T, "variance": variance.T, "resultant": resultant.T}

    @cached_property
    def bounds(self) -> list[Any]:
        """What every network proves of the least energy (`models.problem.Certified`)."""
        problem, theta = cast(Certified, self.model), self.model.parameters.theta(self.state)
        parts = [where for *_, where in self.ladder.networks()]
        return [
            problem.gap(theta[:, where], self.masses[where], float(energy))
            for where, energy in zip(parts, self.values["energy"], strict=True)
        ]

    def shown(self, units: int) -> int:
        """Replicates of a width whose units are stored."""
        return min(self.snapshots, self.ladder.replicates[list(self.ladder.units).index(units)])
