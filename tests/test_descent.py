"""Descent by finite steps: what a step is, what minibatches are on average, how far it goes from the flow,
and when it diverges.
"""

import numpy as np
import pytest
from conftest import small_case
from scipy.integrate import solve_ivp

import mfpde
from mfpde.errors import InputError
from mfpde.figures import descent as figure
from mfpde.figures import style
from mfpde.kinds import OPTIMISERS
from mfpde.lagrangian import minibatches
from mfpde.lagrangian.descent import Training, build_descent
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.minibatches import Batch, Minibatches, draw_batch
from mfpde.lagrangian.solver import build_backend
from mfpde.models import build_model
from mfpde.randomness import generator

NETWORKS = {"eulerian.enabled": False, "lagrangian.units": [], "descent.units": 12, "descent.replicates": 3}
POPULATION = {
    "model": {"activation": "relu", "bias": False, "penalty": {"lambda": 0.01}},
    "data": {
        "population": "sphere",
        "dimension": 3,
        "teacher": {
            "kind": "planted",
            "units": [{"a": 1.0, "w": [1.0, 0.0, 0.0]}, {"a": -1.0, "w": [0.0, 1.0, 0.5]}],
        },
    },
    "parameters": {"a": {"initial": {"law": "normal"}}, "w": {"initial": {"law": "normal"}}},
}


def descending(steps, **changes):
    return small_case(**(NETWORKS | {"descent.steps": steps} | changes))


def backend_of(case, device=None, replicates=3):
    model = build_model(case)
    ladder = Ladder([12], [replicates], 1)
    return model, ladder, build_backend(model, ladder, "float64", 0.0, device)


def test_a_step_is_gradient_descent_with_learning_rate_n_eta_over_2():
    case = descending([0.1])
    model, ladder, backend = backend_of(case, replicates=1)
    start = ladder.initial_state(model.parameters)
    training = Training(backend, case.descent, 0.1, start)
    training.advance(0.1)

    def energy(units):
        t = units[1] * model.data.x + units[2]
        f = (np.tanh(t) * units[0]).mean(axis=1)
        return np.mean((f - model.data.y) ** 2) + 2 * 0.01 * np.mean(units[0] ** 2)

    gradient = np.zeros_like(start[:-1])
    for at in np.ndindex(gradient.shape):
        step = np.zeros_like(gradient)
        step[at] = 1e-6
        gradient[at] = (energy(start[:-1] + step) - energy(start[:-1] - step)) / 2e-6
    np.testing.assert_allclose(training.at(0.1)[:-1], start[:-1] - 12 * 0.1 / 2 * gradient, atol=1e-8)


def test_backends_take_the_same_steps(device):
    case = descending(
        [0.1],
        **{"parameters.w.domain": [-1, 1], "parameters.w.initial": {"law": "normal", "within": [-1, 1]}},
    )
    found = []
    for where in (None, device):
        model, ladder, backend = backend_of(case, where)
        training = Training(backend, case.descent, 0.25, ladder.initial_state(model.parameters))
        training.advance(20.0)
        assert training.taken == 80
        found.append(training.at(20.0)[:-1])
    np.testing.assert_allclose(*found, rtol=0, atol=1e-11)  # 80 steps of rounding
    assert np.abs(found[0][1]).max() <= 1.0


def test_between_steps_a_network_is_on_its_euler_polygon():
    case = descending([0.3])
    model, ladder, backend = backend_of(case)
    training = Training(backend, case.descent, 0.3, ladder.initial_state(model.parameters))
    training.advance(0.5)
    before, middle = training.at(0.3), training.at(0.45)
    training.advance(0.6)
    np.testing.assert_allclose(middle, (before + training.at(0.6)) / 2, atol=1e-14)


def test_the_mean_over_all_minibatches_is_the_full_gradient(monkeypatch):
    lebesgue = {"law": "grid", "low": -2, "high": 2, "points": 9, "weights": "lebesgue"}
    case = descending([0.1], **{"data.inputs": lebesgue})
    model, ladder, backend = backend_of(case)
    state, total = ladder.initial_state(model.parameters), model.data.weights.sum()
    mean = np.zeros_like(state)
    for x, y, weight in zip(model.data.x, model.data.y, model.data.weights, strict=True):
        monkeypatch.setattr(
            minibatches, "draw_batch", lambda *_, x=x, y=y: Batch(x[None], np.array([y]), float(total))
        )
        mean += weight / total * Minibatches(model, ladder, 1).velocity(state)
    np.testing.assert_allclose(mean, backend.velocity(state), atol=1e-14)


def test_data_are_drawn_with_the_probability_of_their_weights():
    lebesgue = {"law": "grid", "low": -2, "high": 2, "points": 9, "weights": "lebesgue"}
    model = build_model(descending([0.1], **{"data.inputs": lebesgue}))
    batch = draw_batch(model, 40_000, generator(1, "batch"))
    counts = np.array([np.sum(batch.x[:, 0] == x) for x in model.data.x[:, 0]])
    expected = 40_000 * model.data.weights / model.data.weights.sum()
    assert np.all(np.abs(counts - expected) < 4.5 * np.sqrt(expected))
    np.testing.assert_allclose(batch.weight * 40_000, model.data.weights.sum())


def test_one_pass_minibatches_of_a_population_loss_are_unbiased():
    model, ladder, backend = backend_of(descending([0.1], **POPULATION))
    state = ladder.initial_state(model.parameters)
    stochastic = Minibatches(model, ladder, 64)
    drawn = []
    for step in range(400):
        stochastic.step = step
        drawn.append(stochastic.velocity(state))
    error = np.std(drawn, axis=0, ddof=1) / np.sqrt(len(drawn))
    z = (np.mean(drawn, axis=0) - backend.velocity(state)) / error
    assert np.abs(z).max() < 4.5  # of 180 numbers
    assert np.abs(z).mean() > 0.3


def test_steps_and_networks_have_minibatches_of_their_own():
    model, ladder, _ = backend_of(descending([0.1]), replicates=2)
    one, same = Minibatches(model, ladder, 4), Minibatches(model, ladder, 4)
    state = np.tile(ladder.initial_state(model.parameters)[:, :12], 2)
    first, second = one.velocity(state)[:, :12], one.velocity(state)[:, 12:]
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_array_equal(first, same.velocity(state)[:, :12])
    same.step = 1
    assert np.abs(first - same.velocity(state)[:, :12]).max() > 1e-3


def test_gradient_descent_leaves_the_flow_at_first_order(tmp_path):
    case = descending([0.1, 0.05, 0.025], **{"lagrangian.tolerance": 1e-10})
    gap = mfpde.run(case, tmp_path / "order.h5").tree["descent/flow_gap"].values[-1, :, 0]
    # of the square, which is of second order
    np.testing.assert_allclose(np.log2(gap[:-1] / gap[1:]), 2.0, atol=0.15)


FOLLOWING = [name for name in OPTIMISERS if OPTIMISERS[name].follows_flow]


@pytest.mark.parametrize("name", [name for name in FOLLOWING if name != "gradient"])
def test_optimisers_leave_the_flow_at_first_order(name, tmp_path):
    steps = [0.004, 0.002, 0.001]
    case = descending(steps, **{"lagrangian.tolerance": 1e-10, "descent.optimiser": name})
    gap = mfpde.run(case, tmp_path / "order.h5").tree["descent/flow_gap"].values[-1, :, 0]
    np.testing.assert_allclose(np.log2(gap[:-1] / gap[1:]), 2.0, atol=0.2)  # of the square


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimisers_go_on_from_a_checkpoint_bit_by_bit(name, device):
    case = descending([0.1], **{"descent.optimiser": name, "descent.batches": [0, 3]})

    def built():
        return build_descent(case, build_model(case), device)

    whole, first, second = built(), built(), built()
    whole.advance(0.45)
    whole.advance(0.9)
    first.advance(0.45)
    second.restore(first.checkpoint())
    second.advance(0.9)
    for one, other in zip(whole.trainings[0], second.trainings[0], strict=True):
        np.testing.assert_array_equal(one.at(0.9), other.at(0.9))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimisers_take_the_same_steps_on_all_backends(name, device):
    case, found = descending([0.1], **{"descent.optimiser": name}), []
    for where in (None, device):
        model, ladder, backend = backend_of(case, where)
        training = Training(backend, case.descent, 0.1, ladder.initial_state(model.parameters))
        training.advance(2.0)
        found.append(training.at(2.0)[:-1])
    np.testing.assert_allclose(*found, rtol=0, atol=1e-12)


def trained(case, step, time):
    model, ladder, backend = backend_of(case)
    start = ladder.initial_state(model.parameters)
    training = Training(backend, case.descent, step, start)
    training.advance(time)
    return backend, start, training.at(time)[:-1]


def test_a_heavy_ball_without_momentum_is_gradient_descent():
    still = {"descent.optimiser": "heavy_ball", "descent.momentum": 0.0}
    np.testing.assert_array_equal(
        trained(descending([0.1], **still), 0.1, 2.0)[2], trained(descending([0.1]), 0.1, 2.0)[2]
    )


def test_a_heavy_ball_of_lasting_momentum_follows_the_equation_with_inertia():
    """m theta'' + theta' = -M grad V, with momentum 1 - eta / m."""
    inertia, time, errors = 0.5, 2.0, []
    for step in (0.02, 0.01, 0.005):
        changes = {"descent.optimiser": "heavy_ball", "descent.momentum": 1 - step / inertia}
        backend, start, found = trained(descending([step], **changes), step, time)
        shape = start[:-1].shape

        def rate(_, y, backend=backend, start=start, shape=shape):
            theta, v = y.reshape(2, *shape)
            pull = backend.velocity(np.concatenate([theta, start[-1:]]))[:-1]
            return np.concatenate([v.ravel(), (pull - v).ravel() / inertia])

        y = np.concatenate([start[:-1].ravel(), np.zeros(start[:-1].size)])
        exact = solve_ivp(rate, (0, time), y, rtol=1e-9, atol=1e-10).y[:, -1].reshape(2, *shape)[0]
        errors.append(np.abs(found - exact).max())
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 1.0, atol=0.1)


def test_minibatches_leave_the_flow_in_proportion_to_step_over_batch(tmp_path):
    changes = {"descent.batches": [2, 8], "descent.replicates": 200, "time": 0.5}
    case = descending([0.01, 0.04], **changes)
    gap = mfpde.run(case, tmp_path / "noise.h5").tree["descent/flow_gap"].values[-1].mean(axis=-1)
    scaled = gap * np.array([2, 8]) / np.array([[0.01], [0.04]])
    # heavy tails: 200 networks tell a mean to about a tenth; the terms beyond eta / B are of that size at
    # 0.04 and B = 2
    assert scaled.max() < 1.6 * scaled.min()


def test_a_network_that_diverges_is_told_with_its_time(tmp_path):
    quadratic = {"model.activation": "quadratic", "model.bias": False, "model.penalty.lambda": 0.0}
    free = {
        "parameters": {"a": {"initial": {"law": "normal"}}, "w": {"initial": {"law": "normal", "std": 2.0}}}
    }
    case = descending([0.001, 1.0], **(quadratic | free))
    run = mfpde.run(case, tmp_path / "far.h5")
    found = run.group("descent")
    assert np.all(np.isnan(found["diverged"].values[:, 0]))
    assert np.all(found["diverged"].values[-1, 1] <= 1.0)
    assert np.all(np.isfinite(found["flow_gap"].values[:, 0]))
    assert np.all(np.isnan(found["flow_gap"].values[-1, 1]))
    entries = run.compare().table["descent"]["entries"]
    assert [entry["diverged"] for entry in entries] == [0.0, 1.0]
    assert entries[1]["flow_gap"]["mean"] is None


def test_compare_says_which_steps_follow_the_flow(tmp_path):
    changes = {
        "descent.batches": [0, 1],
        "lagrangian.units": [12],
        "lagrangian.replicates": 24,
        "characteristics.nodes": 512,
    }
    run = mfpde.run(descending([0.01, 0.25], **changes), tmp_path / "follow.h5")
    found = run.compare().table["descent"]
    np.testing.assert_allclose(found["sampling_error"], run.comparison(12)["function_gap"].values[-1].mean())
    assert {(e["step"], e["batch"]): e["follows"] for e in found["entries"]}[0.01, 0] is True
    for entry in found["entries"]:
        assert entry["follows"] == (entry["flow_gap"]["mean"] <= found["sampling_error"])
    # networks that descend start where the ladder's networks of that width start
    np.testing.assert_allclose(
        run.tree["descent/function_gap"].values[0, 0, 0], run.comparison(12)["function_gap"].values[0, :3]
    )
    with style.paper():
        panel, _ = figure.draw(run).axes
    curve = [line.get_ydata() for line in panel.get_lines() if line.get_marker() == "o"]
    np.testing.assert_allclose(curve, run.tree["descent/flow_gap"].values[-1].mean(axis=-1).T)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dynamics.birth_death": 1.0}, "descent.steps: descent knows no dynamics.birth_death"),
        ({"dynamics.diffusion": 0.1}, "descent.steps: descent knows no dynamics.diffusion"),
        ({"descent.steps": [2.0]}, "a step of 2 is longer than the run"),
        ({"descent.steps": [1e-8]}, "1e+08 steps in all"),
        (
            {
                "model": {"kind": "potential", "external": "x^2"},
                "data": None,
                "parameters": {"x": {"initial": {"law": "normal"}}},
            },
            "has no loss to descend",
        ),
    ],
)
def test_what_cannot_descend_is_refused(changes, said):
    case = small_case(**(NETWORKS | {"descent.steps": [0.1]} | changes))
    with pytest.raises(InputError, match=said.replace("+", r"\+")):
        build_descent(case, build_model(case))
