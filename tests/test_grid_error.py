"""The error budget: bounds of the mesh's error, held against the error itself."""

import numpy as np
import pytest
from conftest import small_case

import mfpde
from mfpde.case import load_case
from mfpde.eulerian.build import build_solver
from mfpde.exact import build_exact
from mfpde.exact.errors import errors
from mfpde.laws.uniform import Uniform
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.metrics.distances import w1_densities
from mfpde.models import build_model
from mfpde.models.network import build_network
from mfpde.monitors.grid_error import build_companions, coarsened


def estimate(case, device, until):
    solver, companions = build_solver(case, build_network(case), device), build_companions(case, device)
    solver.advance(until)
    companions.advance(until)
    return solver, companions.estimate(solver)


#: how much longer than the error a bound may be here
LONGEST = 4.0


def assert_covers(reported, true, longest=LONGEST):
    assert true <= reported < longest * true


def test_bounds_cover_the_error_itself():
    cells = {f"parameters.{name}.cells": n for name, n in zip("awb", (21, 20, 20), strict=True)}
    solver, bounds = estimate(small_case(**cells), None, 1.0)
    case = small_case(**{name: 3 * n for name, n in cells.items()})
    fine = build_solver(case, build_network(case))
    fine.advance(1.0)
    weights = solver.model.data.weights
    assert 1.5 < bounds["observed_order"] <= 2.0
    assert_covers(
        np.sqrt(bounds["grid_error"]), np.sqrt(np.sum(weights * (solver.prediction - fine.prediction) ** 2))
    )
    assert_covers(bounds["grid_error_energy"], abs(solver.state.energy - fine.state.energy))
    for name in "awb":
        axes = [next(a for a in s.mesh.axes if a.name == name) for s in (solver, fine)]
        marginals = [s.mesh.marginal(s.density(), name) for s in (solver, fine)]
        assert_covers(
            bounds[f"grid_error_w1_{name}"], w1_densities(axes[0], marginals[0], axes[1], marginals[1])
        )


def test_the_error_of_the_step_is_in_the_bound():
    """Steps of .5 with a strong reaction: on one mesh alone the step is seen by the companion of half the
    steps.
    """
    changes = {"dynamics.birth_death": 2.0, "eulerian.max_step": 0.5, "eulerian.tolerance": 1.0}
    case = small_case(**changes)
    solver, bounds = estimate(case, None, 1.0)
    short = build_solver(case, build_network(case), None, 1 / 8)
    short.advance(1.0)
    assert short.steps > 6 * solver.steps
    step_error = np.sqrt(np.sum(solver.model.data.weights * (solver.prediction - short.prediction) ** 2))
    without = build_companions(case)
    without.solvers[3] = without.solvers[1]
    without.advance(1.0)
    assert (
        np.sqrt(bounds["grid_error"]) - np.sqrt(without.estimate(solver)["grid_error"]) > 0.7 * step_error > 0
    )


def test_a_blob_narrower_than_a_cell_is_covered():
    """Kuramoto without noise: the wrapped Cauchy law is known, and gathers in a third of a cell."""
    case = load_case("v09_ott_antonsen").replace(
        {"parameters.s.cells": 33, "time": 5.0, "eulerian.scheme": "fromm"}
    )
    solver, companions = build_solver(case, build_model(case)), build_companions(case)
    for time in (1.0, 3.0, 5.0):
        solver.advance(time)
        companions.advance(time)
        bounds = companions.estimate(solver)
        true = errors(solver, build_exact(case, solver.model, solver.mesh).at(time))
        assert bounds["grid_error_energy"] >= true["energy"]
        assert_covers(bounds["grid_error_w1_s"], true["w1_s"], 7.0)
    assert bounds["observed_order"] < 1.5


def test_a_mesh_that_is_too_coarse_is_told_so(tmp_path):
    coarse = {f"parameters.{name}.cells": 7 for name in "awb"}
    case = small_case(
        **coarse, **{"eulerian.error_estimate": True, "lagrangian.units": [1000, 4000], "time": 3.0}
    )
    comparison = mfpde.run(case, tmp_path / "coarse.h5").compare()
    budget = comparison.table["budget"]
    assert budget["largest_n"] < 4000
    assert "the mesh may be the larger error" in repr(comparison)
    assert comparison.table["eulerian"]["grid_error"][0] == pytest.approx(0, abs=1e-20)
    assert comparison.table["eulerian"]["grid_error"][-1] > 0


def test_a_fine_mesh_is_told_how_far_it_reaches(tmp_path):
    case = small_case(**{"eulerian.error_estimate": True})
    comparison = mfpde.run(case, tmp_path / "fine.h5").compare()
    assert comparison.table["budget"]["largest_n"] > 60
    assert "meaningful up to n about" in repr(comparison)


def test_without_an_estimate_it_is_said(small_run):
    assert small_run.compare().table["budget"] is None
    assert "not estimated" in repr(small_run.compare())


def test_halving_keeps_parity_and_a_least_mesh():
    assert [coarsened(n) for n in (97, 128, 41, 13, 6, 4, 5)] == [49, 64, 21, 7, 4, 4, 4]


def test_w1_of_densities_on_different_meshes():
    meshes = [Mesh([Axis("a", np.linspace(-4, 4, n))]) for n in (41, 81)]
    densities = [m.average_density([Uniform(-1 + s, 1 + s)]) for m, s in zip(meshes, (0.0, 0.3), strict=True)]
    assert w1_densities(meshes[0].axes[0], densities[0], meshes[1].axes[0], densities[1]) == pytest.approx(
        0.3, abs=1e-12
    )
    assert w1_densities(meshes[0].axes[0], densities[0], meshes[0].axes[0], densities[0]) == 0
