"""The loss l(f, y) of one datum, of which the risk 2 sum_l weight_l l(f_l, y_l) is made (`risk`).

Predictions have shape (..., outputs, L): one output for regression and two classes, several for vectors and
many classes. Losses of single outputs are summed over them.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfpde.case import schema
from mfpde.kinds import LOSSES

#: predictions beyond which conjugates are not looked for
FARTHEST = 1e9
BISECTIONS = 120


@dataclass(frozen=True)
class Loss(ABC):
    """A loss with the numbers that a case gives it."""

    spec: schema.NetworkModel

    #: what the risk 2 mean l is called, in the language of long names
    risk: ClassVar[str]
    #: L in l(f + g) <= l(f) + <l'(f), g> + L |g|^2 / 2
    curvature_bound: ClassVar[float]
    #: whether l has a continuous second derivative
    is_smooth: ClassVar[bool] = True

    @property
    def of_classes(self) -> bool:
        """Whether targets tell classes: its module says so by ``TARGETS``."""
        return LOSSES.constant(self.spec.loss, "TARGETS") is not None

    @abstractmethod
    def value(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """l (..., L), for predictions (..., outputs, L) and targets (outputs, L)."""

    @abstractmethod
    def slope(self, f: np.ndarray, y: np.ndarray) -> np.ndarray:
        """dl/df (..., outputs, L)."""

    @abstractmethod
    def curvature(self, f: np.ndarray, y: np.ndarray, g: np.ndarray) -> np.ndarray:
        """(d^2 l/df^2) g for a change g (..., outputs, L) of f (outputs, L)."""

    def conjugate(self, p: np.ndarray, y: np.ndarray) -> np.ndarray:
        """l*(p) = sup over f of <p, f> - l(f, y) (L,), for p (outputs, L) in the range of slopes.

        Of a loss whose outputs are apart, by bisecting the slope for p.
        """
        low, high = np.full(p.shape, -FARTHEST), np.full(p.shape, FARTHEST)
        for _ in range(BISECTIONS):
            f = (low + high) / 2
            beyond = self.slope(f, y) > p
            low, high = np.where(beyond, low, f), np.where(beyond, f, high)
        return np.sum(p * f, axis=0) - self.value(f, y)

    @abstractmethod
    def opencl(self) -> str:
        """Definition of ``LOSS_SLOPE(f, y)`` of one output, or of ``loss_slopes(f, y, slope)`` of OUTPUTS
        outputs at a time, whose arrays hold doubles.
        """


def build_loss(spec: schema.NetworkModel) -> Loss:
    """The loss a case names."""
    return LOSSES[spec.loss](spec)
