"""What the mean field that quadrature nodes carry shows."""

from functools import cached_property

import numpy as np

from mfpde.lagrangian.flow import Flow
from mfpde.metrics.circular import circle_moments
from mfpde.metrics.views.units import UnitsView
from mfpde.models.problem import Problem


class NodesView(UnitsView):
    """The nodes at one time.

    Arguments:
        jump_rate: alpha if units jump (birth-death), else 0.
    """

    def __init__(self, model: Problem, flow: Flow, jump_rate: float):
        super().__init__(model, flow)
        self.jump_rate = jump_rate

    @property
    def starts(self) -> np.ndarray:
        """The first of all nodes, which are one network (1,)."""
        return np.zeros(1, dtype=int)

    @property
    def prediction(self) -> np.ndarray:
        """f by its coefficients (r,)."""
        return self.predictions[0]

    @cached_property
    def moments(self) -> dict[str, np.ndarray]:
        """Mean and variance of every component (components,); on circles see `circle_moments`, and
        "resultant".
        """
        theta, p = self.state[:-1], self.weights
        mean = theta @ p
        variance, resultant = (theta - mean[:, None]) ** 2 @ p, np.full(len(mean), np.nan)
        for k, c in enumerate(self.model.parameters.components):
            if c.periodic:
                (mean[k],), (variance[k],), (resultant[k],) = circle_moments(c, theta[k], p, self.starts)
        return {"mean": mean, "variance": variance, "resultant": resultant}

    @cached_property
    def squares(self) -> np.ndarray:
        """|Phi|^2 in L2(nu) of what every node gives to f, Phi = a phi (nodes,)."""
        return self.model.unit_squares(self.state)

    @cached_property
    def along(self) -> np.ndarray:
        """<Phi, f> of every node (nodes,)."""
        return self.model.unit_products(self.state, self.prediction)
