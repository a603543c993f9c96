"""The networks: gradients of the energy, agreement of backends, walls, weights, birth-death."""

from pathlib import Path

import numpy as np
import pytest
from conftest import small_case
from scipy.integrate import solve_ivp

from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.lagrangian.birth_death import BirthDeath
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.forces_opencl import OpenCLNetwork
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_flow
from mfpde.laws.normal import Normal
from mfpde.models import build_model
from mfpde.models.network import build_network

LADDER = Ladder([7, 70], [2, 3], seed=4)


def both(case, device, ladder=LADDER, alpha=0.0):
    network = build_network(case)
    precision = case.lagrangian.precision
    return (
        network,
        NumpyNetwork(network, ladder, precision, alpha),
        OpenCLNetwork(network, ladder, precision, alpha, device),
    )


def many_inputs(**changes):
    """Five inputs, no mesh: particles live in any dimension."""
    axis = {"initial": {"law": "normal"}}
    data = {"teacher": "sin(x0)*x4", "inputs": {"law": "sphere", "dimension": 5, "samples": 33}}
    return small_case(
        parameters={"a": axis, "w": axis, "b": axis}, data=data, **{"eulerian.enabled": False}, **changes
    )


@pytest.mark.parametrize("make", [small_case, many_inputs])
@pytest.mark.parametrize("power", [1, 1.5, 2, 3])
def test_velocity_is_minus_half_n_times_the_gradient_of_the_energy(make, power, device):
    case = make(**{"model.penalty": {"lambda": 0.05, "power": power, "confinement": 0.02}})
    network, _, backend = both(case, device)
    state = LADDER.initial_state(network.parameters)
    rate = backend.download(backend.velocity(backend.upload(state)))

    def energy(theta, number):
        where = slice(LADDER.first_unit[number], LADDER.first_unit[number + 1])
        mean_penalty = np.mean(
            network.penalty.amplitude(theta[0, where]) + network.penalty.rest(theta[1:-1, where].T)
        )
        loss = network.risk.loss(backend.predictions(backend.upload(theta))[number])
        return loss + 2 * mean_penalty

    step = 1e-5
    for number, units, _, where in list(LADDER.networks())[1:3]:
        for component in range(len(state) - 1):
            unit = where.start + 3
            shifted = [state.copy(), state.copy()]
            shifted[0][component, unit] += step
            shifted[1][component, unit] -= step
            gradient = (energy(shifted[0], number) - energy(shifted[1], number)) / (2 * step)
            assert rate[component, unit] == pytest.approx(-units / 2 * gradient, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("activation", ["tanh", "relu", "erf", "softplus", "exp(-t^2)"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("make", [small_case, many_inputs])
def test_kernels_equal_the_reference_to_rounding(make, precision, activation, device):
    case = make(
        **{
            "model.activation": activation,
            "lagrangian.precision": precision,
            "model.penalty": {"lambda": 0.1, "power": 1.5},
        }
    )
    for alpha in (0.0, 2.0):
        network, reference, backend = both(case, device, alpha=alpha)
        state = LADDER.initial_state(network.parameters).astype(precision).astype(float)
        state[-1] = np.random.default_rng(0).random(LADDER.total)
        results = []
        for b in (reference, backend):
            handle = b.upload(state)
            results.append((b.predictions(handle), b.download(b.velocity(handle)), b.weights(handle)))
        tolerance = 200 * np.finfo(precision).eps
        for given, expected in zip(results[1], results[0], strict=True):
            np.testing.assert_allclose(given, expected, rtol=0, atol=tolerance * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_backends_agree_after_integration(alpha, device):
    case = small_case(**{"dynamics.birth_death": alpha, "lagrangian.reaction": "weights"})
    network, *backends = both(case, device, alpha=alpha)
    predictions = []
    for backend in backends:
        flow = Flow(backend, case.lagrangian, backend.upload(LADDER.initial_state(network.parameters)))
        flow.advance(3.0)
        predictions.append(backend.predictions(flow.state))
    np.testing.assert_allclose(predictions[1], predictions[0], rtol=0, atol=1e-12)


def test_integrator_meets_its_tolerance(device):
    """Against SciPy's DOP853 on the reference's right-hand side."""
    ladder = Ladder([9], [2], seed=0)
    network, reference, backend = both(small_case(), device, ladder)
    start = ladder.initial_state(network.parameters)
    exact = solve_ivp(
        lambda _, y: reference.velocity(y.reshape(start.shape)).ravel(),
        (0, 5),
        start.ravel(),
        "DOP853",
        rtol=1e-11,
        atol=1e-12,
    )
    for tolerance, bound in ((1e-4, 3e-3), (1e-6, 3e-5), (1e-8, 3e-7)):
        case = small_case(**{"lagrangian.tolerance": tolerance})
        flow = Flow(backend, case.lagrangian, backend.upload(start))
        flow.advance(5.0)
        assert np.abs(backend.download(flow.state) - exact.y[:, -1].reshape(start.shape)).max() < bound


@pytest.mark.slow
def test_walls_hold_units_and_circles_wrap(device):
    changes = {
        "model.activation": "cos",
        "model.penalty": {"lambda": 0},
        "data.teacher": "30*cos(x0)",
        "parameters.a.domain": [-3.1, 3.1],
    }
    circle = {
        "domain": [-np.pi, np.pi],
        "periodic": True,
        "initial": {"law": "uniform", "low": -3, "high": 3},
    }
    inputs = {"law": "grid", "low": -2, "high": 2, "points": 5}
    network, *backends = both(
        small_case(**changes, **{"parameters.w": circle, "data.inputs": inputs}), device
    )
    clouds = []
    for backend in backends:
        flow = Flow(
            backend, small_case().lagrangian, backend.upload(LADDER.initial_state(network.parameters))
        )
        flow.advance(2.0)
        clouds.append(backend.download(flow.state))
    a, w = clouds[1][0], clouds[1][1]
    assert np.abs(a).max() == pytest.approx(3.1)
    assert np.mean(np.abs(a) > 3.0999) > 0.1
    assert np.all(np.abs(w) <= np.pi)
    np.testing.assert_allclose(clouds[1][:-1], clouds[0][:-1], atol=1e-9)


def projected_euler(network, ladder, state, until, step):
    """The projected flow by its definition: tiny Euler steps, clipped."""
    backend = NumpyNetwork(network, ladder, "float64", 0.0)
    for _ in range(round(until / step)):
        rate = backend.velocity(state)
        state = backend.project(state + step * rate, state, rate)
    return backend.predictions(state)


@pytest.mark.slow
@pytest.mark.parametrize(("power", "bound"), [(1, 2e-4), (2, 2e-5)])
def test_walls_and_kinks_neither_collapse_the_step_nor_spoil_the_result(power, bound, device):
    """Many units reach a wall, or a = 0 under the penalty lambda |a|, where the right-hand side jumps (hence
    the larger bound).
    """
    ladder = Ladder([40], [1], seed=3)
    box = {"domain": [-1, 1], "initial": {"law": "uniform"}}
    changes = {
        "parameters.a": box,
        "parameters.w": box,
        "model.penalty": {"lambda": 0.3, "power": power},
        "data.teacher": "1.5*x0",
    }
    network, reference, backend = both(small_case(**changes), device, ladder)
    start = ladder.initial_state(network.parameters)
    exact = [projected_euler(network, ladder, start, 2.0, h) for h in (2e-4, 1e-4)]
    exact = 2 * exact[1] - exact[0]  # Richardson: Euler is first order
    case = small_case(**changes)
    predictions = []
    for b in (reference, backend):
        flow = Flow(b, case.lagrangian, b.upload(start))
        flow.advance(2.0)
        predictions.append(b.predictions(flow.state))
        assert flow.steps < 600
        assert np.abs(predictions[-1] - exact).max() < bound
    np.testing.assert_allclose(predictions[1], predictions[0], rtol=0, atol=1e-10)
    state = reference.download(flow.backend.download(flow.state))
    assert np.mean(np.abs(state[:2]) == 1) > 0.05
    if power == 1:
        assert np.mean(state[0] == 0) > 0.05


def test_units_of_each_network_are_its_own_draws():
    parameters = build_network(small_case()).parameters
    longer = Ladder([70, 7], [4, 2], seed=4)
    a, b = LADDER.initial_state(parameters), longer.initial_state(parameters)
    np.testing.assert_array_equal(a[:, LADDER.of_width(7)[1]], b[:, longer.of_width(7)[1]])
    assert len(np.unique(a[0])) == LADDER.total


def test_initial_gap_is_monte_carlo():
    """n E|f_n - f|^2 at t = 0 is int |Phi|^2 dmu - |f|^2 exactly (SCIENCE 3.2)."""
    network = build_network(small_case())
    ladder = Ladder([25], [4000], seed=1)
    backend = NumpyNetwork(network, ladder, "float64", 0.0)
    state = ladder.initial_state(network.parameters)
    predictions = backend.predictions(state)
    phi = state[0] * network.features.activation.value(network.features.preactivations(state[1:-1].T)).T
    mean = phi.mean(axis=1)
    constant = np.sum(network.data.weights * (np.mean(phi**2, axis=1) - mean**2))
    gaps = 25 * np.sum(network.data.weights * (predictions - mean) ** 2, axis=1)
    assert abs(gaps.mean() - constant) < 4 * gaps.std() / np.sqrt(4000)


def test_weights_solve_the_fisher_rao_flow_of_a_fixed_potential(device):
    """Action gives weights exp(-alpha int V): with all mobilities 0 and a = 0, V = confinement |z|^2
    exactly.
    """
    frozen = {f"parameters.{name}.mobility": 0.0 for name in "awb"}
    case = small_case(
        **frozen,
        **{
            "parameters.a": {"fixed": 0.0},
            "model.penalty": {"confinement": 0.3},
            "dynamics.birth_death": 2.0,
        },
    )
    case = case.replace({"lagrangian.reaction": "weights"})
    network = build_network(case)
    flow = build_flow(case, network, LADDER, device)
    flow.advance(1.5)
    state = flow.backend.download(flow.state)
    exact = np.exp(-2.0 * 1.5 * 0.3 * np.sum(state[1:3] ** 2, axis=0))
    weights = flow.backend.weights(flow.state)
    for *_, where in LADDER.networks():
        np.testing.assert_allclose(weights[where], exact[where] / exact[where].sum(), rtol=1e-5)


def fisher_rao_particles(births, alpha=1.0, steps=50):
    """Jumps alone on V = theta^2/2 from N(1, 1), as in NUMERICS 2.2; returns means over units of every
    network.
    """
    ladder = Ladder([400], [300], seed=2)
    process = BirthDeath(ladder, alpha, births)
    law = Normal(1.0, 1.0)
    state = np.stack([law.quantile(np.random.default_rng(5).random(ladder.total)), np.zeros(ladder.total)])
    for step in range(1, steps + 1):
        moved = process.jump(state.copy, state[0] ** 2 / 2, 1.0 / steps, step)
        state = state if moved is None else moved
    return state[0].reshape(300, 400), process


def test_birth_death_follows_the_fisher_rao_flow_with_its_known_bias_and_noise():
    cloud, process = fisher_rao_particles(None)
    means = cloud.mean(axis=1)
    error = means.std() / np.sqrt(len(means))
    # exact mean .5 plus the bias 1.0/n of self-normalisation (NUMERICS 2.2), and O(dt) of the splitting
    assert abs(means.mean() - 0.5 - 1.0 / 400) < 4 * error + 0.005
    assert 0.75 < 400 * means.var() < 1.3
    assert cloud.shape == (300, 400)
    assert process.killed.min() > 50
    assert process.cloned.min() > 50


def test_births_add_the_source_that_the_density_has():
    """d/dt of the mean gets alpha/2 E|V - Vbar| (mean of births - mean), to first order in time."""
    law = Normal(50.0, 0.1)
    short = 0.02
    with_births, process = fisher_rao_particles([(0, law.quantile)], alpha=short, steps=1)
    without, _ = fisher_rao_particles(None, alpha=short, steps=1)
    v = np.random.default_rng(0).normal(1, 1, 10**6) ** 2 / 2
    expected = short / 2 * np.mean(np.abs(v - v.mean())) * (50.0 - 1.0)
    difference = with_births.mean(axis=1) - without.mean(axis=1)
    assert abs(difference.mean() - expected) < 5 * difference.std() / np.sqrt(300) + 0.02 * expected
    # a few of the reborn are at once replaced by a clone, or cloned themselves
    assert process.killed.sum() == pytest.approx(np.sum(with_births > 45), rel=0.02)


def test_jumps_do_not_depend_on_other_networks():
    process = [BirthDeath(ladder, 5.0, None) for ladder in (LADDER, Ladder([70], [3], seed=4))]
    random = np.random.default_rng(1)
    state = random.normal(size=(2, LADDER.total))
    where = LADDER.of_width(70)[1]
    first = process[0].jump(state.copy, state[0], 0.1, 3)
    second = process[1].jump(state[:, where].copy, state[0, where], 0.1, 3)
    np.testing.assert_array_equal(first[:, where], second)


def test_births_cannot_be_expressed_by_weights(device):
    births = {
        "dynamics.birth_death": 1.0,
        "dynamics.births": {"a": {"law": "point"}},
        "lagrangian.reaction": "weights",
    }
    with pytest.raises(InputError, match="weights"):
        build_flow(small_case(**births), build_network(small_case(**births)), LADDER, device)


@pytest.mark.parametrize("formula", ["log(t)", "1/t", "sqrt(t)"])
def test_padding_of_the_data_does_not_meet_singular_activations(formula, device):
    axis = {"domain": [1, 5], "initial": {"law": "uniform", "low": 1, "high": 5}}
    data = {"teacher": "x0", "inputs": {"law": "grid", "low": 1, "high": 2, "points": 21}}
    case = small_case(
        parameters={"a": axis, "w": axis}, data=data, **{"model.bias": False, "model.activation": formula}
    )
    network, reference, backend = both(case, device)
    state = LADDER.initial_state(network.parameters)
    exact = reference.velocity(state)
    np.testing.assert_allclose(
        backend.download(backend.velocity(backend.upload(state))), exact, atol=1e-12 * np.abs(exact).max()
    )


def test_strong_reactions_shorten_the_time_between_jumps(device):
    """At one jump per unit and step, a bias of order alpha |V - Vbar| dt would not vanish as n grows."""
    frozen = {f"parameters.{name}.mobility": 0.0 for name in "awb"}
    case = small_case(**frozen, **{"dynamics.birth_death": 50.0, "data.teacher": "2*x0"})
    flow = build_flow(case, build_network(case), Ladder([2000], [4], seed=1), device)
    assert flow.interval < 0.3 * case.lagrangian.reaction_step
    flow.advance(0.04)
    assert flow.reactions > 4
    from mfpde.eulerian.build import build_solver

    solver = build_solver(case, build_network(case), device)
    solver.advance(0.04)
    energies = flow.backend.network.risk.loss(flow.backend.predictions(flow.state)) + 2 * np.array(
        [
            np.mean(flow.backend.network.penalty.amplitude(a))
            for a in flow.backend.download(flow.state)[0].reshape(4, 2000)
        ]
    )
    assert (
        abs(energies.mean() - solver.state.energy) < 4 * energies.std(ddof=1) / 2 + 0.02 * solver.state.energy
    )


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_times_of_any_size_are_integrated_alike(scale):
    """V scaled by 1/scale and time by scale is the same motion."""

    def end(by):
        strength = f"{1 / by!r}*(x^2/2 + cos(x))"
        tables = {
            "time": by,
            "model": {"kind": "potential", "external": strength},
            "parameters": {"x": {"domain": [-6, 6], "initial": {"law": "normal"}}},
            "lagrangian": {"units": [50], "replicates": 1, "tolerance": 1e-9, "max_step": min(by, 1e12)},
            "eulerian": {"backend": "numpy"},
        }
        case = case_from_tables(tables, Path("scaled.toml"))
        model = build_model(case)
        flow = build_flow(case, model, Ladder([50], [1], 1))
        flow.advance(case.time)
        return flow.backend.download(flow.state)[0]

    np.testing.assert_allclose(end(scale), end(1.0), rtol=0, atol=1e-7)
