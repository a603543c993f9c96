"""A claim of an order of convergence and of an error, and how it is measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mfpde.case import load_case
from mfpde.studies.converge import converge


@dataclass(frozen=True)
class Claim:
    """An order of convergence and an error."""

    row: str  #: of the table, "V1" to "V21"
    case: str  #: name of a shipped case
    what: str  #: what is special about this line
    quantity: str  #: which error
    order: tuple[float, float]  #: interval of the fitted order
    tolerance: float  #: of the finest level's error
    finest: int | None = None  #: cells per axis of the finest level; the case's own if None
    refine: str = "cells"
    levels: int = 4
    changes: Mapping[str, Any] = field(default_factory=dict)
    small: int | None = None  #: cells of the finest level in the small test; a quarter of `finest` if None

    @property
    def name(self) -> str:
        """Row and what is special."""
        return f"{self.row} {self.what}"


#: intervals in which an order fitted over the levels must lie
SECOND, FIRST = (1.7, 2.9), (0.7, 1.45)


@dataclass(frozen=True)
class Outcome:
    """What was measured of a claim."""

    claim: Claim
    table: dict[str, Any]  #: of `mfpde converge`

    @property
    def fitted(self) -> float:
        """The order over all levels."""
        return self.table["fitted_orders"][self.claim.quantity]

    @property
    def error(self) -> float:
        """Of the finest level."""
        return self.table["levels"][-1]["errors"][self.claim.quantity]

    @property
    def holds(self) -> bool:
        """Whether order and error are as claimed."""
        low, high = self.claim.order
        return low <= self.fitted <= high and self.error <= self.claim.tolerance

    @property
    def holds_small(self) -> bool:
        """Whether the order between the two finest levels of a small run is near the claimed one."""
        low, high = self.claim.order
        return low - 0.3 <= self.table["orders"][self.claim.quantity][-1] <= high + 0.5


def measure(claim: Claim, device, small: bool = False) -> Outcome:
    """Refine the case of a claim.

    Arguments:
        small: a quarter of the cells and three levels, for tests.
    """
    finest = (claim.small or (claim.finest or 0) // 4) if small else claim.finest
    changes = tuple(sorted(claim.changes.items()))
    return Outcome(
        claim, _refine(claim.case, changes, claim.refine, finest or 0, 3 if small else claim.levels, device)
    )


@cache  # several claims read one table
def _refine(
    name: str, changes: tuple[tuple[str, Any], ...], refine: str, finest: int, levels: int, device
) -> dict[str, Any]:
    case = load_case(name).replace({key: list(v) if isinstance(v, tuple) else v for key, v in changes})
    if refine == "cells" and finest:
        case = case.replace(
            {f"parameters.{name}.cells": finest for name, p in case.parameters.items() if p.fixed is None}
        )
    return converge(case, refine, levels, device)
