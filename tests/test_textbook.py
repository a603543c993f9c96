"""The textbook diffusions that ship: stationary values of self-consistency equations are hit, and their
figures show what the file says.
"""

import importlib

import numpy as np
import pytest
from conftest import small_case

import mfpde
from mfpde.case import load_case
from mfpde.eulerian.build import build_solver
from mfpde.exact.self_consistent import double_well_mean, kuramoto_order
from mfpde.figures import style
from mfpde.models import build_model

SMALL = {
    "eulerian.backend": "numpy",
    "lagrangian.units": [20, 60],
    "lagrangian.replicates": 3,
    "output.every": 0.1,
    "time": 1.0,
}


def settled(name, **changes):
    """The density of a case at its stationary state, or at its time."""
    case = load_case(name).replace({"eulerian.backend": "numpy", **changes})
    solver = build_solver(case, build_model(case))
    solver.watches_rates = True
    while solver.time < case.time:
        solver.advance(min(case.time, solver.time + 5))
        if solver.density_rate < case.stationary:
            break
    return solver


def test_self_consistent_values():
    """To the digits that quadrature gave elsewhere."""
    known = {0.3: 0.70550, 0.4: 0.44711, 0.45: 0.15976, 0.457: 0.0}
    assert {tau: round(double_well_mean(tau), 5) for tau in known} == known
    assert round(kuramoto_order(0.25), 5) == 0.83146
    assert kuramoto_order(0.5) == 0.0


@pytest.mark.parametrize("tau", [0.4, 0.6])
def test_the_double_well_is_ordered_below_its_critical_temperature_alone(tau):
    solver = settled("double_well", **{"dynamics.diffusion": tau, "parameters.x.cells": 81})
    axis = solver.mesh.axes[0]
    assert solver.density() * axis.widths @ axis.centres == pytest.approx(double_well_mean(tau), abs=1e-5)
    assert solver.gibbs_residual() < 1e-5


@pytest.mark.parametrize(("tau", "cells"), [(0.25, 32), (0.6, 33)])
def test_oscillators_synchronise_below_their_critical_temperature_alone(tau, cells):
    solver = settled("kuramoto", **{"dynamics.diffusion": tau, "parameters.s.cells": cells})
    axis = solver.mesh.axes[0]
    order = abs(solver.density() * axis.widths @ np.exp(1j * axis.centres))
    assert order == pytest.approx(kuramoto_order(tau), abs=1e-5)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("textbook")
    cells = {"double_well": {"parameters.x.cells": 41}, "kuramoto": {"parameters.s.cells": 32}}
    return {
        name: mfpde.run(load_case(name).replace({**SMALL, **changes}), folder / f"{name}.h5")
        for name, changes in cells.items()
    }


def drawn(name, run):
    with style.paper():
        return importlib.import_module(f"mfpde.figures.{name}").draw(run)


@pytest.mark.parametrize(("name", "axis"), [("double_well", "x"), ("kuramoto", "s")])
def test_the_density_in_time(runs, name, axis):
    figure = drawn("spacetime", runs[name])
    (mesh,) = figure.axes[0].collections
    marginal = runs[name].eulerian[f"marginal_{axis}"]
    assert mesh.get_array().shape[::-1] == marginal.shape
    assert mesh.get_array().max() == pytest.approx(float(marginal.max()))


def test_means_and_order_parameters_in_time(runs):
    for name, density in (
        ("double_well", runs["double_well"].mean("x")),
        ("kuramoto", runs["kuramoto"].resultant("s")),
    ):
        run = runs[name]
        lines = {line.get_label(): line.get_ydata() for line in drawn("order", run).axes[0].lines}
        np.testing.assert_allclose(lines[r"$\mu_t$ ($n=\infty$)"], density)
        kind = "resultant" if name == "kuramoto" else "mean"
        np.testing.assert_allclose(
            lines["$n = 60$"], run.lagrangian(60)[kind].mean("replicate_60").values[:, 0]
        )


@pytest.mark.parametrize("name", ["double_well", "kuramoto"])
def test_the_law_against_its_gibbs_law(runs, name):
    run = runs[name]
    law, residual = drawn("gibbs", run).axes
    reached, gibbs = (line.get_ydata() for line in law.lines)
    width = float(np.diff(law.lines[0].get_xdata())[0])
    assert np.sum(gibbs) * width == pytest.approx(1, abs=1e-12)
    # the figure's law and the residual of the run were formed apart
    assert np.sum(np.abs(reached - gibbs)) * width == pytest.approx(
        float(run.eulerian.gibbs_residual[-1]), rel=1e-9
    )
    np.testing.assert_allclose(residual.lines[0].get_ydata(), run.eulerian.gibbs_residual)


def test_networks_leave_these_figures_out(runs, tmp_path):
    run = mfpde.run(small_case(**{"lagrangian.units": [], "time": 0.1}), tmp_path / "network.h5")
    assert [drawn(name, run) for name in ("spacetime", "order", "gibbs")] == [None, None, None]


def test_nodes_alone_have_no_figure_of_energies(tmp_path):
    alone = {"eulerian.enabled": False, "lagrangian.units": [], "characteristics.nodes": 27, "time": 0.1}
    run = mfpde.run(small_case(**alone), tmp_path / "nodes.h5")
    assert [drawn(name, run) for name in ("energy", "order", "gibbs")] == [None, None, None]
