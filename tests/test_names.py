"""Names that users give to parameters, and names that outputs, their readers and formulas have already."""

from pathlib import Path

import h5py
import pytest

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.expressions import parse
from mfpde.simulation import build_simulation
from mfpde.store.reserved import is_taken


def _case(name, **changes):
    tables = {
        "time": 0.1,
        "model": {"kind": "potential", "external": f"{name}^2"},
        "parameters": {name: {"domain": [-3, 3], "cells": 16, "initial": {"law": "normal", "std": 0.5}}},
        "lagrangian": {"units": [5], "replicates": 2},
        "eulerian": {"backend": "numpy", "error_estimate": False},
    }
    case = case_from_tables(tables, Path("named.toml"))
    return case.replace(changes) if changes else case


@pytest.mark.parametrize(
    "name",
    [
        "mu",
        "energy",
        "mean",
        "variance",
        "time",
        "entropy",
        "inputs",
        "replicate_5",
        "marginal_x",
        "x_bounds",
        "phony_dim_0",
    ],
)
def test_a_name_that_outputs_need_is_refused_before_the_run(name, tmp_path):
    with pytest.raises(
        InputError, match=f"parameters.{name}: outputs have something else of this name"
    ) as caught:
        mfpde.run(_case(name), tmp_path / "a.h5")
    assert not is_taken(str(caught.value).rsplit(" ", 1)[1])
    assert list(tmp_path.iterdir()) == []


def test_converge_refuses_the_same_names():
    from mfpde.studies.converge import converge

    with pytest.raises(InputError, match="something else of this name"):
        converge(_case("energy"), "cells", 2)


@pytest.mark.parametrize("name", ["x", "theta1", "t", "x0", "I", "E", "S", "gamma", "sum", "cell", "axis"])
def test_other_names_go_all_the_way(name, tmp_path):
    run = mfpde.run(_case(name), tmp_path / "a.h5")
    assert run.mu.dims == ("time", name)
    assert "sliced W2" in repr(run.compare())
    run.close()


def test_a_run_that_an_earlier_version_began_goes_on(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    with monkeypatch.context() as earlier:
        earlier.setattr("mfpde.simulation.check_names", lambda case: None)
        mfpde.run(_case("mass"), path).close()
    run = mfpde.resume(path, until=0.2)
    assert run.times[-1] == 0.2
    run.close()


def test_the_names_come_from_the_layout_and_miss_nothing(tmp_path):
    path = tmp_path / "a.h5"
    mfpde.run(
        _case("x", **{"dynamics.diffusion": 0.1, "stationary": 1e-9, "eulerian.error_estimate": True}), path
    ).close()
    names = set()
    with h5py.File(path) as file:
        file.visit(lambda full: names.update(full.split("/")) if not full.startswith("VTKHDF/") else None)
    free = {name for name in names if not name.isdigit() and not is_taken(name)}
    assert free == {"x"}


@pytest.mark.parametrize("word", ["lambda", "def", "class"])
def test_words_of_python_are_said_to_be_reserved(word):
    with pytest.raises(InputError, match=f"parameters.{word}: is a reserved word"):
        build_simulation(_case(word))
    with pytest.raises(InputError, match=f"'{word}' in '2\\*{word}' is a reserved word"):
        parse(f"2*{word}", ["x"])
