"""What is claimed of the solver: a quantity of every case, its order of convergence, and its error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mfpde.case import load_case
from mfpde.studies.converge import converge

#: intervals in which an order fitted over the levels must lie
SECOND, FIRST = (1.7, 2.9), (0.7, 1.45)


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


LINEAR = "v07_linear_network"
NOISY = {"dynamics.diffusion": 0.05, "lagrangian.units": (), "eulerian.diffusion_scheme": "strang"}
ENTROPIC = NOISY | {"dynamics.reaction": "entropic"}
GIBBS = ENTROPIC | {"eulerian.diffusion_scheme": "scharfetter_gummel"}

CLAIMS = (
    Claim("V1", "v01_contraction", "slopes mc", "w1_x", SECOND, 1.2e-3, 256),
    Claim(
        "V1",
        "v01_contraction",
        "slopes fromm",
        "w1_x",
        SECOND,
        1.2e-3,
        256,
        changes={"eulerian.scheme": "fromm"},
    ),
    Claim(
        "V1",
        "v01_contraction",
        "slopes upwind",
        "w1_x",
        FIRST,
        2.4e-2,
        256,
        changes={"eulerian.scheme": "upwind"},
    ),
    Claim("V2", "v02_concentration", "narrower than a cell", "w1_x", FIRST, 3e-2, 256),
    Claim("V3", "v03_stretched", "sinh mesh", "w1_x", SECOND, 2.5e-4, 513, levels=3, small=257),
    Claim("V4", "v04_ornstein_uhlenbeck", "Scharfetter-Gummel", "density", SECOND, 8e-4, 256),
    Claim(
        "V4",
        "v04_ornstein_uhlenbeck",
        "heat splitting",
        "density",
        SECOND,
        2e-3,
        256,
        changes={"eulerian.diffusion_scheme": "strang"},
    ),
    Claim("V6", "v06_quadratic_wfr", "alpha = 0.8", "covariance", SECOND, 3e-3, 128),
    Claim("V6", "v06_quadratic_wfr", "alpha = 0.8", "w1_y", SECOND, 3e-3, 128),
    Claim(
        "V7", LINEAR, "alpha = 0", "mean", SECOND, 2e-3, 128, levels=3, changes={"dynamics.birth_death": 0.0}
    ),
    Claim(
        "V7",
        LINEAR,
        "alpha = 0",
        "covariance",
        SECOND,
        3e-3,
        128,
        levels=3,
        changes={"dynamics.birth_death": 0.0},
    ),
    Claim("V7", LINEAR, "alpha = 1", "mean", SECOND, 2e-3, 128, levels=3),
    Claim("V7", LINEAR, "alpha = 1", "covariance", SECOND, 3e-3, 128, levels=3),
    Claim(
        "V7",
        LINEAR,
        "alpha = 1, upwind",
        "covariance",
        FIRST,
        1e-1,
        128,
        levels=3,
        changes={"eulerian.scheme": "upwind"},
    ),
    Claim(
        "V7",
        LINEAR,
        "tau = 0.05",
        "covariance",
        SECOND,
        3e-3,
        128,
        levels=3,
        changes=NOISY | {"dynamics.birth_death": 0.0},
    ),
    Claim(
        "V7", LINEAR, "alpha = 1, tau = 0.05, plain", "covariance", SECOND, 3e-3, 128, levels=3, changes=NOISY
    ),
    Claim(
        "V7",
        LINEAR,
        "alpha = 1, tau = 0.05, entropic",
        "covariance",
        SECOND,
        3e-3,
        128,
        levels=3,
        changes=ENTROPIC,
    ),
    Claim(
        "V7",
        LINEAR,
        "as before, Scharfetter-Gummel",
        "covariance",
        SECOND,
        1e-2,
        256,
        levels=3,
        changes=GIBBS,
    ),
    Claim("V8", "v08_quadratic_network", "alpha = 0.5", "covariance", SECOND, 3e-3, 256, levels=3, small=160),
    Claim("V8", "v08_quadratic_network", "alpha = 0.5", "w1_w1", SECOND, 3e-3, 256, levels=3, small=160),
    Claim("V9", "v09_ott_antonsen", "attraction, t = 2", "w1_s", (1.6, 2.4), 2.5e-3, 128),
    Claim("V9", "v09_ott_antonsen", "attraction, t = 2", "energy", (1.6, 2.4), 1e-3, 128),
    Claim(
        "V9",
        "v09_ott_antonsen",
        "repulsion, t = 6",
        "w1_s",
        (1.6, 2.9),
        2.5e-3,
        128,
        changes={"model.interaction": "cos(s)", "time": 6.0},
    ),
    Claim(
        "V10",
        "v10_circle_cosine",
        "alpha = 0",
        "w1_s",
        SECOND,
        1e-3,
        256,
        changes={"dynamics.birth_death": 0.0},
    ),
    Claim("V10", "v10_circle_cosine", "alpha = 1", "w1_s", SECOND, 1e-3, 256),
    Claim("V11", "v11_frozen_features", "steps", "function", SECOND, 1e-6, refine="dt"),
    Claim("V12", "v12_circle_features", "steps", "function", SECOND, 1e-6, refine="dt"),
    Claim("V13", "v13_fisher_rao", "steps", "function", SECOND, 2e-4, refine="dt"),
    Claim("V18", "v18_collapse", "before, t = 0.5", "w1_x", (0.8, 2.2), 1e-2, 255, small=63),
    Claim("V18", "v18_collapse", "after, t = 1.5", "w1_x", FIRST, 1e-2, 255, small=63, changes={"time": 1.5}),
    Claim(
        "V19",
        "v19_tanh_network",
        "t = 2",
        "function",
        SECOND,
        2e-4,
        256,
        levels=3,
        small=128,
        changes={"time": 2.0},
    ),
    Claim("V19", "v19_tanh_network", "t = 10", "function", SECOND, 6e-4, 256, levels=3, small=128),
    Claim(
        "V19",
        "v19_tanh_network",
        "t = 40, gathered",
        "function",
        FIRST,
        3e-3,
        128,
        levels=3,
        changes={"time": 40.0},
        small=64,
    ),
)


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
