"""The global minimum over all measures: published numbers, brute force, proofs, and the verb."""

import json
from pathlib import Path

import numpy as np
import pytest
from losses import loss_case
from scipy.optimize import nnls

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.models.network import build_network
from mfpde.optima.arrangement import is_homogeneous, vertices
from mfpde.optima.columns import generate
from mfpde.optima.optimum import find_optimum
from mfpde.optima.price import OfAmplitude
from mfpde.optima.region import region_of

UNITS = {"initial": {"law": "uniform", "low": -1, "high": 1}}


def problem(folder, count=20, box=2.0, cells=16, **model):
    """ReLU units on data y = sin 4x + .3x at `count` uniform x, z = (w, b) in a box, a free."""
    x = np.random.default_rng(0).uniform(-1, 1, count)
    file = folder / f"data_{count}.csv"
    rows = np.column_stack([x, np.sin(4 * x) + 0.3 * x])
    np.savetxt(file, rows, delimiter=",", header="x,y", comments="", fmt="%.17g")
    axis = UNITS | {"domain": [-box, box], "cells": cells}
    tables = {
        "time": 1.0,
        "model": {"activation": "relu", "penalty": {"lambda": 1e-3}} | model,
        "data": {"file": str(file), "x": ["x"], "y": "y"},
        "parameters": {"a": UNITS, "w": axis, "b": axis},
        "eulerian": {"enabled": False},
        "lagrangian": {"units": [10]},
    }
    return case_from_tables(tables, Path("optimum.toml"))


def taught(activation="tanh", dimension=1, points=20, domain=2.0, teacher="sin(4*x0)", **model):
    """A small case on uniform inputs, with z in a box or everywhere."""
    axis = UNITS | ({"domain": [-domain, domain]} if domain else {})
    names = ("a", "w", "b") if model.get("bias", True) else ("a", "w")
    inputs = {"law": "uniform", "dimension": dimension, "samples": points}
    tables = {
        "time": 1.0,
        "model": {"activation": activation, "penalty": {"lambda": 1e-3}} | model,
        "data": {"teacher": teacher, "inputs": inputs},
        "parameters": {name: UNITS if name == "a" else axis for name in names},
        "eulerian": {"enabled": False},
        "lagrangian": {"units": [10]},
    }
    return case_from_tables(tables, Path("optimum.toml"))


def amplitudes(bound, cells=201):
    """A table of a with a domain."""
    return {"domain": [-bound, bound], "cells": cells, "initial": {"law": "normal", "std": bound / 6}}


def test_published_numbers(tmp_path):
    found = mfpde.optimum(problem(tmp_path), interpolant=True)
    assert found.energy == pytest.approx(0.067285147114, abs=1e-12)
    assert found.variation == pytest.approx(5.0158, abs=1e-4)
    assert found.certificate.largest == pytest.approx(2e-3 * found.variation, abs=1e-12)
    assert found.is_certified
    assert abs(found.gap) < 1e-13
    assert len(found.atoms.masses) == 6
    assert found.interpolant.variation == pytest.approx(8.237236, abs=5e-7)
    assert found.interpolant.lower_bound == pytest.approx(found.interpolant.variation, abs=1e-9)


def test_grid_optimum_is_first_order(tmp_path):
    excess = []
    for cells in (16, 32, 64, 128):
        case = problem(tmp_path, cells=cells).replace({"parameters.a": amplitudes(8)})
        found = mfpde.optimum(case, grid=True)
        assert found.grid.energy - found.grid.lower_bound < 1e-12
        excess.append(found.grid.energy - found.energy)
    np.testing.assert_allclose(excess, [7.8e-3, 3.6e-3, 1.6e-3, 7.9e-4], rtol=0.015)


def test_grid_optimum_is_that_of_all_pairs_of_cells(tmp_path):
    """One-sided amplitudes take the way over all pairs; both ways agree where both may be taken."""
    from mfpde.optima import grid

    network = build_network(problem(tmp_path, cells=8).replace({"parameters.a": amplitudes(6, 12)}))
    a, z = network.points(network.parameters.mesh())
    reduced = grid.grid_optimum(network, 1e-9)
    pairs = grid._over_all(network, a, z, (12, 8, 8), 1e-9)
    assert pairs.energy == pytest.approx(reduced.energy, abs=1e-8)
    assert pairs.lower_bound == pytest.approx(reduced.energy, abs=1e-8)


@pytest.mark.parametrize("power", [1, 1.5, 2])
@pytest.mark.parametrize("bound", [None, 3.0])
def test_signed_programme_meets_its_optimality_conditions(tmp_path, power, bound):
    """|h| <= R'(TV) everywhere, with equality and the right sign at atoms; where TV is held, the same |h|."""
    case = problem(tmp_path, penalty={"lambda": 1e-3, "power": power})
    if bound is not None:
        case = case.replace({"parameters.a": amplitudes(bound)})
    network = build_network(case)
    found = find_optimum(network)
    z = vertices(network, region_of(network))
    f = found.atoms.f(network)[0]
    of_all = network.features.values(z, network.data.x) @ (network.data.weights * (f - network.data.y))
    at = network.features.values(found.atoms.z, network.data.x) @ (
        network.data.weights * (f - network.data.y)
    )
    assert np.abs(of_all).max() <= found.certificate.level + 1e-12
    np.testing.assert_allclose(at, -np.sign(found.atoms.a[:, 0]) * found.certificate.level, atol=1e-12)
    assert found.is_certified
    assert found.variation <= (bound or np.inf) + 1e-12
    if bound is None:
        assert found.certificate.level == pytest.approx(
            1e-3 * power * found.variation ** (power - 1), rel=1e-9
        )


def test_two_inputs_against_a_fine_grid():
    """NNLS on a grid of z is above E*, and comes near; column generation finds the same as vertices."""
    case = taught("relu", 2, 12, 1.0, "sin(3*x0)*x1", bias=False)
    network = build_network(case)
    found = find_optimum(network)
    assert found.is_certified
    side = np.linspace(-1, 1, 41)
    z = np.stack([g.ravel() for g in np.meshgrid(side, side)], axis=-1)
    columns = network.features.values(z, network.data.x) / np.sqrt(12)
    system = np.concatenate([columns, -columns]).T
    system = np.concatenate([system, np.full((1, system.shape[1]), np.sqrt(2e-3))])
    _, norm = nnls(system, np.append(network.data.y / np.sqrt(12), 0.0))
    assert -1e-12 < norm**2 - found.energy < 2e-4
    by_columns = generate(network, region_of(network), OfAmplitude(network.penalty), np.inf, 1e-9)
    energy = np.mean((by_columns.f[0] - network.data.y) ** 2) + 2e-3 * np.abs(by_columns.charges).sum() ** 2
    assert energy == pytest.approx(found.energy, abs=1e-8)


@pytest.mark.parametrize(("loss", "outputs"), [("logistic", 1), ("huber", 2), ("softmax", 3)])
def test_any_loss_is_proven(loss, outputs):
    found = find_optimum(build_network(loss_case(loss, outputs)), tolerance=1e-6)
    assert found.is_certified
    assert found.atoms.masses.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.all(found.atoms.masses >= 0)


def test_tanh_and_lasso_are_proven():
    found = find_optimum(build_network(taught(penalty={"lambda": 1e-3, "power": 1})), tolerance=1e-6)
    assert found.is_certified
    assert found.certificate.largest == pytest.approx(1e-3, abs=1e-8)


def test_fixed_amplitudes_and_a_price_of_z():
    case = loss_case("square", 1, **{"parameters.a": {"fixed": 1.5}})
    found = find_optimum(build_network(case), tolerance=1e-6)
    assert found.is_certified
    assert np.all(found.atoms.a == 1.5)


def test_one_neuron_is_recovered_under_the_path_penalty():
    """y = relu(<v, x>), |v| = 1: one atom along v, with f = (1 - shrinkage) y; units are balanced."""
    case = taught(
        "relu", 5, 60, None, "relu(0.6*x0 + 0.8*x3)", bias=False, penalty={"kind": "path", "lambda": 1e-4}
    )
    network = build_network(case)
    found = find_optimum(network)
    (z,), (a,) = found.atoms.z, found.atoms.a
    np.testing.assert_allclose(z / np.linalg.norm(z), [0.6, 0, 0, 0.8, 0], atol=1e-2)
    assert abs(a[0]) == pytest.approx(np.linalg.norm(z), rel=1e-9)
    assert found.energy == pytest.approx(2e-4, rel=0.01)


def test_path_penalty_on_a_line_is_proven_by_the_circle():
    case = taught("relu", 1, 20, None, penalty={"kind": "path", "lambda": 1e-3})
    found = find_optimum(build_network(case), interpolant=True)
    assert found.is_certified
    assert found.certificate.largest == pytest.approx(1e-3, abs=1e-9)
    assert found.interpolant.variation > found.variation


def test_without_a_penalty(tmp_path):
    """The infimum is that of least squares; in a box of amplitudes below the F1 norm there is a minimum."""
    found = find_optimum(build_network(problem(tmp_path, penalty={"lambda": 0})))
    assert found.energy == 0
    assert found.variation == pytest.approx(8.237236, abs=5e-7)
    held = find_optimum(
        build_network(problem(tmp_path, penalty={"lambda": 0}).replace({"parameters.a": amplitudes(3)}))
    )
    assert held.variation == pytest.approx(3.0, abs=1e-12)
    assert held.is_certified


def test_which_units_are_homogeneous():
    for activation, expected in {"relu": True, "abs(t)": True, "tanh": False, "relu(t - 1)": False}.items():
        assert is_homogeneous(build_network(taught(activation))) is expected


def test_verb(tmp_path, command):
    (tmp_path / "case.toml").write_text(
        """time = 1.0
[model]
activation = "relu"
penalty = { lambda = 1e-3 }
[data]
teacher = "sin(4*x0)"
inputs = { law = "uniform", samples = 12 }
[parameters.a]
domain = [-8, 8]
initial = { law = "normal" }
[parameters.w]
domain = [-2, 2]
initial = { law = "uniform", low = -1, high = 1 }
[parameters.b]
domain = [-2, 2]
initial = { law = "uniform", low = -1, high = 1 }
"""
    )
    code, out, _ = command("optimum", "case.toml", "--json", "--grid", "--interpolant", "--plot", "f.png")
    assert code == 0
    table = json.loads(out)
    assert {
        "energy", "lower_bound", "gap", "total_variation", "atoms", "dual", "domain", "certified", "seconds",
        "grid", "interpolant",
    } <= set(table)  # fmt: skip
    assert set(table["atoms"][0]) == {"a", "w", "b", "mass"}
    assert table["dual"]["max"] == pytest.approx(table["dual"]["bound"], abs=1e-12)
    assert table["certified"] is True
    assert (tmp_path / "f.png").stat().st_size > 10_000
    code, out, _ = command("optimum", "case.toml")
    assert code == 0
    assert "E*" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["double_well"], "is for networks"),
        (["population_teacher"], "data points"),
        (["mcycle", "--tolerance", "-1"], "positive"),
        (["mcycle", "--set", "model.activation=relu", "--plot", "f.doc"], "f.doc"),
    ],
)
def test_mistakes(command, arguments, said):
    code, _, err = command("optimum", *arguments)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_endless_relu_pays_nothing():
    """a may shrink while z grows, so that the infimum is that of least squares, which no measure attains."""
    found = find_optimum(build_network(taught("relu", domain=None)))
    assert found.energy == 0
    assert not found.is_attained
    case = taught("relu", domain=None).replace({"parameters.w.domain": [-2, 2]})
    with pytest.raises(InputError, match="path"):
        mfpde.optimum(case)


def test_compare_sets_the_excess_beside(small_run):
    table = small_run.compare(optimum=True).table["optimum"]
    assert len(table["eulerian"]["excess"]) == len(table["times"]) == len(small_run.times)
    assert [entry["units"] for entry in table["lagrangian"]] == list(small_run.units)
    assert min(table["eulerian"]["excess"]) > table["lower_bound"] - table["energy"] - 1e-9
    assert "E - E*" in repr(small_run.compare(optimum=True))
