"""Population losses: kernels in closed form, the mesh and the units that follow them."""

from pathlib import Path

import numpy as np
import pytest
from conftest import small_case
from scipy.special import erf, ndtr

import mfpde
from mfpde.case.load import case_from_tables, set_key
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.exact import build_exact
from mfpde.lagrangian.characteristics import build_characteristics, observe
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.solver import build_backend
from mfpde.models import build_model
from mfpde.models.bivariate import density
from mfpde.models.nystroem import Nystroem
from mfpde.models.population_kernels import FORMULAS, find_kernel
from mfpde.models.problem import Cloud
from mfpde.models.sampled import SampledInputs

ACTIVATIONS = {
    "relu": lambda t: np.maximum(t, 0),
    "relu_squared": lambda t: np.maximum(t, 0) ** 2,
    "erf": lambda t: erf(t / np.sqrt(2)),
    "cos": np.cos,
    "quadratic": np.square,
    "linear": lambda t: t,
}
#: E sigma(X') for X' ~ N(m, v^2)
SMOOTHED = {
    "relu": lambda m, v: m * ndtr(m / v) + v * density(m / v),
    "relu_squared": lambda m, v: (m**2 + v**2) * ndtr(m / v) + m * v * density(m / v),
    "erf": lambda m, v: erf(m / np.sqrt(2 * (1 + v**2))),
    "cos": lambda m, v: np.cos(m) * np.exp(-(v**2) / 2),
    "quadratic": lambda m, v: m**2 + v**2,
    "linear": lambda m, v: m,
}


def by_quadrature(activation, w, b, v, c):
    """E[sigma(X) sigma(X')], X' integrated by hand given X, X by Gauss-Legendre panels between the kinks."""
    s, u = np.linalg.norm(w), w @ v
    along = u / s
    spread = max(np.sqrt(max(v @ v - along**2, 0.0)), 1e-14)
    kinks = [-b / s, *([-c / along] if along else [])]
    edges = np.unique(
        np.clip(
            [*np.linspace(-12, 12, 49), *(k + d * spread for k in kinks for d in (-8, -1, 0, 1, 8))], -12, 12
        )
    )
    nodes, weights = np.polynomial.legendre.leggauss(24)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    g = (middle[:, None] + half[:, None] * nodes).ravel()
    mass = (half[:, None] * weights).ravel() * density(g)
    return np.sum(mass * ACTIVATIONS[activation](b + s * g) * SMOOTHED[activation](c + along * g, spread))


def pairs_of_units(bias, dimension=2, seed=0):
    """Units at random, coincident, parallel, opposite, nearly parallel, orthogonal, long and short ones, and
    without bias.
    """
    random = np.random.default_rng(seed)
    w = random.standard_normal((12, dimension))
    v = random.standard_normal((12, dimension))
    b, c = random.standard_normal((2, 12))
    v[0], c[0] = w[0], b[0]
    v[1] = 2 * w[1]
    v[2] = -w[2]
    v[3] = w[3] + 1e-7
    v[4] = 0
    v[4, 0], w[4] = 1.3, 0
    w[4, -1] = 0.7
    w[5] *= 9
    v[5] *= 7
    w[6] *= 1e-3
    b[7] = c[7] = 0
    b[8] = 0
    v[9], c[9], b[9] = -w[9], 0.4, -0.4
    extra = ([b[:, None]], [c[:, None]]) if bias else ([], [])
    return np.hstack([w, *extra[0]]), np.hstack([v, *extra[1]])


@pytest.mark.parametrize(("activation", "bias"), FORMULAS)
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_kernels_equal_quadrature(activation, bias, dimension):
    z, others = pairs_of_units(bias, dimension)
    kernel = find_kernel(activation, bias, "gaussian", dimension)
    found = np.diag(kernel(z, others))
    d = dimension
    exact = [
        by_quadrature(activation, p[:d], p[d] if bias else 0.0, q[:d], q[d] if bias else 0.0)
        for p, q in zip(z, others, strict=True)
    ]
    np.testing.assert_allclose(found, exact, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(np.diag(kernel(others, z)), found, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(kernel.diagonal(z), np.diag(kernel(z, z)), rtol=1e-12)


@pytest.mark.parametrize(("activation", "bias"), FORMULAS)
@pytest.mark.parametrize("dimension", [1, 3])
def test_gradients_equal_differences(activation, bias, dimension):
    z, others = pairs_of_units(bias, dimension, seed=1)
    charges = np.random.default_rng(2).standard_normal(len(others))
    kernel = find_kernel(activation, bias, "gaussian", dimension)
    sums, gradient = kernel.pull(z, others, charges)
    np.testing.assert_allclose(sums, kernel(z, others) @ charges, rtol=1e-12)
    step = 1e-5
    for k in range(z.shape[1]):
        shift = step * np.eye(z.shape[1])[k]
        differences = (kernel(z + shift, others) - kernel(z - shift, others)) @ charges / (2 * step)
        scale = 1 + np.abs(differences).max()
        np.testing.assert_allclose(gradient[:, k], differences, rtol=0, atol=2e-5 * scale)


@pytest.mark.parametrize("activation", ["relu", "relu_squared", "quadratic", "linear"])
def test_kernels_of_the_circle_equal_quadrature(activation):
    z, others = pairs_of_units(False)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    exact = []
    for w, v in zip(z, others, strict=True):
        kinks = [np.arctan2(p[1], p[0]) + turn * np.pi / 2 for p in (w, v) for turn in (1, 3)]
        edges = np.sort(np.mod(kinks, 2 * np.pi))
        edges = np.append(edges, edges[0] + 2 * np.pi)
        t = (edges[1:] + edges[:-1])[:, None] / 2 + np.diff(edges)[:, None] / 2 * nodes
        x = np.stack([np.cos(t), np.sin(t)])
        values = ACTIVATIONS[activation](np.tensordot(w, x, 1)) * ACTIVATIONS[activation](
            np.tensordot(v, x, 1)
        )
        exact.append(np.sum(np.diff(edges)[:, None] / 2 * weights * values) / (2 * np.pi))
    np.testing.assert_allclose(
        np.diag(find_kernel(activation, False, "sphere", 2)(z, others)), exact, rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize(("activation", "bias"), FORMULAS)
def test_nothing_breaks_at_weights_of_zero(activation, bias):
    z, _ = pairs_of_units(bias)
    z[:3] = 0
    z[1:3, -1] = (1e-40, 1e-12) if bias else 0
    kernel = find_kernel(activation, bias, "gaussian", 2)
    sums, gradient = kernel.pull(z, z, np.ones(len(z)))
    assert np.all(np.isfinite(sums))
    assert np.all(np.isfinite(gradient))


# --- cases --------------------------------------------------------------------------------------------------

LADDER = Ladder([7, 40], [2, 3], seed=4)
TEACHER = {"kind": "planted", "units": [{"a": 3.0, "w": [1.2], "b": 0.3}, {"a": -2.0, "w": [-0.4], "b": 0.9}]}


def population_case(activation="erf", bias=True, law="gaussian", dimension=1, **changes):
    """A teacher of two units; keys are dotted paths."""
    axis = {"domain": [-3, 3], "cells": 17, "initial": {"law": "normal", "within": [-2, 2]}}
    units = [
        {"a": u["a"], "w": [u["w"][0], *[0.5] * (dimension - 1)], "b": u["b"] if bias else 0.0}
        for u in TEACHER["units"]
    ]
    tables = {
        "time": 1.0,
        "model": {
            "activation": activation,
            "bias": bias,
            "penalty": {"lambda": 0.02, "power": 1, "confinement": 0.01},
        },
        "data": {"population": law, "dimension": dimension, "teacher": {"kind": "planted", "units": units}},
        "parameters": {"a": axis, "w": axis, **({"b": axis} if bias else {})},
        "lagrangian": {"units": [20, 60], "replicates": 3},
        "output": {"every": 0.25, "fields_every": 0.5},
    }
    case = case_from_tables(tables, Path("population.toml"))
    return case.replace(changes) if changes else case


def with_data(case, points=100):
    """The same case with Gauss-Hermite nodes in place of all Gaussian inputs."""
    tables = case.model_dump(mode="json", by_alias=True, exclude_none=True)
    tables["data"] = {
        "teacher": tables["data"]["teacher"],
        "inputs": {"law": "gauss_hermite", "dimension": case.data.dimension, "points": points},
    }
    return case_from_tables(tables, Path("data.toml"))


EVERY_KERNEL = [(*key, "float64") for key in FORMULAS]


@pytest.mark.parametrize(
    ("activation", "bias", "precision"), [*EVERY_KERNEL, ("relu", False, "float32"), ("erf", True, "float32")]
)
def test_device_forces_equal_the_reference_to_rounding(activation, bias, precision, device):
    network = build_model(population_case(activation, bias, dimension=2))
    state = LADDER.initial_state(network.parameters).astype(precision).astype(float)
    state[:, 1] = state[:, 0]  # coincident units
    state[1:-1, 2] = 0
    state[0, 3] = 0
    results = []
    for where in (None, device):
        b = build_backend(network, LADDER, precision, 0.7, where)
        handle = b.upload(state)
        results.append((b.download(b.velocity(handle)), b.predictions(handle), b.weights(handle)))
    rounding = 200 * np.finfo(precision).eps
    # the condition of the basis multiplies rounding
    for given, expected, tolerance in zip(
        results[1], results[0], (rounding, rounding + 1e-9, rounding), strict=True
    ):
        np.testing.assert_allclose(given, expected, rtol=0, atol=tolerance * (1 + np.abs(expected).max()))


@pytest.mark.parametrize(("activation", "law", "dimension"), [("erf", "gaussian", 1), ("relu", "sphere", 3)])
def test_velocity_is_minus_half_n_times_the_gradient_of_the_energy(activation, law, dimension, device):
    network = build_model(population_case(activation, law == "gaussian", law, dimension))
    backend = build_backend(network, LADDER, "float64", 0.0, device)
    state = LADDER.initial_state(network.parameters)
    rate = backend.download(backend.velocity(backend.upload(state)))
    starts = LADDER.first_unit[:-1]

    def energies(theta):
        handle = backend.upload(theta)
        potential = backend.download(backend.velocity(handle))[-1]
        cloud = Cloud(theta, backend.weights(handle), backend.predictions(handle), potential, starts)
        return network.cloud_values(cloud)["energy"]

    for component in range(len(state) - 1):
        step = np.zeros_like(state)
        step[component, starts + 3] = 1e-5
        gradient = (energies(state + step) - energies(state - step)) / 2e-5
        np.testing.assert_allclose(
            rate[component, starts + 3], -LADDER.sizes / 2 * gradient, rtol=1e-6, atol=1e-7
        )


def test_mesh_and_units_equal_those_of_gauss_hermite_data():
    """erf is smooth: 100 nodes integrate it to about 1e-9."""
    case = population_case()
    network, sampled = build_model(case), build_model(with_data(case))
    mesh = network.parameters.mesh()
    masses = mesh.average_density([c.law for c in network.parameters.free]) * mesh.volumes
    found = []
    for model in (network, sampled):
        arrays = model.on_mesh(mesh)
        moments = arrays.moments(masses.reshape(len(arrays.amplitude), -1))
        source = arrays.energy.source(moments.linear)
        found.append(
            (
                arrays.energy.value(moments),
                arrays.energy.mean_potential(moments),
                arrays.values(source),
                model.scale,
            )
        )
    for given, expected in zip(*found, strict=True):
        np.testing.assert_allclose(given, expected, rtol=0, atol=3e-8)
    state, clouds = LADDER.initial_state(network.parameters), []
    for model in (network, sampled):
        backend = build_backend(model, LADDER, "float64", 0.0)
        rate, predictions, weights = (
            backend.velocity(state),
            backend.predictions(state),
            backend.weights(state),
        )
        cloud = Cloud(state, weights, predictions, rate[-1], LADDER.first_unit[:-1])
        energies = model.cloud_values(cloud)["energy"]
        gaps = model.square_norm(predictions - predictions[0])
        clouds.append((rate, energies, gaps, model.function.loss(predictions)))
    for given, expected in zip(*clouds, strict=True):
        np.testing.assert_allclose(given, expected, rtol=0, atol=3e-8)


@pytest.mark.parametrize(
    ("activation", "bias", "error"),
    [("erf", True, 1e-9), ("relu_squared", False, 1e-9), ("relu", False, 1e-6), ("cos", True, 1e-9)],
)
def test_coordinates_give_the_kernel_back(activation, bias, error):
    network = build_model(population_case(activation, bias, dimension=1 if bias else 2))
    z = np.random.default_rng(0).uniform(-3, 3, (300, 2))
    features = network.features(z)
    exact = network.features.kernel(z, z)
    assert np.abs(features @ features.T - exact).max() < error * exact.max()
    # what rounding of a kernel can do to coefficients
    assert np.linalg.cond(network.features.basis.factor) < 1e7
    units, amplitudes = network.features.units, network.features.amplitudes
    square = amplitudes @ network.features.kernel(units, units) @ amplitudes
    assert network.features.teacher_square == pytest.approx(square)
    assert network.risk.offset < error * network.features.teacher_square


def test_units_that_equal_the_teacher_lose_nothing(device):
    network = build_model(population_case())
    ladder = Ladder([2], [1], 0)
    backend = build_backend(network, ladder, "float64", 0.0, device)
    state = np.vstack([2 * network.features.amplitudes, network.features.units.T, np.zeros(2)])
    handle = backend.upload(state)
    cloud = Cloud(
        state,
        backend.weights(handle),
        backend.predictions(handle),
        backend.download(backend.velocity(handle))[-1],
        np.zeros(1, dtype=int),
    )
    assert network.cloud_values(cloud)["loss"][0] < 1e-14
    assert network.function.loss(backend.predictions(handle))[0] < 1e-14


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "bias", "law", "dimension"), [("erf", True, "gaussian", 1), ("relu", False, "sphere", 2)]
)
def test_both_sides_run_and_the_gap_falls(activation, bias, law, dimension):
    case = population_case(
        activation, bias, law, dimension, **{"lagrangian.units": [10, 160], "eulerian.error_estimate": True}
    )
    case = case.replace({"parameters.a.cells": 25, "parameters.w.cells": 24})
    run = mfpde.run(case)
    energy, loss = run.eulerian["energy"].values, run.eulerian["loss"].values
    assert np.all(np.diff(energy) < 0)
    assert np.all((loss > 0) & (loss < energy))
    assert np.all(np.diff(run.lagrangian(160)["energy"].values, axis=0) < 0)
    np.testing.assert_allclose(
        run.lagrangian(160)["loss"].values, run.lagrangian(160)["energy"].values, atol=0.3
    )
    gaps = [run.comparison(units)["function_gap"].values[-1].mean() for units in (10, 160)]
    assert gaps[1] < gaps[0] / 4
    assert run.eulerian["grid_error"].values[-1] < gaps[0]
    assert run.compare().table["rate"]["function_gap"]["slope"] < -0.5
    assert run.has_function
    assert not run.has_data
    run.close()


@pytest.mark.slow
def test_mesh_agrees_with_characteristics(device):
    """Both in the same coordinates, though one comes from a mesh and the other from units."""
    errors = []
    for cells in (24, 48):
        # whole: the trapezoidal nodes are then accurate
        initial = {"law": "normal", "mean": 0.5, "std": 0.35}
        axis = {"domain": [-3, 3], "cells": cells, "initial": initial}
        case = population_case(bias=False, parameters={"a": axis, "w": axis})
        model = build_model(case)
        solver = build_solver(case, model, device)
        solver.advance(0.5)
        flow = build_characteristics(case, model, 256, device)
        flow.advance(0.5)
        errors.append(np.sqrt(model.square_norm(solver.prediction - observe(model, flow).prediction)))
    assert errors[1] < errors[0] / 2.5
    assert errors[1] < 5e-3


WRONG = [
    (
        {"model.activation": "tanh"},
        "model.activation: 'tanh' with model.bias = true has no closed form under data.population",
    ),
    ({"model.activation": "relu_squared"}, "expected relu, erf, cos, quadratic, linear"),
    (
        {"data.population": "sphere", "data.dimension": 2},
        'model.bias: data.population = "sphere" has closed forms without bias alone',
    ),
    ({"data.population": "sphere"}, "needs dimension of at least 2"),
    ({"data.population": "cube"}, "'cube' is not one of the choices"),
    ({"data.teacher.activation": "relu"}, "data.teacher.activation: 'relu' is not that of the model, 'erf'"),
    ({"data.teacher": "sin(x0)"}, "'population' needs a planted 'teacher'"),
    ({"data.noise": 0.1}, "leave out 'noise'"),
    ({"data.inputs": {"law": "normal"}}, "leave out 'inputs'"),
    ({"data.dimension": None}, "'population' needs 'dimension'"),
    ({"data.dimension": 3}, "data.teacher.units.0.w: has 1 coordinate(s), but the inputs have 3"),
    ({"model.bias": False, "parameters.b": None}, "data.teacher.units: have biases b"),
    (
        {
            "exact": {"solution": "gaussian"},
            **{f"parameters.{name}.initial": {"law": "normal", "std": 0.2} for name in "awb"},
        },
        "rather than data.population",
    ),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_what_has_no_closed_form_is_refused(changes, message):
    tables = population_case().model_dump(mode="json", by_alias=True, exclude_none=True)
    for key, value in changes.items():
        set_key(tables, key, value)
    tables["parameters"] = {name: p for name, p in tables["parameters"].items() if p is not None}

    def build():
        case = case_from_tables(tables, Path("wrong.toml"))
        model = build_model(case)
        build_exact(case, model, model.parameters.mesh())

    with pytest.raises(InputError) as refused:
        build()
    assert message in str(refused.value)


def sphere_network():
    units = [{"a": 1.0, "w": [1.0, *[0.0] * 15]}, {"a": -1.0, "w": [0.0, 1.0, *[0.0] * 14]}]
    case = small_case(
        model={"activation": "relu", "bias": False},
        data={
            "population": "sphere",
            "dimension": 16,
            "teacher": {"kind": "planted", "scaling": "sum", "units": units},
        },
        parameters={"a": {"initial": {"law": "normal"}}, "w": {"initial": {"law": "normal", "std": 0.25}}},
    )
    return build_model(case)


def test_norms_at_sampled_inputs_are_those_of_the_kernel():
    network = sphere_network()
    assert isinstance(network.features.basis, SampledInputs)
    np.testing.assert_allclose(np.linalg.norm(network.features.basis.x, axis=1), 1, atol=1e-13)
    random = np.random.default_rng(0)
    ratios = []
    for n in (64, 512, 512, 512):
        a, w = random.standard_normal(n) / n, random.normal(0, 0.25, (n, 16))
        exact = a @ network.features.kernel(w, w) @ a
        ratios.append(network.square_norm(network.features.basis.of_sum(w, a)) / exact)
    # 1.2 % standard deviation, measured over draws of inputs
    np.testing.assert_allclose(ratios, 1, atol=0.04)
    # linear functions of x: frames with both signs are exact
    w = random.standard_normal((3, 16))
    odd = network.features.basis(w) - network.features.basis(-w)
    np.testing.assert_allclose(odd @ odd.T, w @ w.T / 16, atol=1e-12)


def test_few_parameters_keep_the_basis_of_features():
    assert isinstance(build_model(population_case("erf", False, dimension=2)).features.basis, Nystroem)
