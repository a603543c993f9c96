"""Names that outputs have, taken from layouts of runs that have everything: no parameter may have one, and
what else is in a file is not ours.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mfpde.case import Case
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.lagrangian.ladder import Ladder
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models import Model, build_model
from mfpde.models.population import PopulationNetwork
from mfpde.models.sampled import sample_inputs
from mfpde.store import vtk
from mfpde.store.layout import FRAMES, Parts, describe

ANY = "*"  #: stands for the name of a parameter
NUMBER = "#"  #: stands for a width of networks
#: what h5netcdf calls dimensions that a file does not name
UNNAMED = "phony_dim_*"
_LAW: dict[str, Any] = {"initial": {"law": "uniform"}}
_EVERYTHING: dict[str, Any] = {
    "time": 1.0,
    "dynamics": {"diffusion": 0.1},
    "stationary": 1e-3,
    "eulerian": {"error_estimate": True},
    "descent": {"steps": [0.1]},
}
_DATA = {"teacher": "x0", "inputs": {"law": "grid", "low": 0, "high": 1, "points": 2}}
_POPULATION = {
    "teacher": {"kind": "planted", "units": [{"a": 1.0, "w": [1.0]}]},
    "population": "gaussian",
    "dimension": 1,
}
_CIRCLE = {"domain": [0, 2 * np.pi], "periodic": True}


def check_names(case: Case) -> None:
    """Refuse parameters of a potential whose names an output needs for something else.

    Raises:
        InputError: with the name.
    """
    if case.model.kind != "potential":
        return
    for name in case.parameters:
        if is_taken(name):
            free = next(
                other for other in (f"{name[:14]}_1", f"p_{name[:14]}", "theta1") if not is_taken(other)
            )
            raise InputError(
                f"{case.path}: parameters.{name}: outputs have something else of this name; choose another,"
                f" such as {free}"
            )


def is_taken(name: str) -> bool:
    """Whether outputs need a name."""
    return any(fnmatchcase(name, pattern) for pattern in taken())


@cache
def taken() -> frozenset[str]:
    """Patterns of the names of all dimensions, groups and datasets."""
    names = {name for path in paths() for name in path.split("/")} - {ANY, NUMBER}
    return frozenset({UNNAMED, vtk.GROUP} | {name.replace(NUMBER, ANY) for name in names})


@cache
def paths() -> frozenset[str]:
    """Patterns of the paths of all dimensions and datasets that outputs may have, without those for VTK."""
    found = {FRAMES}
    for case, model in _models():
        mesh, ladder = Mesh([Axis(ANY, np.arange(3.0))]), Ladder([1], [2], 0)
        layout = describe(case, model, mesh, ladder, Parts(nodes=True, jumps=True, spectrum=1))
        variables = [*layout.growing, *(variable for variable, _ in layout.fixed)]
        found |= {*layout.dimensions} | {
            name for variable in variables for name in (variable.path, *variable.dims)
        }
    return frozenset(re.sub(r"(?<=[/_])1(?=/|$)", NUMBER, path) for path in found)


def _models() -> Iterator[tuple[Case, Model]]:
    """Models of each kind that has datasets of its own."""
    around = {"w": _LAW, "b": _LAW | _CIRCLE}
    learns = _case(model={"activation": "cos"}, data=_DATA, parameters={"a": _LAW, **around})
    yield learns, build_model(learns)
    closed = _case(
        model={"activation": "linear", "bias": False}, data=_POPULATION, parameters={"a": _LAW, "w": _LAW}
    )
    for sampled in (False, True):
        model = build_model(closed)
        assert isinstance(model, PopulationNetwork)
        if sampled:  # as it is in many dimensions, where building it takes longer
            vars(model)["basis"] = sample_inputs(model.activation, model.kernel, 2)
        yield closed, model


def _case(**tables: Any) -> Case:
    return case_from_tables(_EVERYTHING | tables, Path("everything"), "")
