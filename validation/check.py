"""A number that is claimed to stay below a bound."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A number that must not exceed its bound."""

    row: str
    what: str
    bound: float
    measure: Callable[[object, bool], float]  #: of the device, and whether to be quick
    small_bound: float | None = None  #: of the quick version, if another
