"""What a flow of units shows, whether they are those of networks or the nodes of a mean field."""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from mfpde.lagrangian.flow import Flow
from mfpde.models.changing import at_time
from mfpde.models.problem import Cloud, Problem


class UnitsView(ABC):
    """All units at one time, on the host; found when asked for, and then kept."""

    def __init__(self, model: Problem, flow: Flow):
        self.model, self.flow = model, flow
        self.function = model.function

    @property
    @abstractmethod
    def starts(self) -> np.ndarray:
        """The first unit of every network (networks,)."""

    @property
    def time(self) -> float:
        """Of the flow."""
        return self.flow.time

    @cached_property
    def state(self) -> np.ndarray:
        """Components of theta, and the action, of every unit (components + 1, units)."""
        return self.flow.backend.download(self.flow.state)

    @cached_property
    def weights(self) -> np.ndarray:
        """Weights of all units (units,), summing to 1 over each network."""
        return self.flow.backend.weights(self.flow.state)

    @cached_property
    def masses(self) -> np.ndarray:
        """Masses of all units (units,), which are their weights where the mass of a network is conserved."""
        return self.flow.backend.masses(self.flow.state)

    @cached_property
    def predictions(self) -> np.ndarray:
        """f of every network by its coefficients (networks, r)."""
        return self.flow.backend.predictions(self.flow.state)

    @cached_property
    def potential(self) -> np.ndarray:
        """V at the units (units,)."""
        return self.flow.potential()

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """ "energy", and "loss" if it has a function, of every network (networks,)."""
        cloud = Cloud(self.state, self.masses, self.predictions, self.potential, self.starts)
        return at_time(self.model, self.flow.time).cloud_values(cloud)
