"""Sparse spikes: published numbers, gradients, certificates, optima, and the mesh beside particles."""

import copy
import math
from pathlib import Path

import numpy as np
import pytest

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.case.problems.spikes import EXAMPLE
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import build_model
from mfpde.optima.spikes import best_masses, objective, spikes_optimum
from mfpde.simulation import build_simulation

TURN = 2 * math.pi
BOX = {"domain": [-1.0, 1.0], "cells": 32, "initial": {"law": "uniform", "low": -1.0, "high": 1.0}}
GAUSSIAN = {
    "model": {
        "kind": "spikes",
        "kernel": "gaussian",
        "width": 0.3,
        "lambda": 0.1,
        "observed": [{"mass": 1.0, "at": [0.3, -0.2]}, {"mass": 0.7, "at": [-0.4, 0.5]}],
    },
    "parameters": {"x": BOX, "y": BOX},
}
FORMULA = {
    "model": {
        "kind": "spikes",
        "kernel": "exp(2*cos(x) - 2)",
        "lambda": 0.1,
        "observed": [{"mass": 1.0, "at": 1.0}, {"mass": 0.7, "at": 2.2}],
    },
    "parameters": EXAMPLE["parameters"],
}


def case_of(tables=EXAMPLE, **changes):
    """A small case on the host."""
    rest = {"time": 1.0, "output": {"every": 0.5}, "eulerian": {"backend": "numpy"}}
    return case_from_tables(rest | copy.deepcopy(tables), Path("spikes.toml")).replace(changes)


def moved(case, units, replicates=1):
    """The flow of its units at time 0, and the problem."""
    model = build_model(case)
    return build_flow(case, model, Ladder([units], [replicates], 1)), model


def energy_of(flow, model):
    """J of its units."""
    state = flow.backend.download(flow.state)
    return objective(model, state[:-1], flow.backend.masses(flow.state))


def test_the_published_numbers():
    """SCIENCE 4.3, from the settings of the authors' code: J before the 1st, 30th, 1500th and 3000th step."""
    case = mfpde.load_case("spikes").replace({"eulerian.enabled": False})
    flow, model = moved(case, 100)
    energies = {}
    for step in (0, 29, 1499, 2999):
        flow.advance(step * 0.02)
        assert flow.steps == step
        energies[step] = energy_of(flow, model)
    assert energies[0] == pytest.approx(29.818400, abs=5e-7)
    assert energies[2999] == pytest.approx(2.7665788, abs=5e-8)
    assert flow.backend.masses(flow.state).sum() == pytest.approx(2.68325, abs=5e-6)
    ratio = (energies[1499] - energies[2999]) / (energies[29] - energies[2999])
    assert np.log10(ratio) == pytest.approx(-4.5624, abs=5e-5)
    best = spikes_optimum(model, 1e-11)
    assert best.energy == pytest.approx(2.76657880708, abs=1e-11)
    assert 0 <= energies[2999] - best.lower < 2e-10
    assert best.eta == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("tables", [EXAMPLE, GAUSSIAN, FORMULA])
def test_units_move_down_the_gradient(tables):
    """V is half of dJ/dm, and the velocity -dJ/dtheta / (2 m)."""
    case = case_of(tables, **{"dynamics.birth_death": 1.0, "lagrangian.reaction": "weights"})
    flow, model = moved(case, 16)
    state, masses = flow.backend.download(flow.state), flow.backend.masses(flow.state)
    theta, rate, step = state[:-1], flow.backend.download(flow.rate), 1e-5
    for unit in (0, 7):
        change = np.zeros(16)
        change[unit] = step
        slope = (objective(model, theta, masses + change) - objective(model, theta, masses - change)) / step
        assert rate[-1, unit] == pytest.approx(slope / 4, rel=1e-6)
        for k in range(len(theta)):
            ends = []
            for sign in (1, -1):
                there = theta.copy()
                there[k, unit] += sign * step
                ends.append(objective(model, there, masses))
            assert rate[k, unit] == pytest.approx(
                (ends[1] - ends[0]) / step / 4 / masses[unit], rel=1e-5, abs=1e-9
            )


def test_certificates_are_never_below_the_excess():
    """Over the least J of atoms on a grid, which is no less than the least of all."""
    random = np.random.default_rng(5)
    for k in range(50):
        count = random.integers(1, 4)
        spikes = zip(random.uniform(0.2, 2, count), random.uniform(0, TURN, count), strict=True)
        case = case_of(
            **{
                "model.order": int(random.integers(1, 5)),
                "model.lambda": float(random.uniform(0.05, 2)),
                "model.observed": [{"mass": float(m), "at": float(x)} for m, x in spikes],
            }
        )
        model = build_model(case)
        theta = random.uniform(0, TURN, (1, 12))
        masses = random.uniform(0, 1, 12) if k % 2 else best_masses(model, theta)
        grid = np.linspace(0, TURN, 40, endpoint=False)[None]
        bound = model.gap(theta, masses, objective(model, theta, masses))
        least = objective(model, grid, best_masses(model, grid))
        assert bound.gap >= objective(model, theta, masses) - least - 1e-12
        assert bound.lower <= least + 1e-12


def test_bounds_hold_between_the_points_where_they_are_found():
    model = build_model(case_of(GAUSSIAN))
    theta, masses = np.random.default_rng(3).uniform(-1, 1, (2, 9)), np.full(9, 0.1)
    bound = model.gap(theta, masses, objective(model, theta, masses))
    axis = np.linspace(-1, 1, 401)
    at = np.array([g.ravel() for g in np.meshgrid(axis, axis)])
    h = [
        model.kernel.value(list(at[:, :, None] - places[:, None])) @ weights
        for places, weights in ((model.places, model.masses), (theta, masses))
    ]
    eta = (h[0] - h[1]).max() / model.strength
    assert eta <= bound.eta <= eta * (1 + 1e-3)


@pytest.mark.parametrize("tables", [GAUSSIAN, FORMULA])
def test_the_optimum_is_certified(tables):
    model = build_model(case_of(tables))
    best = spikes_optimum(model, 1e-9)
    assert 0 <= best.gap <= 1e-9 * model.constant
    assert best.eta == pytest.approx(1, abs=1e-6)
    assert len(best.masses) <= 4


def test_optimum_of_one_spike():
    """b shrinks by lambda / K(0) in its place, with J = lambda b - lambda^2 / 2 K(0)."""
    model = build_model(case_of(**{"model.observed": [{"mass": 1.5, "at": 2.0}], "model.lambda": 0.5}))
    best = spikes_optimum(model)
    assert best.masses == pytest.approx([1.4], abs=1e-7)
    assert best.places.ravel() == pytest.approx([2.0], abs=1e-7)
    assert best.energy == pytest.approx(0.5 * 1.5 - 0.5**2 / 10, abs=1e-9)


def test_the_mesh_tends_to_particles_at_second_order():
    """J, mass and density of a smooth measure whose mass changes, by many particles and by three meshes."""
    law = {"law": "wrapped_cauchy", "mean": 1.0, "r": 0.3}
    case = case_of(
        **{
            "parameters.x.initial": law,
            "lagrangian.start": "grid",
            "lagrangian.tolerance": 1e-9,
            "eulerian.tolerance": 1e-7,
        }
    )
    flow, model = moved(case, 600)
    flow.advance(0.3)
    exact = np.array([energy_of(flow, model), flow.backend.masses(flow.state).sum()])
    assert abs(exact[1] - model.mass) > 0.05
    errors = []
    for cells in (24, 48, 96):
        refined = case.replace({"parameters.x.cells": cells})
        solver = build_solver(refined, build_model(refined))
        solver.advance(0.3)
        assert solver.density().min() >= 0
        assert solver.energy_rise <= 0
        errors.append(np.abs([solver.state.energy, solver.state.moments.mass] - exact))
    orders = np.log2(errors[0] / errors[2]) / 2
    assert np.all(orders > 1.7)
    assert np.all(errors[2] < 4e-3), errors


def test_plain_steps_change_roots_of_masses():
    """r <- r (1 - 2 alpha J'), with 4 alpha = birth_death times the step times 1/2, J' = 2 V."""
    changes = {"lagrangian.fixed_step": 0.05, "lagrangian.retraction": "plain"}
    flow, _ = moved(case_of(**changes), 8)
    before, potential = flow.backend.masses(flow.state), flow.potential()
    flow.advance(0.05)
    r = np.sqrt(before) * (1 - 0.05 / 2 * potential)
    np.testing.assert_allclose(flow.backend.masses(flow.state), r**2, rtol=1e-13)


@pytest.mark.parametrize("changes", [{}, {"lagrangian.fixed_step": 0.0625}])
def test_goes_on_bit_by_bit(changes):
    case = case_of(**{"lagrangian.units": [9, 25]}, **changes)
    whole, saved = build_simulation(case, "numpy"), []

    def watch(time, facts):
        saved.append(copy.deepcopy(whole.checkpoint()))

    whole.advance(0.5, watch)
    expected = whole.frame(True)
    again = build_simulation(case, "numpy", saved=saved[len(saved) // 2])
    again.advance(0.5, lambda *_: None)
    found = again.frame(True)
    assert {"eulerian/gap", "lagrangian/25/gap", "lagrangian/9/mass", "eulerian/mass"} <= found.keys()
    for path, value in expected.items():
        np.testing.assert_array_equal(found[path], value, err_msg=path)


def test_masses_stay_positive_and_energies_fall(tmp_path):
    run = mfpde.run(case_of(**{"lagrangian.units": [25], "time": 4.0}), tmp_path / "run.h5")
    for side in (run.eulerian, run.lagrangian(25)):
        assert np.all(side["mass"] > 0)
        assert np.all(np.diff(side["energy"], axis=0) <= 1e-9)
        assert np.all(side["gap"] >= 0)
        assert side["energy"].values[-1] == pytest.approx(
            spikes_optimum(build_model(case_of())).energy, rel=0.05
        )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.kernel": "dirichlt"}, "model.kernel: unknown name 'dirichlt'.*did you mean 'dirichlet'"),
        ({"model.kernel": "gaussian"}, "needs width"),
        ({"model.kernel": "gaussian", "model.width": 0.2}, "lives between walls, and x is on a circle"),
        ({"model.width": 0.2}, "'width' belongs to kernel = \"gaussian\""),
        ({"model.kernel": "sin(x)"}, "model.kernel: K must be even"),
        ({"model.kernel": "abs(x)"}, "has kinks"),
        ({"model.kernel": "-cos(x)"}, "no kernel .* positive definite"),
        ({"model.kernel": "exp(-x^2)"}, "not periodic in x"),
        ({"model.observed": []}, "model.observed"),
        ({"model.observed": [{"mass": -1.0, "at": 0.0}]}, "model.observed.*mass"),
        ({"model.observed": [{"mass": 1.0, "at": [0.0, 1.0]}]}, "spike 1 is at 2 numbers; expected 1, for x"),
        ({"parameters.x.periodic": False}, "expected parameters.x.periodic = true"),
        ({"dynamics.diffusion": 0.1}, "dynamics.diffusion: spikes move by transport and birth_death alone"),
        ({"lagrangian.reaction": "birth_death"}, 'expected reaction = "weights"'),
        ({"lagrangian.fixed_step": 0.3}, "output.every = 0.5 is not a multiple of 0.3|time = 1 is not"),
        ({"lagrangian.retraction": "plain"}, "needs 'fixed_step'"),
        ({"eulerian.hand_off": True}, "points keep the mass"),
        ({"eulerian.backend": "fipy"}, '"fipy" keeps the mass'),
    ],
)
def test_wrong_cases_are_refused(changes, said):
    with pytest.raises(InputError, match=said) as caught:
        build_simulation(case_of(**changes), "numpy")
    assert "\n" not in str(caught.value)


def test_grids_need_a_power_of_units():
    case = case_of(GAUSSIAN, **{"lagrangian.units": [10], "lagrangian.start": "grid"})
    with pytest.raises(InputError, match=r"k\^2 units; expected such as 9 instead of 10"):
        build_simulation(case, "numpy")
