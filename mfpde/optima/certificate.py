"""How good an optimum is: a lower bound of E*, and how large |h| is beside what it may be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Certificate:
    """A lower bound of E* by the dual at f."""

    lower_bound: float
    is_proven: bool
    largest: float  #: |h| over the domain of z
    level: float | None  #: what |h| may not exceed at an optimum, R'(TV); None where there is no such number
