"""What carries a density on once its mesh could not."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from mfpde.eulerian.state import State


class Carrier(Protocol):
    """Weighted points that carry a density on, see `mfpde.sides.hand_off`."""

    since: float  #: time of the hand-off

    @property
    def time(self) -> float:
        """The time of the points."""

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Bring the points to a time; `watch` is called after every step."""

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to build the points anew and to go on bit by bit from here."""

    @property
    def prediction(self) -> np.ndarray:
        """f at the data."""

    def state(self) -> State:
        """Functionals of the points."""

    def density(self) -> np.ndarray:
        """Their masses in cells, over volumes."""
