"""What makes the NumPy backend fast changes nothing: tiles, windows, shares and threads give what whole
arrays give.
"""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from conftest import FUNCTIONS, rough_density, small_case
from scipy import special
from test_transport import MESHES, PAIRS, mesh_case

from mfpde import threads
from mfpde.activations import find_activation
from mfpde.eulerian import numpy_backend, windows
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.eulerian.stepper import Stepper
from mfpde.eulerian.velocities import face_speeds
from mfpde.expressions import evaluate, evaluate_together
from mfpde.lagrangian import forces_numpy, shares, tangent_numpy
from mfpde.lagrangian import numpy_backend as units_backend
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.forces_population import NumpyPopulation
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.shares import share_out
from mfpde.lagrangian.tangent_numpy import NumpyTangent
from mfpde.models import build_model, population_kernels
from mfpde.models.population_kernels import _orthogonal_square


@pytest.fixture
def tiny(monkeypatch):
    """Small meshes and networks are cut as large ones are."""
    monkeypatch.setattr(numpy_backend, "TILE_BYTES", 400)
    monkeypatch.setattr(windows, "FEWEST_ROWS", 2)
    monkeypatch.setattr(numpy_backend, "COLUMNS", 7)
    monkeypatch.setattr(shares, "PAIRS", 100)
    monkeypatch.setattr(shares, "JOB_PAIRS", 400)
    monkeypatch.setattr(forces_numpy, "UNITS", 13)
    monkeypatch.setattr(units_backend, "PIECE", 11)
    monkeypatch.setattr(units_backend, "JOB", 50)
    monkeypatch.setattr(threads, "SMALL_PRODUCT", 300)


def in_a_corner(mesh, seed=0):
    """A density that is 0 in most of the box, with a lonely cell far from the rest."""
    density = np.zeros(mesh.shape)
    corner = tuple(slice(0, max(2, n // 3)) for n in mesh.shape)
    density[corner] = rough_density(mesh, seed)[corner]
    density[tuple(-2 for _ in mesh.shape)] = 0.3
    return density / np.sum(density * mesh.volumes)


def stage_of(case, densities):
    """All that two fields give: the rate, the stage, sums, and what a reaction needs."""
    model = build_model(case)
    mesh = model.parameters.mesh()
    backend = NumpyBackend(mesh, model.on_mesh(mesh), case.eulerian.scheme, case.eulerian.precision)
    x, y = (backend.upload(make(mesh, seed)) for seed, make in enumerate(densities))
    moments = backend.moments(y)
    potential = backend.potential(model.risk.source(moments.linear))
    rate = backend.rate(y, potential)
    stage = backend.stage(x, y, potential, 0.2 / rate.courant)
    combined, least = backend.combine(0.25, x, 0.75, y, 0.1 / rate.courant, rate.field)
    reacted = backend.react(y, potential, 0.7, 0.1)
    arrays = [
        rate.field,
        stage.field,
        combined,
        reacted,
        backend.blend(0.0, x, 0.3, y),
        backend.blend(0.7, x, 0.3, y),
        moments.linear,
    ]
    sums = [
        rate.dissipation,
        stage.dissipation,
        *(backend.spread(y, potential, 0.1, power) for power in (1, 2)),
        backend.entropy(y),
    ]
    return arrays, [rate.courant, stage.courant, stage.least, least, moments.mass], sums


def assert_same_bits(found, expected):
    """Arrays and extremes; sums are added up tile by tile, hence in another order."""
    for ours, theirs in zip(found[0], expected[0], strict=True):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)
    assert found[1] == expected[1]


KINDS = {
    "full": (rough_density, rough_density),
    "in a corner": (in_a_corner, in_a_corner),
    "one of them empty there": (rough_density, in_a_corner),
}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("where", KINDS)
@pytest.mark.parametrize(("kind", "scheme"), PAIRS)
def test_tiles_and_windows_change_no_bit(kind, scheme, where, monkeypatch):
    for precision in ("float64", "float32"):
        case = mesh_case(kind, scheme, precision)
        tiled = stage_of(case, KINDS[where])
        with monkeypatch.context() as whole:
            whole.setattr(numpy_backend, "TILE_BYTES", 10**9)
            whole.setattr(numpy_backend, "window_of", lambda mesh, tile, fields: tile)
            untiled = stage_of(case, KINDS[where])
        assert_same_bits(tiled, untiled)
        assert tiled[2] == pytest.approx(untiled[2], rel=1e-13 if precision == "float64" else 1e-5)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("kind", ["a w b, mixed", "a w1 w2 b"])
def test_the_number_of_threads_changes_no_bit_of_a_density(kind, monkeypatch):
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "count", lambda count=count: count)
        case = mesh_case(kind).replace({"dynamics.birth_death": 1.0})
        model = build_model(case)
        mesh = model.parameters.mesh()
        backend = NumpyBackend(mesh, model.on_mesh(mesh), "fromm", "float64")
        stepper = Stepper(backend, model.risk, model.scale, case.eulerian, case.dynamics)
        state = stepper.states.of(backend.upload(in_a_corner(mesh)))
        for _ in range(5):
            state = stepper.step(state, 10.0).state
        found.append((state.energy, state.field.tobytes()))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("kind", MESHES)
def test_rates_are_those_of_the_scheme_written_with_whole_arrays(kind):
    """Upwind fluxes of the clipped central slope, face by face in plain loops, from V itself."""
    case = mesh_case(kind)
    model = build_model(case)
    mesh = model.parameters.mesh()
    backend = NumpyBackend(mesh, model.on_mesh(mesh), "fromm", "float64")
    rho = in_a_corner(mesh)
    potential = backend.potential(model.risk.source(backend.moments(rho).linear))
    rate = backend.rate(rho, potential)
    expected, dissipation = np.zeros(mesh.shape), 0.0
    for k, axis in enumerate(mesh.axes):
        density, v, change = (np.moveaxis(array, k, 0) for array in (rho, potential.values, expected))
        area = np.moveaxis(mesh.volumes, k, 0) / axis.widths.reshape(-1, *[1] * (density.ndim - 1))
        n = axis.cells
        both = axis.slope_factors[2]
        slopes = np.zeros(density.shape)
        for i in range(n):
            ends = (
                (i - 1) % n if axis.periodic else max(i - 1, 0),
                ((i + 1) % n if axis.periodic else min(i + 1, n - 1)),
            )
            slopes[i] = np.clip(
                (density[ends[1]] - density[ends[0]]) * both[i], -2 * density[i], 2 * density[i]
            )
        for face in range(1, n + 1 if axis.periodic else n):
            west, east = face - 1, face % n
            speed = -(v[east] - v[west]) * axis.inverse_distances[face]
            flux = np.maximum(speed, 0) * (density[west] + slopes[west] / 2) + np.minimum(speed, 0) * (
                density[east] - slopes[east] / 2
            )
            change[west] -= flux / axis.widths[west]
            change[east] += flux / axis.widths[east]
            dissipation += np.sum(area[west] * flux * (v[west] - v[east]))
    np.testing.assert_allclose(rate.field, expected, rtol=0, atol=1e-13 * rho.max() * rate.courant)
    assert rate.dissipation == pytest.approx(dissipation, rel=1e-12)


def test_windows_hold_what_is_not_empty_and_its_neighbours_and_no_more():
    mesh = build_model(mesh_case("a w b, mixed")).parameters.mesh()
    field = np.zeros(mesh.shape)
    whole = tuple(slice(0, n) for n in mesh.shape)
    assert windows.window_of(mesh, whole, [field]) is None
    field[4, 3, 5] = np.nan  # not a number is not empty
    # the last axis is a circle
    assert windows.window_of(mesh, whole, [field]) == (slice(3, 6), slice(2, 5), slice(0, 11))
    # next to a cell of another tile
    assert windows.window_of(mesh, (slice(5, 9), *whole[1:]), [field, field])[0] == slice(5, 6)
    assert windows.window_of(mesh, (slice(6, 9), *whole[1:]), [field]) is None


@pytest.mark.parametrize("shape", [(5,), (1000,), (300, 7), (41, 105, 129), (12, 9, 10, 11)])
def test_tiles_hold_every_cell_once(shape):
    seen = np.zeros(shape, int)
    tiles = windows.cut(shape, 500)
    for tile in tiles:
        seen[tile] += 1
    assert np.all(seen == 1)
    assert len(shape) > 1 or max(seen[tile].size for tile in tiles) <= 500


def test_speeds_at_walls_are_zero():
    axis = build_model(mesh_case("a w")).parameters.mesh().axes[0]
    speeds = face_speeds(axis, np.arange(axis.cells, dtype=float) ** 2, 0)
    assert speeds[1] == speeds[1 + axis.cells] == 0
    assert np.all(speeds[2 : 1 + axis.cells] < 0)


LADDERS = {
    "small": Ladder([1, 3, 8], [5, 4, 3], 1),
    "one large": Ladder([90], [1], 1),
    "mixed": Ladder([4, 60, 4], [3, 2, 2], 1),
}


def network_backend(ladder, precision="float64", bias=True):
    """A network on data of which some have the same input."""
    case = small_case(
        **{"model.activation": "tanh", "model.bias": bias}
        | ({} if bias else {"parameters": {"a": AXIS, "w": AXIS}})
    )
    data = build_model(case).data
    x, y = np.repeat(data.x, 2, axis=0), np.concatenate([data.y, data.y[::-1] ** 2])
    weights = np.linspace(0.5, 1.5, len(x)) / len(x)
    network = build_model(case, replace(data, x=x, y=y, weights=weights))
    backend = NumpyNetwork(network, ladder, precision, 0.3)
    return network, backend, ladder.initial_state(network.parameters)


AXIS = {"domain": [-4, 4], "cells": 8, "initial": {"law": "normal", "within": [-3, 3]}}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("ladder", LADDERS)
def test_velocities_of_units_are_those_of_one_unit_after_the_other(ladder, bias):
    ladder = LADDERS[ladder]
    network, backend, state = network_backend(ladder, bias=bias)
    state[-1] = np.linspace(0, 1, ladder.total)
    rate, predictions, weights = backend.velocity(state), backend.predictions(state), backend.weights(state)
    data = network.data
    for number, _, _, where in ladder.networks():
        a, z = state[0, where], state[1:-1, where].T
        t = network.features.preactivations(z)
        f = (weights[where] * a) @ np.tanh(t)
        np.testing.assert_allclose(predictions[number], f, rtol=0, atol=1e-13)
        residual = data.weights * (f - data.y)
        h, slope = np.tanh(t) @ residual, (1 - np.tanh(t) ** 2) * residual
        pull = np.column_stack([slope @ data.x, slope.sum(axis=1)])[:, : z.shape[1]]
        np.testing.assert_allclose(rate[0, where], -(h + network.penalty.slope(a)), rtol=0, atol=1e-13)
        np.testing.assert_allclose(rate[1:-1, where], -(a[:, None] * pull).T, rtol=0, atol=1e-13)
        np.testing.assert_allclose(rate[-1, where], a * h + network.penalty.amplitude(a), rtol=0, atol=1e-13)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("ladder", LADDERS)
def test_the_number_of_threads_changes_no_bit_of_units(ladder, precision, monkeypatch):
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "count", lambda count=count: count)
        _, backend, start = network_backend(LADDERS[ladder], precision)
        state = backend.upload(start)
        rate = backend.velocity(state)
        after = backend.combine(state, [rate, rate], [0.1, 0.2])
        assert rate.dtype == after.dtype == precision
        error = backend.error(state, after, [rate, after], [0.1, -0.2], 1e-5)
        found.append((rate.tobytes(), backend.predictions(state).tobytes(), after.tobytes(), error))
    assert found[0] == found[1] == found[2]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("ladder", LADDERS)
def test_shares_hold_every_unit_once(ladder):
    ladder = LADDERS[ladder]
    jobs, split = share_out(ladder, 10)
    units, networks = np.zeros(ladder.total, int), np.zeros(len(ladder.sizes), int)
    for parts in [*(parts for job in jobs for parts in job), *split]:
        networks[parts[0].networks] += 1
        for share in parts:
            units[share.units] += 1
            assert share.networks == parts[0].networks
            assert len(set(ladder.sizes[share.networks])) == 1
            assert share.units.stop - share.units.start <= 10
    assert np.all(units == 1)
    assert np.all(networks == 1)


@pytest.mark.usefixtures("tiny")
def test_combinations_of_stages_are_sums():
    _, backend, y = network_backend(LADDERS["mixed"])
    stages = [np.sin(k + y) for k in range(3)]
    np.testing.assert_allclose(
        backend.combine(y, stages, [0.1, 0.0, -0.3]),
        y + 0.1 * stages[0] - 0.3 * stages[2],
        rtol=0,
        atol=1e-15,
    )


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("shape", [(40, 6), (3, 40, 6)])
def test_products_by_rows_are_products(shape):
    a, b = (
        np.random.default_rng(0).standard_normal(shape),
        np.random.default_rng(1).standard_normal((*shape[:-2], 6, 7)),
    )
    np.testing.assert_allclose(threads.product(a, b), a @ b, rtol=0, atol=1e-14)


@pytest.mark.usefixtures("tiny")
def test_blocks_and_threads_change_no_tangent(monkeypatch):
    found = []
    for count, block in ((1, 700), (2, 700), (5, 700), (1, 10**9)):
        monkeypatch.setattr(threads, "count", lambda count=count: count)
        monkeypatch.setattr(tangent_numpy, "BLOCK", block)
        _, backend, state = network_backend(LADDERS["one large"])
        directions = np.random.default_rng(2).standard_normal((backend.ladder.total, 3))
        tangents = np.random.default_rng(3).standard_normal((backend.ladder.total, len(state), 3))
        linear = NumpyTangent(backend, directions)
        assert (len(linear.blocks) > 5) == (block == 700)
        found.append(linear.rate(state, backend.velocity(state), tangents))
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()
    np.testing.assert_allclose(found[0], found[3], rtol=0, atol=1e-13 * np.abs(found[3]).max())


@pytest.mark.parametrize("dimension", [1, 2, 5, 16])
def test_distances_from_lines_do_not_cancel(dimension):
    """Units in general position, and nearly parallel ones, whose distance is far below the rounding of their
    lengths.
    """
    random = np.random.default_rng(3)
    w, v = random.standard_normal((7, dimension)), random.standard_normal((9, dimension))
    away = random.standard_normal(dimension)
    away -= (away @ w[0]) / (w[0] @ w[0]) * w[0]
    v[0] = 2 * w[0] + 1e-9 * away
    inner = w @ v.T
    share = inner / np.sum(w**2, axis=1)[:, None]
    expected = np.sum((v - share[..., None] * w[:, None]) ** 2, axis=-1)
    found = _orthogonal_square(w, v, share, inner, np.sum(v**2, axis=1))
    np.testing.assert_allclose(found, expected if dimension > 1 else 0 * expected, rtol=1e-11, atol=1e-30)
    if dimension > 1:
        assert found[0, 0] == pytest.approx(1e-18 * (away @ away), rel=1e-4)


@pytest.mark.parametrize("ladder", LADDERS)
def test_the_number_of_threads_changes_no_bit_under_a_population_loss(ladder, monkeypatch):
    monkeypatch.setattr(population_kernels, "BLOCK", 200)
    units = [{"a": 1.0, "w": [1.0, 0.0]}]
    changes = {
        "data": {
            "population": "gaussian",
            "dimension": 2,
            "teacher": {"kind": "planted", "scaling": "sum", "units": units},
        }
    }
    case = small_case(
        **changes, **{"model": {"activation": "erf", "bias": False}, "parameters": {"a": AXIS, "w": AXIS}}
    )
    network, found = build_model(case), []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "count", lambda count=count: count)
        backend = NumpyPopulation(network, LADDERS[ladder], "float64", 0.0)
        found.append(backend.velocity(LADDERS[ladder].initial_state(network.parameters)).tobytes())
    assert found[0] == found[1] == found[2]


def test_work_comes_back_in_order_and_errors_come_through(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 3)
    assert threads.each(lambda n: n * n, range(20)) == [n * n for n in range(20)]
    assert threads.each(lambda n: threads.each(lambda m: n * m, range(3)), range(4)) == [
        [n * m for m in range(3)] for n in range(4)
    ]
    assert threads.each(str, []) == []
    with pytest.raises(ZeroDivisionError):
        threads.each(lambda n: 1 / n, [2, 1, 0])


def test_threads_can_be_asked_for(monkeypatch):
    monkeypatch.setenv("MFPDE_THREADS", "3")
    assert threads.count() == 3
    monkeypatch.setenv("MFPDE_THREADS", "none")
    assert 1 <= threads.count() <= threads.MOST


@pytest.mark.parametrize(
    "name",
    ["tanh", "softplus", "sigmoid", "gaussian", "relu", "relu_squared", "erf", "linear", "quadratic", "cos"],
)
def test_values_and_slopes_together_are_those_alone(name):
    activation, t = find_activation(name), np.linspace(-30, 30, 301)
    for found, formula in zip(
        activation.with_curvature(t),
        (activation.formula, activation.derivative, activation.second_derivative),
        strict=True,
    ):
        assert np.array_equal(found, evaluate(formula, {"t": t}))
    for found in activation.with_slope(t.astype(np.float32)):
        assert found.shape == t.shape
        assert found.dtype == np.float32 or found.strides == (0,)  # a constant, of no type yet


def test_what_expressions_share_is_computed_once(monkeypatch):
    calls = []
    monkeypatch.setitem(evaluate.__globals__["_NUMPY"], sympy.exp, lambda t: (calls.append(1), np.exp(t))[1])
    t = sympy.Symbol("t", real=True)
    evaluate_together([sympy.exp(t) + 1, sympy.exp(t) * t], {"t": np.ones(3)})
    assert len(calls) == 1


def test_softplus_and_sigmoid_are_exact_to_rounding_everywhere():
    t = np.concatenate([np.linspace(-800, 800, 1001), np.linspace(-5, 5, 1001)])
    softplus = find_activation("softplus")
    np.testing.assert_allclose(softplus.value(t), np.logaddexp(0, t), rtol=2 * FUNCTIONS, atol=1e-300)
    np.testing.assert_allclose(softplus.slope(t), special.expit(t), rtol=2 * FUNCTIONS, atol=1e-300)
