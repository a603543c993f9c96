"""The coordinates in which functions of a network are known, and the norm of L2(nu) and the loss in them."""

from dataclasses import dataclass

import numpy as np

from mfpde.models.risk import LeastSquares, Risk


@dataclass(frozen=True)
class FunctionSpace:
    """Functions f: R^d -> R^outputs by r coordinates, output after output: values at the data, or
    coefficients.
    """

    weights: np.ndarray  #: of the coordinates' squares (r,)
    targets: np.ndarray  #: coordinates of f* (r,)
    risk: LeastSquares | Risk  #: of a function by its coordinates
    coordinate: str  #: "data" or "coefficient": the dimension of an output file along which they lie
    outputs: int = 1

    def square_norm(self, values: np.ndarray) -> np.ndarray:
        """|g|^2 in L2(nu) of functions by their coordinates (..., r)."""
        return np.sum(self.weights * values**2, axis=-1)

    def loss(self, values: np.ndarray) -> np.ndarray:
        """The loss of functions by their coordinates (..., r); |f - f*|^2 for the square."""
        return self.risk.loss(values)

    @property
    def size(self) -> int:
        """r."""
        return len(self.targets)
