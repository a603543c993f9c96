"""The cases that are timed."""

from pathlib import Path
from typing import Any

from benchmarks.ours import Case, case_from_tables, load_case


def mcycle_mesh(cells: int) -> Case:
    """The motorcycle data with cells^3 cells in (a, w, b)."""
    return load_case("mcycle").replace({f"parameters.{name}.cells": cells for name in "awb"})


def mixture_mesh(cells: int) -> Case:
    """The mixture of Gaussians with cells^2 cells in (a, b)."""
    return load_case("gaussian_mixture").replace({f"parameters.{name}.cells": cells for name in "ab"})


def four_axes(cells: int = 24) -> Case:
    """The planted teacher with its bias free: (a, w1, w2, b) on cells^4 cells."""
    bias = {
        "domain": [-6.0, 6.0],
        "cells": cells,
        "initial": {"law": "normal", "std": 1.0, "within": [-3.0, 3.0]},
    }
    alone = {"eulerian.error_estimate": False, "lagrangian.units": [], "lagrangian.replicates": 1}
    return load_case("teacher_student").replace(
        {"parameters.b": bias, "parameters.a.cells": cells, "parameters.w.cells": cells, **alone}
    )


def data_case(count: int, cells: int = 32) -> Case:
    """A tanh network (a, w, b) on so many data with one input."""
    axis = {"domain": [-4.0, 4.0], "cells": cells, "initial": {"law": "normal", "within": [-3.0, 3.0]}}
    return _sine(
        {"law": "grid", "low": -2.0, "high": 2.0, "points": count}, {"a": axis, "w": axis, "b": axis}
    )


def units_case(inputs: int, count: int) -> Case:
    """A tanh network with bias, without mesh, on so many data with so many inputs."""
    law = {"initial": {"law": "normal", "std": inputs**-0.5}}
    data = {"law": "normal", "dimension": inputs, "samples": count, "seed": 1}
    return _sine(data, {"a": {"initial": {"law": "normal"}}, "w": law, "b": law}).replace(
        {"eulerian.enabled": False}
    )


def _sine(inputs: dict[str, Any], parameters: dict[str, Any]) -> Case:
    tables = {
        "time": 1.0,
        "model": {"activation": "tanh", "bias": True, "penalty": {"lambda": 1e-3, "power": 2.0}},
        "data": {"teacher": "sin(1.5*x0)", "inputs": inputs},
        "parameters": parameters,
    }
    return case_from_tables(tables, Path("benchmark.toml"))
