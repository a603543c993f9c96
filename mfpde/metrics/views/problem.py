"""What every run shows: the parameters of its model, and what a prediction is."""

from dataclasses import dataclass

import numpy as np

from mfpde.models.problem import Problem


@dataclass(frozen=True)
class ProblemView:
    """The model of a run."""

    model: Problem

    @property
    def parameters(self) -> list[str]:
        """Components of theta."""
        return self.model.parameters.names

    @property
    def has_circles(self) -> bool:
        """Whether a component lives on a circle."""
        return any(c.periodic for c in self.model.parameters.components)

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The dimensions of predictions; none without f."""
        return () if self.model.function is None else self.model.function.dimensions

    def shaped(self, values: np.ndarray) -> np.ndarray:
        """Predictions (..., r) with an axis for each of these dimensions."""
        function = self.model.function
        if function is None or function.outputs == 1:
            return values
        return values.reshape(*values.shape[:-1], function.outputs, -1)
