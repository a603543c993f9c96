"""What the mean field that quadrature nodes carry shows."""

from functools import cached_property

import numpy as np

from mfpde.lagrangian.flow import Flow
from mfpde.metrics.circular import circle_moments
from mfpde.models.problem import Cloud, Problem


class NodesView:
    """The nodes at one time.

    Arguments:
        jump_rate: alpha if units jump (birth-death), else 0.
    """

    def __init__(self, model: Problem, flow: Flow, jump_rate: float):
        self.model, self.flow, self.jump_rate = model, flow, jump_rate
        self.function = model.function

    @cached_property
    def state(self) -> np.ndarray:
        """Components of theta, and the action, of every node (components + 1, nodes)."""
        return self.flow.backend.download(self.flow.state)

    @cached_property
    def weights(self) -> np.ndarray:
        """Masses of the nodes (nodes,), summing to 1."""
        return self.flow.backend.weights(self.flow.state)

    @cached_property
    def predictions(self) -> np.ndarray:
        """f by its coefficients (1, r)."""
        return self.flow.backend.predictions(self.flow.state)

    @property
    def prediction(self) -> np.ndarray:
        """f by its coefficients (r,)."""
        return self.predictions[0]

    @cached_property
    def potential(self) -> np.ndarray:
        """V at the nodes (nodes,)."""
        return self.flow.potential()

    @property
    def cloud(self) -> Cloud:
        """All that their energies and losses depend on."""
        return Cloud(self.state, self.weights, self.predictions, self.potential, np.zeros(1, dtype=int))

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """ "energy", and "loss" if it has a function, of the nodes (1,)."""
        return self.model.cloud_values(self.cloud)

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
                (mean[k],), (variance[k],), (resultant[k],) = circle_moments(
                    c, theta[k], p, np.zeros(1, dtype=int)
                )
        return {"mean": mean, "variance": variance, "resultant": resultant}

    @cached_property
    def squares(self) -> np.ndarray:
        """|Phi|^2 in L2(nu) of what every node gives to f, Phi = a phi (nodes,)."""
        return self.model.unit_squares(self.state)

    @cached_property
    def along(self) -> np.ndarray:
        """<Phi, f> of every node (nodes,)."""
        return self.model.unit_products(self.state, self.prediction)
