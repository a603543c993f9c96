"""Feature maps whose functions are known by their values at data: networks that learn tables and teachers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mfpde.data import Dataset
from mfpde.measures.compression import BLOCK
from mfpde.models.feature_map import Batch, PointwiseFeatures
from mfpde.models.function_space import FunctionSpace
from mfpde.models.loss import Loss
from mfpde.models.losses.square import Square
from mfpde.models.risk import LeastSquares, Risk


@dataclass(frozen=True)
class FeaturesAtData(PointwiseFeatures):
    """phi at the data, and the loss there."""

    data: Dataset
    loss: Loss

    forces = "inputs"

    @cached_property
    def space(self) -> FunctionSpace:
        """Values at the data."""
        outputs = self.data.outputs
        weights, targets = np.tile(self.data.weights, outputs), self.data.targets.ravel()
        return FunctionSpace(weights, targets, self.risk, "data", outputs)

    @cached_property
    def risk(self) -> LeastSquares | Risk:
        """The loss at the data; the square of one output is |f - f*|^2, which compression may project."""
        if self.data.outputs == 1 and isinstance(self.loss, Square):
            return LeastSquares(self.data.y.ravel(), self.data.weights)
        return Risk(self.loss, self.data.targets, self.data.weights)

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """phi(z; x_l) at the data (..., L)."""
        return self.values(z, self.data.x)

    def squares(self, z: np.ndarray) -> np.ndarray:
        """|phi(., z)|^2 (N,), in blocks."""
        rows = max(1, BLOCK // len(self.data.x))
        return np.concatenate(
            [np.sum(self.data.weights * self(z[i : i + rows]) ** 2, axis=-1) for i in range(0, len(z), rows)]
        )

    def of_sum(self, z: np.ndarray, charges: np.ndarray) -> np.ndarray:
        """sum_j charges_j phi(z_j; x_l) (L,)."""
        rows = max(1, BLOCK // len(self.data.x))
        total = np.zeros(len(self.data.x))
        for i in range(0, len(z), rows):
            total += charges[i : i + rows] @ self(z[i : i + rows])
        return total

    def draw(self, size: int, random: np.random.Generator) -> Batch:
        """Data drawn with replacement, with the probabilities of their weights."""
        total = self.data.weights.sum()
        drawn = random.choice(len(self.data.x), size, p=self.data.weights / total)
        return Batch(self.data.x[drawn], self.data.targets[:, drawn], float(total) / size)

    def known_by(self) -> dict[str, Any]:
        """The data."""
        return {"data": self.data}

    def digest(self) -> str:
        """SHA-256 of the data."""
        return self.data.digest()
