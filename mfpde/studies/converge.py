"""Refine mesh, time step, width or nodes of a case: errors, observed orders and cost of every level."""

from itertools import pairwise
from typing import Any

import numpy as np

from mfpde.arithmetic import usual_arithmetic
from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.measures.nodes import Rule
from mfpde.sides.hand_off import check_hand_off
from mfpde.store.reserved import check_names
from mfpde.studies.references import (
    Tell,
)
from mfpde.studies.refinements import NODES, NODES_IN_PAIRS, REFINEMENTS, Level, Study, by_pairs


@usual_arithmetic
def converge(
    case: Case,
    refined: str,
    levels: int,
    device=None,
    tell: Tell = lambda _: None,
    nodes: int | None = None,
    rule: Rule | None = None,
) -> dict[str, Any]:
    """The table of `mfpde converge`: refined, levels, orders, fitted orders, reference, the error of the
    reference, and (of refined cells) bounds of the errors of the finest level as a run with
    `eulerian.error_estimate` reports them.

    Arguments:
        refined: one of `REFINEMENTS`.
        levels: how many levels, at least 2. The case's own mesh or width is the finest; steps are halved from
            the longest that the bounds allow, nodes are doubled up to `nodes`.
        nodes: quadrature nodes of characteristics, a power of 2.
        device: an OpenCL device; NumPy if None.
        tell: called with a line of text as levels finish.
        rule: of the nodes, "sobol" or "trapezoid"; see `build_characteristics`.
    Raises:
        InputError: an unknown refinement, too few levels, or a mesh too small to coarsen.
    """
    if levels < 2:
        raise InputError("--levels: an order needs at least 2 levels")
    check_names(case)
    check_hand_off(case)
    study = Study(case, levels, device, tell, nodes or (NODES_IN_PAIRS if by_pairs(case) else NODES), rule)
    found, reference, doubt, bounds = REFINEMENTS[refined](study)
    names = list(found[0].errors)
    return {
        "refined": refined,
        "levels": [
            {"value": level.value, "errors": level.errors, "seconds": level.seconds} for level in found
        ],
        "orders": {name: [_order(a, b, name) for a, b in pairwise(found)] for name in names},
        "fitted_orders": {name: fitted_order(found, name) for name in names},
        "reference": reference,
        "reference_error": doubt,
        "bounds": bounds,
        "time": case.time,
    }


def _order(coarse: Level, fine: Level, name: str) -> float:
    """log(error ratio) / log(refinement ratio): positive if refining helps."""
    if not (coarse.errors[name] > 0 and fine.errors[name] > 0):
        return float("nan")
    return float(np.log(coarse.errors[name] / fine.errors[name]) / abs(np.log(fine.value / coarse.value)))


def fitted_order(levels: list[Level], name: str) -> float:
    """Least-squares slope of log error over all levels; NaN for two, whose order stands between them."""
    values, found = np.array([(level.value, level.errors[name]) for level in levels]).T
    if len(levels) < 3 or not np.all(found > 0):
        return float("nan")
    return float(abs(np.polyfit(np.log(values), np.log(found), 1)[0]))
