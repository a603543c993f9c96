"""How the cells of a mesh feel each other: not at all, in pairs, or through features (`feature_coupling`)."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from mfpde.measures.convolution import PairOperator
from mfpde.measures.moment_operator import MomentOperator


class Coupling(Protocol):
    """How the cells of a mesh feel each other: from a measure to its linear moments, and from a
    source to h.
    """

    @property
    def error(self) -> float:
        """The largest distance of a feature from its approximation, in L2(nu)."""

    def potential(self, source: np.ndarray) -> np.ndarray:
        """h at every z-cell (Nz,)."""

    def moments(self, first: np.ndarray) -> tuple[np.ndarray, float]:
        """Linear moments, and the square int int W dmu dmu of a pair interaction (else 0), from int a dmu of
        every z-cell (Nz,).
        """

    def compressed(self, weights: np.ndarray, shape: tuple[int, ...], tolerance: float) -> "Compression":
        """The coupling on fewer moments, where that pays; see `compress`."""


class Compression(NamedTuple):
    """A coupling after compression."""

    coupling: Coupling
    basis: (
        np.ndarray | None
    )  #: (rank, r): the former moments are the new ones @ basis; None if they are the same


@dataclass(frozen=True)
class Uncoupled:
    """V does not depend on the measure."""

    cells: int
    error = 0.0

    def potential(self, source: np.ndarray) -> np.ndarray:
        """0 (Nz,)."""
        return np.zeros(self.cells)

    def moments(self, first: np.ndarray) -> tuple[np.ndarray, float]:
        """None."""
        return np.zeros(0), 0.0

    def compressed(self, weights: np.ndarray, shape: tuple[int, ...], tolerance: float) -> Compression:
        """Nothing to compress."""
        return Compression(self, None)


@dataclass(frozen=True)
class Pairs:
    """A pair interaction: the linear moments are W * mu at the cells, and the source is h itself."""

    operator: PairOperator | MomentOperator
    error = 0.0

    def potential(self, source: np.ndarray) -> np.ndarray:
        """The source."""
        return source

    def moments(self, first: np.ndarray) -> tuple[np.ndarray, float]:
        """W * mu at the cells, and int int W dmu dmu."""
        linear = self.operator(first)
        return linear, float(first @ linear)

    def compressed(self, weights: np.ndarray, shape: tuple[int, ...], tolerance: float) -> Compression:
        """Nothing to compress."""
        return Compression(self, None)
