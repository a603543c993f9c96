"""What every run shows: the parameters of its model, and what a prediction is."""

from dataclasses import dataclass

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
    def coordinates(self) -> str | None:
        """The dimension of predictions; None without f."""
        return None if self.model.function is None else self.model.function.coordinate
