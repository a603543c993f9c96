"""Figures that are asked for by name: drawn, or refused with what the run lacks."""

import importlib
import re

import pytest
from conftest import small_case

import mfpde
from mfpde.figures import FIGURES, FIGURES_OF_SEVERAL, lacking, plot

POTENTIAL = {
    "model": {"kind": "potential", "external": "x^2/2"},
    "parameters": {"x": {"domain": [-4, 4], "cells": 16, "initial": {"law": "normal", "within": [-3, 3]}}},
}
TINY = {
    "eulerian.backend": "numpy",
    "time": 0.1,
    "output": {},
    "lagrangian.units": [5, 10],
    "lagrangian.replicates": 2,
}


def potential(**changes):
    case = small_case()
    tables = {
        key: value
        for key, value in case.model_dump(mode="json", by_alias=True, exclude_none=True).items()
        if key != "data"
    }
    return mfpde.case.load.case_from_tables(tables | POTENTIAL, case.path).replace(TINY | changes)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A network with a mesh, a potential, networks alone, and nodes alone."""
    folder = tmp_path_factory.mktemp("runs")
    made = {
        "network": small_case(**TINY),
        "potential": potential(),
        "alone": small_case(**TINY, **{"eulerian.enabled": False}),
        "nodes": small_case(
            **TINY | {"eulerian.enabled": False, "characteristics.nodes": 64, "lagrangian.units": []}
        ),
        "bare": potential(**{"eulerian.enabled": False, "characteristics.nodes": 64, "lagrangian.units": []}),
        "one": small_case(**TINY | {"lagrangian.units": [5], "lagrangian.replicates": 1}),
    }
    return {name: mfpde.run(case, folder / f"{name}.h5") for name, case in made.items()}


@pytest.mark.parametrize(
    ("name", "figure", "said"),
    [
        ("potential", "overview", "needs a network, and this run is of a potential"),
        ("alone", "overview", r"needs a density, and this run has none \(eulerian.enabled = false\)"),
        (
            "one",
            "overview",
            r"needs networks of two widths, and this run has one \(lagrangian.units = \[5\]\)",
        ),
        ("nodes", "energy", "needs a density or networks, and this run has nodes alone"),
        ("potential", "function", "needs a network"),
        ("alone", "marginals", "needs a density, and this run has none"),
        ("potential", "density", "needs a density over two parameters, and this one is over one"),
        ("network", "spacetime", "needs a potential, and this run is of a network"),
        ("network", "order", "needs a potential"),
        ("potential", "gibbs", "needs stationary states .*dynamics.diffusion > 0"),
        ("one", "gap_by_width", "needs networks of two widths"),
        ("alone", "gap_in_time", "needs a mean field, and this run has networks alone"),
        ("network", "fluctuations", "needs nodes, which know the Monte-Carlo value"),
        ("one", "bias_variance", "needs 2 replicates, and this run has 1"),
        ("network", "chaos", "needs 3 replicates, and this run has 2"),
        (
            "network",
            "descent",
            r"needs networks that descend, and this run has none \(descent.steps = \[\]\)",
        ),
        ("nodes", "width_planner", r"needs networks, and this run has none \(lagrangian.units = \[\]\)"),
        ("one", "width_planner", "needs a ladder to plan by"),
    ],
)
def test_what_a_run_lacks_is_said(runs, command, name, figure, said):
    code, out, err = command("plot", runs[name].path, "--only", figure, "-o", "figures")
    assert (code, out) == (2, "")
    assert f"{name}.h5: --only {figure}: the figure needs " in err
    assert re.search(said, err), err
    assert err.count("\n") == 1


def test_what_several_runs_lack_is_said(runs, command):
    paths = [runs["potential"].path, runs["alone"].path]
    for figure, said in (
        ("clouds", "a density over two parameters with stored units"),
        ("fluctuation_panels", "networks and nodes"),
    ):
        code, _, err = command("plot", *paths, "--only", figure)
        assert code == 2
        assert f"--only {figure}: the figure needs {said}" in err
    code, _, err = command("plot", *paths, "--only", "energy")
    assert code == 2
    assert "'energy' is a figure of one run, not of several runs; did you mean 'energies'" in err
    code, _, err = command("plot", paths[0], "--only", "clouds")
    assert code == 2
    assert "'clouds' is a figure of several runs, not of one run" in err


def test_a_run_of_which_nothing_can_be_drawn_is_refused(runs, command):
    code, out, err = command("plot", runs["bare"].path)
    assert (code, out) == (2, "")
    assert "bare.h5: nothing can be drawn" in err


def test_what_is_left_out_has_a_reason(runs, command):
    code, out, err = command("plot", runs["potential"].path, "-o", "figures", "--format", "png")
    assert code == 0
    assert "figures/energy.png" in out.replace("\\", "/")
    assert "not drawn: overview needs a network, and this run is of a potential; " in err
    assert "; function needs a network" in err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["network", "potential", "nodes"])
def test_a_figure_is_drawn_or_has_a_reason(runs, name, tmp_path):
    """Of every figure, `draw` gives nothing exactly where `lacks` says something."""
    reasons = lacking(runs[name])
    drawn = {file.stem for file in plot(runs[name], tmp_path, formats=["svg"])}
    assert drawn | set(reasons) == set(FIGURES)
    assert not drawn & set(reasons)
    pair = [runs[name], runs[name]]
    assert {file.stem for file in plot(pair, tmp_path, formats=["svg"])} | set(lacking(pair)) == set(
        FIGURES_OF_SEVERAL
    )


def test_the_overview_of_two_inputs_shows_f_against_its_targets(tmp_path):
    data = {"teacher": "x0*x1", "inputs": {"law": "sphere", "dimension": 2, "samples": 9}}
    axis = {"domain": [-4, 4], "cells": 6, "initial": {"law": "normal", "within": [-3, 3]}}
    run = mfpde.run(
        small_case(parameters={"a": axis, "w": axis, "b": axis}, data=data, **TINY), tmp_path / "two.h5"
    )
    panel = importlib.import_module("mfpde.figures.overview").draw(run).axes[0]
    assert panel.get_title("left").startswith("(a) $f$ against $f^*$")
    assert len(panel.get_lines()[0].get_xdata()) == 9
