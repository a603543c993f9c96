"""All that a run shows to metrics at one time, by name: "problem", what its functions are known by ("data",
or "teacher" with "pivots" or "samples"), a view of every side, "limit", the function of the mean field, and
"certificate", what E is at least.
"""

from collections.abc import Mapping
from typing import Any

from mfpde.metrics.views.certificate import certificate_of
from mfpde.metrics.views.limit import LimitView
from mfpde.metrics.views.problem import ProblemView
from mfpde.models.problem import Problem

Shown = dict[str, Any]
#: views that know f of the mean field, the preferred first
LIMITS = ("density", "nodes")


def shown(model: Problem, sides: Mapping[str, Any]) -> Shown:
    """What a run shows.

    Arguments:
        sides: views of its sides by name: "density", "companions", "nodes", "prediction", "networks",
        "descent".
    """
    problem = ProblemView(model)
    found = {"problem": problem} | model.known_by() | dict(sides)
    limit = next((sides[name] for name in LIMITS if name in sides), None)
    found |= {"limit": LimitView(limit)} if limit is not None and problem.coordinates else {}
    certificate = certificate_of(model, sides)
    return found | ({} if certificate is None else {"certificate": certificate})
