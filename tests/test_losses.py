"""Every loss of the registry: its derivatives and bounds, the risk made of it, units and meshes on both
backends.
"""

import itertools

import numpy as np
import pytest
from losses import WITH_OUTPUTS, few_at_once, loss_case, targets

from mfpde.lagrangian.forces_features_opencl import OpenCLFeatures
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.forces_opencl import build_opencl_network
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.energy import Moments
from mfpde.models.loss import build_loss
from mfpde.models.network import build_network

LADDER = Ladder([7, 70], [2, 3], seed=4)
every_loss = pytest.mark.parametrize(("name", "outputs"), WITH_OUTPUTS)


def some(name, outputs, count=40, size=2.0):
    """A loss, predictions (3, outputs, count) and targets for it."""
    f = size * np.random.default_rng(1).normal(size=(3, outputs, count))
    return build_loss(loss_case(name, outputs).model), f, targets(name, outputs, count)


def differences(function, f, g, step=1e-5):
    """Derivative of a function of predictions along g."""
    return (function(f + step * g) - function(f - step * g)) / (2 * step)


@every_loss
def test_slope_and_curvature_are_derivatives(name, outputs):
    loss, f, y = some(name, outputs)
    g = np.random.default_rng(2).normal(size=f.shape)
    along = differences(lambda f: loss.value(f, y), f, g)
    np.testing.assert_allclose(np.sum(loss.slope(f, y) * g, axis=-2), along, atol=1e-8)
    bent = differences(lambda f: loss.slope(f, y), f, g)
    error = np.abs(loss.curvature(f, y, g) - bent)
    if loss.is_smooth:
        assert error.max() < 1e-8
    else:  # away from the kinks of the slope
        assert np.mean(error < 1e-8) > 0.95


@every_loss
def test_a_loss_is_convex_and_below_its_parabola_of_the_stated_curvature(name, outputs):
    loss, f, y = some(name, outputs, size=4.0)
    for size in (1e-3, 1.0, 10.0):
        g = size * np.random.default_rng(3).normal(size=f.shape)
        rise = loss.value(f + g, y) - loss.value(f, y)
        linear = np.sum(loss.slope(f, y) * g, axis=-2)
        square = np.sum(g**2, axis=-2)
        rounding = 1e-13 * (1 + np.abs(loss.value(f, y)))
        assert np.all(rise >= linear - rounding)
        assert np.all(rise <= linear + loss.curvature_bound / 2 * square + rounding)


@every_loss
def test_the_curvature_bound_is_reached(name, outputs):
    loss, _, y = some(name, outputs)
    reached = 0.0
    for values in itertools.product([-40.0, 0.0], repeat=outputs):
        f = np.array(values)[:, None] + (y if loss.curvature_bound == 1 else 0 * y)
        for change in itertools.product([-1.0, 0.0, 1.0], repeat=outputs):
            g = np.array(change)[:, None] * np.ones_like(y)
            bent = np.sum(g * loss.curvature(f, y, g), axis=-2) / max(np.sum(g[:, 0] ** 2), 1)
            reached = max(reached, bent.max())
    assert reached == pytest.approx(loss.curvature_bound, rel=1e-6)


@every_loss
def test_predictions_far_out_stay_finite(name, outputs):
    loss, _, y = some(name, outputs)
    for values in itertools.product([-1e3, 1e3], repeat=outputs):
        f = np.array(values)[:, None] + 0 * y
        for found in (loss.value(f, y), loss.slope(f, y), loss.curvature(f, y, f)):
            assert np.all(np.isfinite(found))
        assert np.all(loss.value(f, y) >= 0)
        assert np.abs(loss.slope(f, y)).max() <= 1e3 + np.abs(y).max()


# --- the risk -----------------------------------------------------------------------------------------------


def risks(name, outputs):
    """The risk at the data, and by coefficients in a basis that is orthonormal in L2(nu)."""
    network = build_network(loss_case(name, outputs))
    data, risk = network.data, network.risk
    random = np.random.default_rng(5)
    vectors = np.linalg.qr(random.normal(size=(len(data.x), 6)))[0].T
    basis = vectors / np.sqrt(data.weights)
    return risk, risk.projected(basis), basis, random


@every_loss
@pytest.mark.parametrize("of", ["data", "coefficients"])
def test_source_and_curvature_belong_to_the_energy(name, outputs, of):
    at_data, projected, basis, random = risks(name, outputs)
    risk, length = (at_data, basis.shape[1]) if of == "data" else (projected, len(basis))
    linear, change = random.normal(size=(2, outputs * length))
    here, along = Moments(linear, 0.0, 0.7, 1.0), Moments(change, 0.0, -0.3, 0.0)

    def energy(t):
        return risk.value(Moments(linear + t * change, 0.0, 0.7 - 0.3 * t, 1.0))

    rate = 2 * (risk.source(linear) @ change - 0.3)
    assert rate == pytest.approx((energy(1e-5) - energy(-1e-5)) / 2e-5, abs=1e-8)
    for t in (1e-3, 0.1, 1.0):
        assert energy(t) <= energy(0) + t * rate + t**2 * risk.curvature_bound(along) + 1e-12
    assert risk.mean_potential(here) == pytest.approx(risk.source(linear) @ linear + 0.7)
    assert risk.value(here) == pytest.approx(risk.loss(linear) + 2 * 0.7)


@every_loss
def test_a_projected_risk_is_the_risk_of_what_its_coefficients_stand_for(name, outputs):
    at_data, projected, basis, random = risks(name, outputs)
    coefficients = random.normal(size=(outputs, len(basis)))
    f = (coefficients @ basis).ravel()
    assert projected.loss(coefficients.ravel()) == pytest.approx(at_data.loss(f), rel=1e-12)
    np.testing.assert_allclose(projected.prediction(coefficients.ravel()), f, rtol=0, atol=1e-13)
    expected = (at_data.source(f).reshape(outputs, -1) @ basis.T).ravel()
    np.testing.assert_allclose(projected.source(coefficients.ravel()), expected, rtol=0, atol=1e-12)
    assert projected.slope_norm(coefficients.ravel()) == pytest.approx(at_data.slope_norm(f), rel=1e-12)


@every_loss
def test_several_states_at_once_have_the_risk_of_each(name, outputs):
    risk, _, basis, random = risks(name, outputs)
    several = random.normal(size=(4, outputs * basis.shape[1]))
    assert risk.loss(several) == pytest.approx([risk.loss(one) for one in several])
    np.testing.assert_array_equal(risk.prediction(several), several)


# --- units --------------------------------------------------------------------------------------------------


def backends_of(case, device, alpha=0.0):
    """The network, the NumPy reference, and every kind of kernels that serves it."""
    network, precision = build_network(case), case.lagrangian.precision
    usual = build_opencl_network(network, LADDER, precision, alpha, device)
    kernels = [usual]
    if not isinstance(usual, OpenCLFeatures):
        kernels.append(OpenCLFeatures(network, LADDER, precision, alpha, device))
    return network, NumpyNetwork(network, LADDER, precision, alpha), kernels


def assert_alike(network, reference, kernels, state):
    """Predictions, rates and weights agree to rounding."""
    precision = reference.dtype
    results = []
    for backend in (reference, *kernels):
        handle = backend.upload(state)
        rate = backend.download(backend.velocity(handle))
        results.append((backend.predictions(handle), rate, backend.weights(handle)))
    for result in results[1:]:
        for given, expected in zip(result, results[0], strict=True):
            bound = 200 * np.finfo(precision).eps * (1 + np.abs(expected).max())
            np.testing.assert_allclose(given, expected, rtol=0, atol=bound)
    return results[0]


def drawn(network, precision="float64"):
    """Units of the initial law, with some action."""
    state = LADDER.initial_state(network.parameters).astype(precision).astype(float)
    network.parameters.action(state)[:] = np.random.default_rng(0).random(LADDER.total)
    return state


@every_loss
def test_kernels_equal_the_reference_to_rounding(name, outputs, device):
    check_kernels(name, outputs, "float64", device)


@few_at_once
def test_kernels_in_single_precision_equal_the_reference_to_rounding(name, outputs, device):
    check_kernels(name, outputs, "float32", device)


def check_kernels(name, outputs, precision, device):
    case = loss_case(name, outputs, **{"lagrangian.precision": precision, "model.penalty.power": 1.5})
    network, reference, kernels = backends_of(case, device, alpha=2.0)
    state = drawn(network, precision)
    assert_alike(network, reference, kernels, state)
    network.parameters.a(state)[:] *= 1e3  # predictions far out
    for found in assert_alike(network, reference, kernels, state):
        assert np.all(np.isfinite(found))


@pytest.mark.parametrize(("name", "outputs"), [of for of in WITH_OUTPUTS if of[1] > 1] + [("logistic", 1)])
def test_kinks_and_walls_hold_every_amplitude_alike(name, outputs, device):
    walls = {"domain": [-1.5, 1.5], "initial": {"law": "uniform", "low": -1.5, "high": 1.5}}
    case = loss_case(name, outputs, **{"parameters.a": walls, "model.penalty": {"lambda": 0.2, "power": 1}})
    network, reference, kernels = backends_of(case, device, alpha=1.0)
    state = drawn(network)
    a = network.parameters.a(state)
    a[:, ::3] = 0.0
    a[:, 1::5], a[:, 2::5] = 1.5, -1.5
    _, rate, _ = assert_alike(network, reference, kernels, state)
    held = (a == 0) & (network.parameters.a(rate) == 0)
    assert np.any(held)
    assert np.all(network.parameters.a(rate)[a == 1.5] <= 0)
    assert np.all(network.parameters.a(rate)[a == -1.5] >= 0)
    stepped = [
        b.download(b.project(b.upload(state + 2 * rate), b.upload(state), b.upload(rate)))
        for b in (reference, *kernels)
    ]
    for found in stepped:
        np.testing.assert_array_equal(found, stepped[0])
    assert np.abs(network.parameters.a(stepped[0])).max() == 1.5


@every_loss
def test_velocity_is_minus_half_n_times_the_gradient_of_the_energy(name, outputs):
    network = build_network(loss_case(name, outputs, **{"model.penalty.confinement": 0.03}))
    space, state = network.parameters, LADDER.initial_state(network.parameters)
    backend = NumpyNetwork(network, LADDER, "float64", 0.0)
    rate, step = backend.velocity(state), 1e-5

    def energy(shifted, number, where):
        penalty = np.sum(network.penalty.amplitude(space.a(shifted)), axis=0)
        penalty = (penalty + network.penalty.rest(space.z(shifted)))[where]
        return network.risk.loss(backend.predictions(shifted)[number]) + 2 * np.mean(penalty)

    for number, units, _, where in list(LADDER.networks())[1:3]:
        for row in range(len(space.components)):
            up, down = state.copy(), state.copy()
            up[row, where.start + 3] += step
            down[row, where.start + 3] -= step
            gradient = (energy(up, number, where) - energy(down, number, where)) / (2 * step)
            assert rate[row, where.start + 3] == pytest.approx(-units / 2 * gradient, rel=1e-5, abs=1e-7)
