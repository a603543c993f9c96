"""What can be refined of a case: cells, time steps, the width, the nodes; errors and cost of every level."""

import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.solver import Solver
from mfpde.lagrangian.characteristics import build_characteristics, observe, why_none
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.measures.nodes import Rule
from mfpde.models import build_model
from mfpde.models.kinds import as_potential
from mfpde.monitors.grid_error import build_companions, halved
from mfpde.sides.hand_off import hand_off_if_narrow
from mfpde.studies.references import (
    Errors,
    ExactSolution,
    Finest,
    Reference,
    Tell,
    characteristics,
    find_reference,
    weak_errors,
)

#: of characteristics; with sums over pairs their cost grows as the square
NODES, NODES_IN_PAIRS = 2**15, 2**11


@dataclass(frozen=True)
class Level:
    """One refinement: its value (cells of the longest axis, step, width or nodes), errors and cost."""

    value: float
    errors: Errors
    seconds: float


#: levels, the reference and its error, bounds of the finest level's errors
Found = tuple[list[Level], str, float, Errors]


@dataclass(frozen=True)
class Study:
    """What all refinements need."""

    case: Case
    levels: int
    device: Any
    tell: Tell
    nodes: int
    rule: Rule | None


def by_pairs(case: Case) -> bool:
    """Whether units feel each other in pairs, one by one."""
    if case.model.kind != "potential" or case.model.interaction is None:
        return False
    potential = as_potential(build_model(case))
    return potential is not None and potential.finite_rank is None


def _timed(tell: Tell, label: str, work: Callable[[], Any]) -> tuple[Any, float]:
    start = clock.perf_counter()
    result = work()
    seconds = clock.perf_counter() - start
    tell(f"{label}: {seconds:.1f} s")
    return result, seconds


def solve(case: Case, device) -> Solver:
    """The density at the end of a case; a hand-off is considered at every output."""
    solver = build_solver(case, build_model(case), device)
    if case.eulerian.hand_off:
        for time in np.arange(case.output_every, case.time, case.output_every):
            solver.advance(float(time))
            hand_off_if_narrow(case, solver, device)
    solver.advance(case.time)
    return solver


def mesh_bounds(case: Case, solver: Solver, device) -> Errors:
    """Bounds of the errors at the end of a case, by the names of `references.Errors`.

    None after a hand-off, whose points are not of the mesh.
    """
    if case.eulerian.hand_off:
        return {}
    companions = build_companions(case, device, like=solver)
    companions.advance(case.time)
    found = companions.estimate(solver)
    bounds = {"function": float(np.sqrt(found["grid_error"]))} if "grid_error" in found else {}
    others = {"energy": "grid_error_energy"} | {
        f"w1_{axis.name}": f"grid_error_w1_{axis.name}" for axis in solver.mesh.axes
    }
    return bounds | {name: found[key] for name, key in others.items()}


def _cells(study: Study) -> Found:
    cases = [study.case]
    for _ in range(study.levels - 1):
        coarser = halved(cases[0])
        if coarser.parameters == cases[0].parameters:
            raise InputError(
                f"{study.case.path}: parameters: the mesh is too small to be halved {study.levels - 1} times;"
                " use fewer --levels or more cells"
            )
        cases.insert(0, coarser)
    reference = find_reference(study.case, study.device, study.tell, study.nodes, study.rule)
    solved = [
        _timed(study.tell, f"level {k + 1} of {len(cases)}", partial(solve, case, study.device))
        for k, case in enumerate(cases)
    ]
    bounds, _ = _timed(
        study.tell,
        "bounds, from coarser meshes",
        partial(mesh_bounds, study.case, solved[-1][0], study.device),
    )
    if reference is None:
        reference = Finest(solved.pop()[0], "finest level", next(iter(bounds.values()), float("nan")))
    return (
        [Level(float(max(s.mesh.shape)), reference.errors(s), t) for s, t in solved],
        reference.name,
        reference.doubt,
        bounds,
    )


def _steps(study: Study) -> Found:
    """Steps all shorter than the bounds ask for; against a run of a quarter of the shortest, since the mesh's
    error is common to all, unless the exact solution is exact for the mesh.
    """
    case = study.case
    solver = build_solver(case, build_model(case), study.device)
    shortest = [np.inf]
    solver.advance(case.time, lambda s: shortest.append(min(shortest[-1], s.last_dt)))
    longest = float(shortest[-1])
    study.tell(f"the bounds ask for steps of at most {longest:.2e}")
    exact: Reference | None = (
        ExactSolution(case) if case.exact is not None and ExactSolution(case).of_mesh else None
    )
    parts = [*range(study.levels), *([] if exact else [study.levels + 1])]
    steps = [longest / 2**k for k in parts]
    cases = [case.replace({"eulerian.max_step": step, "eulerian.tolerance": 2}) for step in steps]
    solved = [
        _timed(study.tell, f"step {step:.2e}", partial(solve, c, study.device))
        for step, c in zip(steps, cases, strict=True)
    ]
    reference = exact or Finest(solved.pop()[0], "a quarter of the shortest step")
    found = [Level(step, reference.errors(s), t) for (s, t), step in zip(solved, steps, strict=False)]
    return found, reference.name, reference.doubt, {}


def _units(study: Study) -> Found:
    """Root mean square gap of random networks of widths n, n/2, n/4, ...; the order to expect is 1/2."""
    case, model = study.case, build_model(study.case)
    reference = characteristics(case, study.device, study.tell, study.nodes, study.rule)
    if reference is None:
        raise InputError(
            f"{case.path}: {why_none(case)}, so there are no characteristics against which widths could be"
            " refined"
        )
    if model.function is None or not case.lagrangian.units:
        raise InputError(
            f"{case.path}: --refine units: needs a network and a width in lagrangian.units; refine cells, dt"
            " or nodes"
        )
    found = []
    widest, replicates = max(case.lagrangian.units), max(case.lagrangian.replicate_counts())
    for k in reversed(range(study.levels)):
        units = max(1, widest // 2**k)
        flow = build_flow(case, model, Ladder([units], [replicates], case.lagrangian.seed), study.device)
        _, seconds = _timed(study.tell, f"width {units}", partial(flow.advance, case.time))
        gaps = model.function.square_norm(flow.backend.predictions(flow.state) - reference.seen.prediction)
        found.append(Level(float(units), {"function": float(np.sqrt(gaps.mean()))}, seconds))
    return found, reference.name, reference.doubt, {}


def _nodes(study: Study) -> Found:
    """Characteristics alone; against twice the finest nodes."""
    case, model = study.case, build_model(study.case)
    seen = []
    for k in reversed(range(-1, study.levels)):
        flow = build_characteristics(case, model, study.nodes // 2 ** (k + 1), study.device, study.rule)
        count = len(flow.backend.weights(flow.state))
        _, seconds = _timed(study.tell, f"{count} nodes", partial(flow.advance, case.time))
        seen.append((count, observe(model, flow), seconds))
    finest_count, finest, _ = seen.pop()
    levels = []
    for count, found, seconds in seen:
        levels.append(
            Level(
                float(count),
                weak_errors(model, found.prediction, found.energy, finest.prediction, finest.energy),
                seconds,
            )
        )
    return levels, f"characteristics of {finest_count} nodes", float("nan"), {}


#: what can be refined, and how
REFINEMENTS: dict[str, Callable[[Study], Found]] = {
    "cells": _cells,
    "dt": _steps,
    "units": _units,
    "nodes": _nodes,
}
