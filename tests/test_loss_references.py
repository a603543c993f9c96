"""Losses against references that share no code: characteristics of SciPy with formulas of their own, outputs
that decouple, two classes by scores or by their difference, the Monte-Carlo rate.
"""

import numpy as np
import pytest
from losses import WITH_OUTPUTS, loss_case
from scipy.integrate import solve_ivp

import mfpde
from mfpde.eulerian.build import build_solver
from mfpde.lagrangian.characteristics import build_characteristics, observe
from mfpde.lagrangian.forces import build_backend
from mfpde.lagrangian.forces_features_opencl import OpenCLFeatures
from mfpde.lagrangian.ladder import Ladder
from mfpde.models import build_model
from mfpde.models.network import build_network

STRENGTH, DELTA, TIME = 0.02, 0.3, 0.5
X = np.linspace(-2, 2, 20)
LADDER = Ladder([7, 70], [2, 3], seed=4)


# --- energies by characteristics ----------------------------------------------------------------------------

#: value and slope of a loss, written here
FORMULAS = {
    "square": (lambda f, y: (f - y) ** 2 / 2, lambda f, y: f - y),
    "logistic": (lambda f, y: np.log1p(np.exp(-y * f)), lambda f, y: -y / (1 + np.exp(y * f))),
    "huber": (
        lambda f, y: np.where(abs(f - y) < DELTA, (f - y) ** 2 / 2, DELTA * (abs(f - y) - DELTA / 2)),
        lambda f, y: np.where(abs(f - y) < DELTA, f - y, DELTA * np.sign(f - y)),
    ),
}


def teacher(name):
    y = np.sin(1.5 * X) + 0.2
    return np.where(y >= 0, 1.0, -1.0) if name == "logistic" else y


def reference(name, nodes, std=0.6):
    """E and f at the end: f = int a tanh(w x) dmu along dtheta/dt = -grad V, from Gauss-Hermite nodes."""
    value, slope = FORMULAS[name]
    y = teacher(name)
    points, masses = np.polynomial.hermite_e.hermegauss(nodes)
    start = std * np.array([g.ravel() for g in np.meshgrid(points, points, indexing="ij")])
    p = np.outer(masses, masses).ravel() / masses.sum() ** 2

    def predict(a, w):
        return (p * a) @ np.tanh(np.outer(w, X))

    def rates(_, theta):
        a, w = theta.reshape(2, -1)
        residual = slope(predict(a, w), y) / len(X)
        t = np.tanh(np.outer(w, X))
        return np.concatenate([-(t @ residual + 2 * STRENGTH * a), -a * ((1 - t**2) @ (residual * X))])

    end = solve_ivp(rates, (0, TIME), start.ravel(), "DOP853", rtol=1e-10, atol=1e-12).y[:, -1]
    a, w = end.reshape(2, -1)
    f = predict(a, w)
    return 2 * np.mean(value(f, y)) + 2 * STRENGTH * p @ a**2, f


def two_parameters(name, cells, **changes):
    """A network (a, w) whose law no wall cuts."""
    axis = {"domain": [-4, 4], "initial": {"law": "normal", "std": 0.6}}
    axes = {"a": axis | {"cells": cells + 1}, "w": axis | {"cells": cells}}
    case = loss_case(name, **{"model.bias": False, "parameters": axes, "time": TIME, "lagrangian.units": []})
    return case.replace(changes) if changes else case


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMULAS)
def test_meshes_converge_to_the_energy_of_characteristics(name, device):
    energy, f = reference(name, 60)
    assert reference(name, 40)[0] == pytest.approx(energy, abs=3e-7)
    errors, of_f = [], []
    for cells in (48, 96, 192):
        case = two_parameters(name, cells, **{"eulerian.backend": "opencl"})
        solver = build_solver(case, build_model(case), device)
        solver.advance(TIME)
        errors.append(abs(solver.state.energy - energy))
        of_f.append(np.sqrt(np.mean((solver.prediction - f) ** 2)))
    orders = np.log2(np.divide(of_f[:-1], of_f[1:]))
    print(f"{name}: E = {energy:.9f}, errors {errors}, of f {of_f}, orders {orders}")
    assert errors[-1] < 1e-4
    assert np.all(orders > 1.6)
    assert 1.8 < orders[-1] < 2.3


@pytest.mark.parametrize("name", FORMULAS)
def test_energies_of_nodes_equal_those_of_characteristics(name):
    case = two_parameters(name, 8)
    network = build_network(case)
    flow = build_characteristics(case, network, 1600)
    flow.advance(TIME)
    found, (energy, f) = observe(network, flow), reference(name, 40)
    assert found.energy == pytest.approx(energy, abs=5e-7)
    np.testing.assert_allclose(found.prediction, f, rtol=0, atol=2e-6)


# --- two outputs that decouple ------------------------------------------------------------------------------


def decoupled(name, **changes):
    """A network of two outputs whose z does not move, and the two networks of one output each."""
    still = {"parameters.w.mobility": 0.0, "model.bias": False, "dynamics.birth_death": 0.0}
    axis = {"domain": [-4, 4], "cells": 12, "initial": {"law": "normal", "within": [-3, 3]}}
    still |= {"parameters": {"a": axis | {"cells": 13}, "w": axis | {"mobility": 0.0}}}
    both = loss_case(name, 2, **(still | changes))
    teachers = both.data.teacher.formulas
    return both, [loss_case(name, 1, **(still | {"data.teacher": formula} | changes)) for formula in teachers]


SUMMED = [name for name, outputs in WITH_OUTPUTS if outputs == 2 and (name, 1) in WITH_OUTPUTS]


@pytest.mark.parametrize("name", SUMMED)
def test_units_of_two_outputs_at_fixed_z_move_as_in_two_runs(name, device):
    """If z does not move, V is a sum over outputs, of which each feels its own f alone. NumPy: to the bit."""
    both, each = decoupled(name, **{"model.penalty.power": 1})
    network = build_network(both)
    state = LADDER.initial_state(network.parameters)
    singles = [state[[output, 2, 3]] for output in range(2)]
    for on in (None, device):
        backends = [build_backend(build_network(case), LADDER, "float64", 0.0, on) for case in (both, *each)]
        if on is not None:  # the same kernels, rather than those of one output
            backends[1:] = [OpenCLFeatures(build_network(c), LADDER, "float64", 0.0, on) for c in each]
        found = []
        for backend, start in zip(backends, (state, *singles), strict=True):
            now = backend.upload(start)
            for _ in range(20):
                rate = backend.velocity(now)
                now = backend.project(backend.combine(now, [rate], [0.1]), now, rate)
            found.append((backend.download(now), backend.predictions(now)))
        (together, f), *alone = found
        for output, (of_one, f_of_one) in enumerate(alone):
            bound = 0.0 if on is None else 1e-13
            np.testing.assert_allclose(together[output], of_one[0], rtol=0, atol=bound)
            np.testing.assert_allclose(f.reshape(5, 2, -1)[:, output], f_of_one, rtol=0, atol=bound)


@pytest.mark.parametrize("name", SUMMED)
@pytest.mark.parametrize(("scheme", "bound"), [("upwind", 1e-13), ("fromm", 1e-3)])
def test_marginals_of_two_outputs_at_fixed_z_are_those_of_two_runs(name, scheme, bound):
    """Upwind fluxes are linear in the density, so that marginals obey the scheme of one output exactly; where
    slopes are clipped, to the error of the scheme.
    """
    steps = {"eulerian.scheme": scheme, "eulerian.max_step": 0.01, "eulerian.compression": 0.0}
    both, each = decoupled(name, **steps)
    solvers = [build_solver(case, build_model(case)) for case in (both, *each)]
    for solver in solvers:
        solver.advance(0.3)
    together, *alone = solvers
    masses = together.density() * together.mesh.volumes
    energy = 0.0
    for output, solver in enumerate(alone):
        assert solver.steps == together.steps
        expected = solver.density() * solver.mesh.volumes
        error = np.abs(masses.sum(axis=1 - output) - expected).sum()
        assert error < bound
        np.testing.assert_allclose(
            together.prediction.reshape(2, -1)[output], solver.prediction, rtol=0, atol=bound
        )
        energy += solver.state.energy
    assert together.state.energy == pytest.approx(energy, abs=bound)


# --- two classes --------------------------------------------------------------------------------------------


def two_classes(**changes):
    """Scores f1, f2 by softmax, and their difference by the logistic loss, whose a = a2 - a1 moves twice as
    fast and feels half the penalty.
    """
    axis = {"domain": [-4, 4], "initial": {"law": "normal", "std": 0.5}}
    scores = {"a": axis | {"cells": 24}, "w": axis | {"cells": 24}}
    wider = {"law": "normal", "std": 0.5 * 2**0.5}
    difference = scores | {"a": {"domain": [-5, 5], "cells": 60, "initial": wider, "mobility": 2.0}}
    common = {"lagrangian.units": [], **changes}
    softmax = loss_case("softmax", 2, parameters=scores, **{"data.teacher": ["0.3", "sin(1.5*x0)"]}, **common)
    logistic = loss_case(
        "logistic",
        parameters=difference,
        **{"model.bias": False, "data.teacher": "sin(1.5*x0) - 0.3", "model.penalty.lambda": STRENGTH / 2},
        **common,
    )
    return softmax, logistic


def test_two_classes_by_scores_move_as_by_their_difference():
    """Units: da/dt is that of a2 - a1, and z moves alike; energies differ by the penalty of a1 + a2."""
    softmax, logistic = (build_network(case) for case in two_classes())
    assert np.array_equal(softmax.data.targets[1] - softmax.data.targets[0], logistic.data.targets[0])
    of_scores = build_backend(softmax, LADDER, "float64", 0.0)
    of_difference = build_backend(logistic, LADDER, "float64", 0.0)
    scores = LADDER.initial_state(softmax.parameters)
    difference = np.stack([scores[1] - scores[0], *scores[2:]])
    f = of_scores.predictions(scores).reshape(5, 2, -1)
    np.testing.assert_allclose(f[:, 1] - f[:, 0], of_difference.predictions(difference), rtol=0, atol=1e-13)
    moved, expected = of_scores.velocity(scores), of_difference.velocity(difference)
    np.testing.assert_allclose(moved[1] - moved[0], expected[0], rtol=0, atol=1e-13)
    np.testing.assert_allclose(moved[2], expected[1], rtol=0, atol=1e-13)
    np.testing.assert_allclose(moved[0] + moved[1], -2 * STRENGTH * (scores[0] + scores[1]), atol=1e-13)
    losses = [softmax.risk.loss(f.reshape(5, -1)), logistic.risk.loss(f[:, 1] - f[:, 0])]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-13)


@pytest.mark.slow
def test_densities_of_two_classes_by_scores_or_difference_have_the_same_energy(device):
    """E of scores is that of the difference and the penalty of a1 + a2, which decays freely."""
    energies = []
    for case in two_classes(**{"eulerian.backend": "opencl"}):
        solver = build_solver(case, build_model(case), device)
        solver.advance(TIME)
        energies.append(solver.state.energy)
    # lambda E (a1 + a2)^2, of variance 2 std^2 at the start
    apart = STRENGTH * 2 * 0.5**2 * np.exp(-4 * STRENGTH * TIME)
    assert energies[0] == pytest.approx(energies[1] + apart, abs=1e-3)


# --- the rate in n ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("name", "outputs"), WITH_OUTPUTS)
def test_gaps_fall_as_one_over_n_for_every_loss(name, outputs, tmp_path):
    changes = {"lagrangian.units": [16, 64, 256], "lagrangian.replicates": 40, "eulerian.enabled": False}
    changes |= {"characteristics.nodes": 4096, "characteristics.rule": "sobol", "output.every": TIME}
    run = mfpde.run(loss_case(name, outputs, **changes), tmp_path / "run.h5")
    slope = run.compare().table["limit"]["slopes"]["function_gap"]
    run.close()
    assert slope["low"] <= -1 <= slope["high"]
    assert abs(slope["slope"] + 1) < 0.2
