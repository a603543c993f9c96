"""The error budget: estimates of the mesh's error, held against the error itself."""

import numpy as np
import pytest
from conftest import small_case

import mfpde
from mfpde.eulerian.solver import build_solver
from mfpde.measures.laws import Uniform
from mfpde.measures.mesh import Axis, Mesh
from mfpde.models.network import build_network
from mfpde.monitors.distances import w1_densities
from mfpde.monitors.grid_error import build_companions, coarsened, observed_order


def estimate(case, device, until):
    solver, companions = build_solver(case, build_network(case), device), build_companions(case, device)
    solver.advance(until)
    companions.advance(until)
    return solver, companions.estimate(solver)


def test_the_estimate_is_near_the_error_itself(device):
    cells = {f"parameters.{name}.cells": n for name, n in zip("awb", (33, 32, 32), strict=True)}
    solver, errors = estimate(small_case(**cells), device, 1.0)
    case = small_case(**{name: 3 * n for name, n in cells.items()})
    fine = build_solver(case, build_network(case), device)
    fine.advance(1.0)
    weights = solver.model.data.weights
    true = np.sum(weights * (solver.prediction - fine.prediction) ** 2)
    assert 1.5 < errors["observed_order"] <= 2.0
    assert true / 3 < errors["grid_error"] < 3 * true
    assert abs(solver.state.energy - fine.state.energy) / 2 < errors["grid_error_energy"] < 3 * abs(solver.state.energy - fine.state.energy)
    for name in "awb":
        axes = [next(a for a in s.mesh.axes if a.name == name) for s in (solver, fine)]
        marginals = [s.mesh.marginal(s.density(), name) for s in (solver, fine)]
        true = w1_densities(axes[0], marginals[0], axes[1], marginals[1])
        assert true / 3 < errors[f"grid_error_w1_{name}"] < 3 * true


def test_a_mesh_that_is_too_coarse_is_told_so(tmp_path):
    coarse = {f"parameters.{name}.cells": 7 for name in "awb"}
    case = small_case(**coarse, **{"eulerian.error_estimate": True, "lagrangian.units": [1000, 4000], "time": 3.0})
    comparison = mfpde.run(case, tmp_path / "coarse.h5").compare()
    budget = comparison.table["budget"]
    assert budget["largest_n"] < 4000
    assert "the mesh is the larger error" in repr(comparison)
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


def test_orders_are_clipped_to_what_the_scheme_can_have():
    assert observed_order(1.0, 4.0) == 2.0
    assert observed_order(1.0, 2.0**1.5) == pytest.approx(1.5)
    assert observed_order(1.0, 64.0) == 2.0
    assert observed_order(1.0, 0.5) == 1.0
    assert observed_order(0.0, 0.0) == 2.0


def test_w1_of_densities_on_different_meshes():
    meshes = [Mesh([Axis("a", np.linspace(-4, 4, n))]) for n in (41, 81)]
    densities = [m.average_density([Uniform(-1 + s, 1 + s)]) for m, s in zip(meshes, (0.0, 0.3), strict=True)]
    assert w1_densities(meshes[0].axes[0], densities[0], meshes[1].axes[0], densities[1]) == pytest.approx(0.3, abs=1e-12)
    assert w1_densities(meshes[0].axes[0], densities[0], meshes[0].axes[0], densities[0]) == 0
