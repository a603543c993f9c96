"""Refine the mesh, the time step, the width or the nodes of a case; errors, observed orders and cost of every level.

Errors of the density are measured against characteristics where the case has them, else against the finest level. The names: `function`
is |f_h - f| in L2(nu) (not squared), `energy` is |E_h - E|, `w1_a` is the W1 error of the marginal of a.
"""

import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.eulerian.solver import Solver, build_solver
from mfpde.lagrangian.characteristics import Characteristics, build_characteristics, observe
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import Model, build_model
from mfpde.models.network import Network
from mfpde.monitors.distances import w1_densities, w1_marginal
from mfpde.monitors.grid_error import halved

REFINABLE = ("cells", "dt", "units", "nodes")
NODES = 2**15

Errors = dict[str, float]


@dataclass(frozen=True)
class Level:
    """One refinement: its value (cells of the first axis, longest step, width, or nodes), its errors, its cost."""

    value: float
    errors: Errors
    seconds: float


def converge(case: Case, refined: str, levels: int, device=None, tell: Callable[[str], None] = lambda _: None, nodes: int = NODES) -> dict[str, Any]:
    """The table of `mfpde converge`: refined, levels, orders, reference, and the error of the reference.

    Arguments:
        refined: one of `REFINABLE`.
        levels: how many levels, at least 2. The case's own mesh or width is the finest; steps are halved from the longest that
            the bounds allow, nodes are doubled up to `nodes`.
        nodes: quadrature nodes of the reference, a power of 2.
        device: an OpenCL device, needed by the backend "opencl".
        tell: called with a line of text as levels finish.
    Raises:
        InputError: an unknown refinement, too few levels, or a mesh too small to coarsen.
    """
    if levels < 2:
        raise InputError("--levels: an order needs at least 2 levels")
    run = {"cells": _cells, "dt": _steps, "units": _units, "nodes": _nodes}[refined]
    found, reference, reference_error = run(case, levels, device, tell, nodes)
    names = list(found[0].errors)
    return {
        "refined": refined,
        "levels": [{"value": level.value, "errors": level.errors, "seconds": level.seconds} for level in found],
        "orders": {name: [_order(a, b, name) for a, b in pairwise(found)] for name in names},
        "reference": reference,
        "reference_error": reference_error,
        "time": case.time,
    }


def _order(coarse: Level, fine: Level, name: str) -> float:
    """log(error ratio) / log(refinement ratio): positive if refining helps."""
    if not (coarse.errors[name] > 0 and fine.errors[name] > 0):
        return float("nan")
    return float(np.log(coarse.errors[name] / fine.errors[name]) / abs(np.log(fine.value / coarse.value)))


def _timed(tell: Callable[[str], None], label: str, work: Callable[[], Any]) -> tuple[Any, float]:
    start = clock.perf_counter()
    result = work()
    seconds = clock.perf_counter() - start
    tell(f"{label}: {seconds:.1f} s")
    return result, seconds


def _solve(case: Case, device) -> Solver:
    solver = build_solver(case, build_model(case), device)
    solver.advance(case.time)
    return solver


def _weak_errors(model: Model, prediction: np.ndarray, energy: float, exact: np.ndarray, exact_energy: float) -> Errors:
    errors = {"energy": abs(energy - exact_energy)}
    if isinstance(model, Network):
        errors = {"function": float(np.sqrt(model.square_norm(prediction - exact)))} | errors
    return errors


def _against_solver(solver: Solver, reference: Solver) -> Errors:
    exact = reference.state
    errors = _weak_errors(solver.stepper.model, solver.state.moments.linear, solver.state.energy, exact.moments.linear, exact.energy)
    mine, theirs = solver.density(), reference.density()
    for axis, other in zip(solver.mesh.axes, reference.mesh.axes, strict=True):
        marginals = solver.mesh.marginal(mine, axis.name), reference.mesh.marginal(theirs, axis.name)
        errors[f"w1_{axis.name}"] = w1_densities(axis, marginals[0], other, marginals[1])
    return errors


def _against_characteristics(solver: Solver, reference: Characteristics) -> Errors:
    model, density = solver.stepper.model, solver.density()
    errors = _weak_errors(model, solver.state.moments.linear, solver.state.energy, reference.prediction, reference.energy)
    for axis in solver.mesh.axes:
        cloud = reference.nodes[model.parameters.names.index(axis.name)]
        errors[f"w1_{axis.name}"] = w1_marginal(axis, solver.mesh.marginal(density, axis.name), cloud, reference.weights)
    return errors


def _reference(case: Case, device, tell: Callable[[str], None], nodes: int) -> tuple[Characteristics | None, float]:
    """Characteristics at the end of the case, and their own error by halving the nodes; None where there are none."""
    if case.dynamics.births is not None:
        return None, float("nan")
    model = build_model(case)
    found = []
    for count in (nodes // 2, nodes):
        flow = build_characteristics(case, model, count, device)
        _timed(tell, f"reference, {count} nodes", partial(flow.advance, case.time))
        found.append(observe(model, flow))
    errors = _weak_errors(model, found[1].prediction, found[1].energy, found[0].prediction, found[0].energy)
    return found[1], next(iter(errors.values()))


def _refine_density(cases: list[Case], values: Callable[[Solver], float], device, tell, nodes: int) -> tuple[list[Level], str, float]:
    reference, reference_error = _reference(cases[-1], device, tell, nodes)
    solved = [_timed(tell, f"level {k + 1} of {len(cases)}", partial(_solve, case, device)) for k, case in enumerate(cases)]
    if reference is None:
        finest = solved.pop()[0]
        return [Level(values(s), _against_solver(s, finest), t) for s, t in solved], "finest level", float("nan")
    levels = [Level(values(s), _against_characteristics(s, reference), t) for s, t in solved]
    return levels, f"characteristics of {nodes} nodes", reference_error


def _cells(case: Case, levels: int, device, tell, nodes: int) -> tuple[list[Level], str, float]:
    cases = [case]
    for _ in range(levels - 1):
        coarser = halved(case)
        if coarser.parameters == case.parameters:
            raise InputError(f"{case.path}: parameters: the mesh is too small to be halved {levels - 1} times; use fewer --levels or more cells")
        case = coarser
        cases.insert(0, case)
    return _refine_density(cases, lambda s: float(max(s.mesh.shape)), device, tell, nodes)


def _steps(case: Case, levels: int, device, tell, nodes: int) -> tuple[list[Level], str, float]:
    """Steps all shorter than the bounds ask for; against a run of a quarter of the shortest, since the mesh's error is common to all."""
    solver = build_solver(case, build_model(case), device)
    shortest = [np.inf]
    solver.advance(case.time, lambda s: shortest.append(min(shortest[-1], s.last_dt)))
    longest = float(shortest[-1])
    tell(f"the bounds ask for steps of at most {longest:.2e}")
    cases = [case.replace({"eulerian.max_step": longest / 2**k}) for k in (*range(levels), levels + 1)]
    solved = [_timed(tell, f"step {c.eulerian.max_step:.2e}", partial(_solve, c, device)) for c in cases]
    finest = solved.pop()[0]
    found = [Level(c.eulerian.max_step, _against_solver(s, finest), t) for (s, t), c in zip(solved, cases[:-1], strict=True)]
    return found, "a quarter of the shortest step", float("nan")


def _units(case: Case, levels: int, device, tell, nodes: int) -> tuple[list[Level], str, float]:
    """Root mean square gap of random networks of widths n, n/2, n/4, ...; the order to expect is 1/2."""
    model = build_model(case)
    reference, reference_error = _reference(case, device, tell, nodes)
    if reference is None:
        raise InputError(f"{case.path}: dynamics.births: widths are refined against characteristics, which births have not")
    found = []
    widest, replicates = max(case.lagrangian.units), max(case.lagrangian.replicate_counts())
    for k in reversed(range(levels)):
        units = max(1, widest // 2**k)
        flow = build_flow(case, model, Ladder([units], [replicates], case.lagrangian.seed), device)
        _, seconds = _timed(tell, f"width {units}", partial(flow.advance, case.time))
        assert isinstance(model, Network)
        gaps = model.square_norm(flow.backend.predictions(flow.state) - reference.prediction)
        found.append(Level(float(units), {"function": float(np.sqrt(gaps.mean()))}, seconds))
    return found, f"characteristics of {nodes} nodes", reference_error


def _nodes(case: Case, levels: int, device, tell, nodes: int) -> tuple[list[Level], str, float]:
    """Characteristics alone; against twice the finest nodes."""
    model = build_model(case)
    seen = []
    for k in reversed(range(-1, levels)):
        count = nodes // 2 ** (k + 1)
        flow = build_characteristics(case, model, count, device)
        _, seconds = _timed(tell, f"{count} nodes", partial(flow.advance, case.time))
        seen.append((count, observe(model, flow), seconds))
    _, finest, _ = seen.pop()
    levels_found = []
    for count, found, seconds in seen:
        errors = _weak_errors(model, found.prediction, found.energy, finest.prediction, finest.energy)
        levels_found.append(Level(float(count), errors, seconds))
    return levels_found, f"characteristics of {nodes} nodes", float("nan")
