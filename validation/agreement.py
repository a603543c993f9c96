"""FiPy and OpenCL on the same case: their difference against the sum of their own errors.

Each finds its error by halving its own mesh.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from mfpde.case import load_case
from mfpde.eulerian.solver import Solver
from mfpde.monitors.grid_error import halved
from mfpde.studies.references import Finest
from mfpde.studies.refinements import solve

#: a three-axis network, small enough for FiPy
THREE_AXES: Mapping[str, Any] = {
    "parameters": {
        "a": {"domain": [-4, 4], "cells": 36, "initial": {"law": "normal", "std": 0.8}},
        "w": {"domain": [-4, 4], "cells": 36, "initial": {"law": "normal", "std": 0.8}},
        "b": {"domain": [-4, 4], "cells": 36, "initial": {"law": "normal", "std": 0.8}},
    },
    "model.bias": True,
    "time": 1.0,
}


@dataclass(frozen=True)
class Pair:
    """A case to be solved twice."""

    what: str
    case: str
    changes: Mapping[str, Any] = field(default_factory=dict)


PAIRS = (
    Pair("contraction (V1), uniform mesh", "v01_contraction", {"parameters.x.cells": 512}),
    Pair("Ornstein-Uhlenbeck (V4): diffusion", "v04_ornstein_uhlenbeck", {"parameters.x.cells": 128}),
    Pair(
        "quadratic potential (V6): reaction, two axes",
        "v06_quadratic_wfr",
        {"parameters.x.cells": 128, "parameters.y.cells": 128, "time": 0.6},
    ),
    Pair(
        "linear network (V7): reaction and diffusion",
        "v07_linear_network",
        {
            "parameters.a.cells": 128,
            "parameters.w.cells": 128,
            "dynamics.diffusion": 0.05,
            "lagrangian.units": [],
        },
    ),
    Pair("Kuramoto (V9): pair interaction on a circle", "v09_ott_antonsen", {"parameters.s.cells": 256}),
    Pair("tanh network (as V19), three axes", "v19_tanh_network", THREE_AXES),
)


@dataclass(frozen=True)
class Agreement:
    """What was measured of a pair, by quantity: difference, error of FiPy, error of OpenCL."""

    pair: Pair
    found: dict[str, tuple[float, float, float]]
    seconds: tuple[float, float]  #: FiPy, OpenCL

    @property
    def holds(self) -> bool:
        """Whether every difference is at most the sum of both errors."""
        return all(difference <= ours + theirs for difference, theirs, ours in self.found.values())


def agree(pair: Pair, device) -> Agreement:
    """Solve a case by both, each on its mesh and on one of half the cells."""
    case = load_case(pair.case).replace(dict(pair.changes))
    solved, seconds = {}, {}
    for backend in ("fipy", "opencl"):
        meant = case.replace({"eulerian.backend": backend})
        start = perf_counter()
        fine = solve(meant, device)
        seconds[backend] = perf_counter() - start
        solved[backend] = (fine, solve(halved(meant), device))
    difference = _distances(solved["opencl"][0], solved["fipy"][0])
    theirs, ours = (_error(*solved[name]) for name in ("fipy", "opencl"))
    return Agreement(
        pair,
        {name: (d, theirs[name], ours[name]) for name, d in difference.items()},
        (seconds["fipy"], seconds["opencl"]),
    )


def _error(fine: Solver, coarse: Solver) -> dict[str, float]:
    """Richardson's estimate for the second order of both solvers, with half the cells."""
    return {name: distance / 3 for name, distance in _distances(fine, coarse).items()}


def _distances(a: Solver, b: Solver) -> dict[str, float]:
    """Of the function and of the marginals; energies say less, and are left out."""
    return {name: value for name, value in Finest(b, "the other").errors(a).items() if name != "energy"}
