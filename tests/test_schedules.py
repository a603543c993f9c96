"""lambda and tau as formulas in t: closed forms, backends against each other, resumption, refusals."""

from pathlib import Path

import numpy as np
import pytest
from conftest import build_backends, rough_density, small_case
from scipy.integrate import solve_ivp

from mfpde.case.load import case_from_tables
from mfpde.certificates.dual import lower_bound
from mfpde.certificates.oracle import build_oracle
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.expressions.schedule import schedule_of
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.models import build_model
from mfpde.models.changing import at_time
from mfpde.optima.optimum import find_optimum
from mfpde.simulation import build_simulation

FALLING = "0.05 + 0.5*exp(-2*t)"


def falling(t):
    return 0.05 + 0.5 * np.exp(-2 * t)


def amplitudes(cells=40, low=-4, **changes):
    """A network of which a alone moves: its mean has an ODE of its own."""
    tables = {
        "time": 1.0,
        "model": {"penalty": {"lambda": FALLING}},
        "data": {"teacher": "sin(1.5*x0)", "inputs": {"law": "grid", "low": -2, "high": 2, "points": 20}},
        "parameters": {
            "a": {
                "domain": [low, 4],
                "cells": cells,
                "initial": {"law": "normal", "mean": 0.5, "std": 0.6, "within": [-3, 3.5]},
            },
            "w": {"fixed": 1.3},
            "b": {"fixed": 0.2},
        },
        "eulerian": {"tolerance": 1e-4},
        "lagrangian": {"units": [1], "replicates": 1, "tolerance": 1e-10},
        "output": {"every": 0.5, "fields_every": 0.5},
    }
    case = case_from_tables(tables, Path("amplitudes.toml"))
    return case.replace(changes) if changes else case


def feature(case):
    """|phi|^2 and <phi, f*> of the only feature."""
    data = build_model(case).data
    phi = np.tanh(1.3 * data.x[:, 0] + 0.2)
    return float(data.weights @ phi**2), float(data.weights @ (phi * data.targets[0]))


def line(**changes):
    """Ornstein-Uhlenbeck."""
    tables = {
        "time": 1.0,
        "model": {"kind": "potential", "external": "x^2/2"},
        "dynamics": {"diffusion": "0.2*exp(-t) + 0.05*cos(2*t)^2"},
        "parameters": {
            "x": {"domain": [-4, 4], "cells": 64, "initial": {"law": "normal", "mean": 0.0, "std": 0.8}}
        },
        "eulerian": {"tolerance": 1e-4},
        "lagrangian": {"units": [2000], "replicates": 10},
        "output": {"every": 0.5, "fields_every": 0.5},
    }
    case = case_from_tables(tables, Path("line.toml"))
    return case.replace(changes) if changes else case


def solver_of(case, device=None):
    return build_solver(case, build_model(case), device)


def flow_of(case, units=5, replicates=2, device=None):
    return build_flow(case, build_model(case), Ladder([units], [replicates], 3), device)


def test_means_over_a_step_are_integrals():
    schedule = schedule_of("exp(-t)", 2.0, "x")
    assert schedule.mean(0.5, 0.9) == pytest.approx((np.exp(-0.5) - np.exp(-0.9)) / 0.4, rel=1e-14)
    assert schedule_of(0.3, 2.0, "x").mean(0.0, 1.0) == 0.3


@pytest.mark.parametrize("key", ["model.penalty.lambda", "dynamics.diffusion"])
def test_a_formula_without_t_is_a_number(key):
    loose = {"eulerian.tolerance": 2, "eulerian.diffusion_scheme": "strang", "time": 0.2}
    cases = [small_case(**{key: value}, **loose) for value in (0.02, "0.02")]
    fields, states = [], []
    for case in cases:
        solver, flow = solver_of(case.replace({"eulerian.max_step": 0.05})), flow_of(case)
        solver.advance(0.2)
        flow.advance(0.2)
        fields.append(solver.density())
        states.append(flow.backend.download(flow.state))
        assert solver.stepper.claim == ("none" if isinstance(cases[1], str) else solver.stepper.claim)
    assert np.abs(fields[1] - fields[0]).max() <= 1e-12 * fields[0].max()
    assert np.abs(states[1] - states[0]).max() <= 1e-12


def test_a_density_follows_lambda_to_second_order():
    power, pull = feature(amplitudes())
    errors = []
    for cells in (40, 80):
        case = amplitudes(cells, **{"eulerian.max_step": 2.0 / cells})
        solver = solver_of(case)
        a = solver.mesh.axes[0]
        start = solver.density() @ (a.widths * a.centres)
        exact = solve_ivp(
            lambda t, m: pull - power * m - 2 * falling(t) * m, (0, 1), [start], rtol=1e-11, atol=1e-12
        ).y[0, -1]
        solver.advance(1.0)
        errors.append(abs(float(solver.density() @ (a.widths * a.centres)) - exact))
        masses = solver.density() * a.widths
        mean, square = masses @ a.centres, masses @ a.centres**2
        targets = solver.model.data
        energy = power * mean**2 - 2 * pull * mean + float(targets.weights @ targets.targets[0] ** 2)
        assert solver.state.energy == pytest.approx(energy + 2 * falling(1.0) * square, rel=1e-9)
        assert solver.stepper.claim == "none"
    assert errors[0] < 2e-3
    assert errors[1] < errors[0] / 3


@pytest.mark.parametrize("kind", ["power", "path"])
def test_units_follow_lambda(kind):
    case = small_case(**{"model.penalty": {"lambda": FALLING, "kind": kind}, "lagrangian.tolerance": 1e-10})
    flow = flow_of(case, 5, 1)
    start, data = flow.backend.download(flow.state)[:-1], flow_data(case)
    kappa, scale = (0.5, 1.0) if kind == "path" else (0.0, 2.0)

    def rate(t, y):
        a, w, b = y.reshape(3, -1)
        phi = np.tanh(w[:, None] * data.x[:, 0] + b[:, None])
        residual = data.weights * (a @ phi / len(a) - data.targets[0])
        slope = 1 - phi**2
        moved = [scale * falling(t) * a, 2 * kappa * falling(t) * w, 2 * kappa * falling(t) * b]
        pulls = [phi @ residual, a * (slope @ (residual * data.x[:, 0])), a * (slope @ residual)]
        return -np.concatenate([p + m for p, m in zip(pulls, moved, strict=True)])

    exact = solve_ivp(rate, (0, 1), start.ravel(), rtol=1e-11, atol=1e-12).y[:, -1]
    flow.advance(1.0)
    assert np.abs(flow.backend.download(flow.state)[:-1].ravel() - exact).max() < 1e-8


def flow_data(case):
    return build_model(case).data


@pytest.mark.parametrize("formula", ["2*exp(-2*t)", "0.05 + 2*t"])
def test_a_kink_holds_and_releases_by_the_lambda_of_the_time(formula, device):
    case = amplitudes(**{"model.penalty": {"lambda": formula, "power": 1}})
    case = case.replace({"parameters.a.initial": {"law": "point", "at": 0.2}, "time": 2.0})
    power, pull = feature(case)
    strength = (lambda t: 2 * np.exp(-2 * t)) if "exp" in formula else (lambda t: 0.05 + 2 * t)
    # 2e5 Euler steps of the inclusion
    a, h = 0.2, 1e-5
    for k in range(200_000):
        free = a + h * (pull - power * a)
        a = np.sign(free) * max(abs(free) - h * strength(k * h), 0.0)
    for where in (None, device):
        flow = flow_of(case, 1, 1, where)
        flow.advance(2.0)
        assert flow.backend.download(flow.state)[0, 0] == pytest.approx(a, abs=1e-4)
    assert (a == 0) == ("exp" not in formula)


def test_the_variance_follows_tau():
    def tau(t):
        return 0.2 * np.exp(-t) + 0.05 * np.cos(2 * t) ** 2

    exact = solve_ivp(lambda t, s: -2 * s + 2 * tau(t), (0, 1), [0.64], rtol=1e-11, atol=1e-12).y[0, -1]
    solver = solver_of(line())
    solver.advance(1.0)
    x = solver.mesh.axes[0]
    assert float(solver.density() @ (x.widths * x.centres**2)) == pytest.approx(exact, abs=3e-3)
    assert solver.stepper.tau == pytest.approx(tau(1.0), rel=1e-14)
    assert solver.stepper.claim == "none"
    flow = flow_of(line(), 2000, 10)
    flow.advance(1.0)
    found = flow.backend.download(flow.state)[0]
    assert np.mean(found**2) == pytest.approx(exact, abs=4 * exact * np.sqrt(2 / found.size))


@pytest.mark.parametrize(
    ("model", "outputs", "tau"),
    [
        ({"lambda": FALLING}, 1, 0.0),
        ({"lambda": FALLING, "kind": "path"}, 1, "0.05*exp(-t)"),
        ({"lambda": FALLING}, 2, 0.0),
    ],
)
def test_a_device_equals_numpy(model, outputs, tau, device):
    case = small_case(
        **{
            "model.penalty": model,
            "dynamics.diffusion": tau,
            "dynamics.birth_death": "1 + t" if tau else 0.0,
            "time": 0.1,
        }
    )
    if outputs == 2:
        axis = {"domain": [-4, 4], "cells": 12, "initial": {"law": "normal", "within": [-3, 3]}}
        case = case.replace(
            {
                "data.teacher": ["sin(x0)", "cos(x0)"],
                "parameters": {"a1": axis, "a2": axis, "w": axis, "b": {"fixed": 0.0}},
            }
        )
    fields, states, energies = [], [], []
    for where in (None, device):
        solver, flow = solver_of(case, where), flow_of(case, 5, 2, where)
        solver.advance(0.1)
        flow.advance(0.1)
        energies.append(solver.state.energy)
        fields.append(solver.density())
        states.append(flow.backend.download(flow.state))
    assert np.abs(fields[1] - fields[0]).max() <= 1e-9 * fields[0].max()
    assert np.abs(states[1] - states[0]).max() <= 1e-9
    assert energies[1] == pytest.approx(energies[0], rel=1e-9)


@pytest.mark.parametrize("kind", ["power", "path"])
def test_kernels_take_another_penalty(kind, device):
    """Also of fields whose sums they have found before."""
    case = small_case(**{"model.penalty": {"lambda": "1 + t", "kind": kind}})
    network, mesh, backends = build_backends(case, device)
    found = []
    for backend in backends.values():
        field = backend.upload(rough_density(mesh))
        linear = backend.moments(field).linear
        potential = backend.potential(network.risk.source(linear))
        field = backend.stage(field, field, potential, 1e-4).field
        first = backend.moments(field)
        backend.set_penalty(*at_time(network, 2.0).penalties(mesh))
        potential = backend.potential(network.risk.source(linear))
        again, rate = backend.moments(field), backend.rate(field, potential)
        assert again.penalty == pytest.approx(3 * first.penalty, rel=1e-12)
        np.testing.assert_allclose(again.linear, first.linear, rtol=1e-12, atol=1e-14)
        found.append(backend.download(rate.field))
    for other in found[1:]:
        assert np.abs(other - found[0]).max() <= 1e-12 * np.abs(found[0]).max()


@pytest.mark.parametrize(
    ("kind", "backend"),
    [
        ("lambda", "opencl"),
        ("tau", "numpy"),
        pytest.param("tau", "opencl", marks=pytest.mark.slow),
        pytest.param("kink", "numpy", marks=pytest.mark.slow),
    ],
)
def test_a_run_goes_on_bit_by_bit(kind, backend):
    changes = {
        "lambda": {"model.penalty.lambda": FALLING, "characteristics.nodes": 27},
        "tau": {"dynamics.diffusion": "0.05*exp(-t)"},
        "kink": {"model.penalty": {"lambda": FALLING, "power": 1}},
    }[kind]
    case = small_case(**changes, **{"eulerian.backend": backend})
    whole, kept = build_simulation(case), []

    def watch(*_):
        watch.calls += 1
        if watch.calls in (3, 12, 17):
            kept.append(whole.checkpoint())

    watch.calls = 0
    for until in (0.25, 0.5):
        whole.advance(until, watch)
        whole.frame(False)
        kept.append(whole.checkpoint())
    assert len(kept) >= 4
    for saved in kept[:-1]:
        parts = build_simulation(case, saved=saved)
        for until in (0.25, 0.5):
            if parts.time < until:
                parts.advance(until, lambda *_: None)
                parts.frame(False)
        assert_equal(parts.checkpoint(), kept[-1])


def assert_equal(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one.keys() - {"health"}:
            assert_equal(one[key], other[key])
    elif isinstance(one, list | tuple):
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    else:
        np.testing.assert_array_equal(one, other)


def test_certificates_are_of_the_present_lambda():
    case = small_case(
        **{"model.penalty.lambda": FALLING, "parameters.b": {"fixed": 0.0}, "lagrangian.units": []}
    )
    run = build_simulation(case)
    run.advance(0.25, lambda *_: None)
    found = run.frame(False)
    network = at_time(run.model, 0.25)
    assert network.penalty.spec.weight == falling(0.25)
    side = run.shown["density"]
    expected = lower_bound(network, build_oracle(network), side.prediction, side.solver.state.energy)
    assert run.shown["certificate"].bound.value == expected.value
    assert found
    assert any("certificates hold at every time" in said for said in run.check(0.0))


def test_there_is_no_single_optimum():
    with pytest.raises(InputError, match=r"optimum: .* changes in time"):
        find_optimum(build_model(small_case(**{"model.penalty.lambda": "exp(-t)"})))


REFUSED = {
    "eulerian.backend": "fipy",
    "fluctuations.predict": True,
    "descent.steps": [0.1],
    "lagrangian.fixed_step": 0.05,
    "stationary": 1e-6,
}


@pytest.mark.parametrize("key", ["model.penalty.lambda", "dynamics.diffusion"])
@pytest.mark.parametrize("other", REFUSED)
def test_what_takes_numbers_refuses_formulas(key, other):
    with pytest.raises(InputError, match=rf"{key}: {other}.* takes a number"):
        build_model(small_case(**{key: "0.1*exp(-t)", other: REFUSED[other]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.penalty.lambda": "0.5 - t"}, r"model.penalty.lambda: '0.5 - t' is .*at least 0"),
        ({"model.penalty.lambda": "exp(-s)"}, "model.penalty.lambda"),
        ({"dynamics.diffusion": "1 - t"}, "dynamics.diffusion: '1 - t' is 0 at t = 1; .*above 0"),
        ({"model.penalty.lambda": "exp(-t)", "eulerian.hand_off": True}, "eulerian.hand_off takes a number"),
        (
            {"dynamics.diffusion": "exp(-t)", "eulerian.diffusion_scheme": "scharfetter_gummel"},
            "diffusion_scheme .*takes a number",
        ),
    ],
)
def test_a_formula_that_is_none_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        build_simulation(small_case(**changes))
