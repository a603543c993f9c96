"""Compressed features: errors below their tolerance and bounds, an exact gradient flow, and results that do
not notice.
"""

import numpy as np
import pytest
from conftest import rough_density, small_case

from mfpde.eulerian.build import build_solver
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.eulerian.opencl_backend import OpenCLBackend
from mfpde.measures.compression import compress_features, pivoted_cholesky
from mfpde.models import build_model
from mfpde.models.feature_coupling import BoxFeatures, Features

#: z on 26 x 21 cells and 240 distinct data: large enough to be worth compressing
LARGE = {
    "parameters.w.cells": 26,
    "parameters.b.cells": 21,
    "data.inputs.points": 300,
    "lagrangian.units": [],
}


@pytest.fixture(scope="module")
def case():
    return small_case(**LARGE)


#: a wide box, whose features have a high rank together but a low one in every part of it
WIDE = {f"parameters.{name}.domain": [-25, 25] for name in "wb"} | {
    "parameters.w.cells": 48,
    "parameters.b.cells": 48,
}


def on_mesh(case, tolerance):
    model = build_model(case)
    mesh = model.parameters.mesh()
    return model, mesh, model.on_mesh(mesh).compressed(mesh, tolerance)


def whole(coupling, cells):
    """The matrix that compressed features stand for."""
    return np.stack([coupling.potential(row) for row in np.eye(coupling.rank)], axis=1).reshape(cells, -1)


def test_a_pivoted_factor_leaves_no_more_than_its_residual():
    random = np.random.default_rng(0)
    points = np.sort(random.uniform(-2, 2, 200))
    kernel = np.exp(-((points[:, None] - points) ** 2))
    factor = pivoted_cholesky(np.diag(kernel).copy(), lambda p: kernel[p], 1e-3, 200)
    left = kernel - factor.columns @ factor.columns.T
    assert len(factor.pivots) < 20
    assert np.linalg.eigvalsh(left).min() > -1e-12  # what is left is positive semi-definite ...
    assert np.abs(left).max() <= factor.residual + 1e-15 <= 1e-6 + 1e-15  # ... so its diagonal bounds it


def test_the_basis_is_orthonormal_and_errors_are_what_they_say(case):
    model = build_model(case)
    features = model.on_mesh(model.parameters.mesh()).coupling.matrix
    for tolerance in (1e-2, 1e-4, 1e-6):
        found = compress_features(features, model.data.weights, tolerance, 300)
        gram = (found.basis * model.data.weights) @ found.basis.T
        assert np.abs(gram - np.eye(len(gram))).max() < 1e-12
        missed = np.sqrt(np.max(model.square_norm(features - found.coefficients @ found.basis)))
        assert missed == pytest.approx(found.error, rel=1e-6)
        assert found.error < 1.01 * tolerance * np.sqrt(np.max(model.square_norm(features)))


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
def test_boxes_stay_below_their_error_and_save_work(case, tolerance):
    model, _, arrays = on_mesh(case.replace(WIDE), tolerance)
    assert isinstance(arrays.coupling, BoxFeatures)
    dense = model.on_mesh(model.parameters.mesh()).coupling.matrix
    missed = dense - whole(arrays.coupling, len(dense)) @ arrays.energy.basis
    size = np.sqrt(np.max(model.square_norm(dense)))
    assert np.sqrt(np.max(model.square_norm(missed))) <= 1.000001 * arrays.coupling.error + 1e-15
    assert arrays.coupling.error < 2.1 * tolerance * size + 1e-6 * (tolerance >= 5e-7)
    numbers = sum(box.coefficients.size + box.transfer.size for box in arrays.coupling.boxes)
    assert numbers < 0.5 * dense.size


def test_energies_differ_by_less_than_their_bound(case):
    for tolerance in (1e-2, 1e-3, 1e-5):
        model, mesh, arrays = on_mesh(case, tolerance)
        plain = model.on_mesh(mesh)
        for seed in range(5):
            masses = (rough_density(mesh, seed) * mesh.volumes).reshape(len(plain.amplitude), -1)
            exact, near = plain.moments(masses), arrays.moments(masses)
            size = np.abs(plain.amplitude) @ masses.sum(axis=1)
            bound = (
                2 * size * arrays.coupling.error * np.sqrt(model.function.loss(exact.linear))
                + (size * arrays.coupling.error) ** 2
            )
            assert 0 < abs(plain.energy.value(exact) - arrays.energy.value(near)) < bound
            v = plain.values(plain.energy.source(exact.linear)) - arrays.values(
                arrays.energy.source(near.linear)
            )
            # V errs by the feature's error times the residual, and by the same of f itself
            allowed = arrays.coupling.error * (np.sqrt(model.function.loss(exact.linear)) + 2 * size)
            assert np.abs(v).max() < np.abs(plain.amplitude).max() * allowed


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    ("tolerance", "domain", "form"),
    [(0.0, {}, Features), (1e-3, {}, Features), (1e-3, WIDE, BoxFeatures), (1e-7, WIDE, BoxFeatures)],
)
def test_kernels_equal_the_reference(case, tolerance, domain, form, precision, device):
    _, mesh, arrays = on_mesh(case.replace({**domain, "parameters.a.cells": 5}), tolerance)
    assert isinstance(arrays.coupling, form)
    density = rough_density(mesh)
    backends = [NumpyBackend(mesh, arrays, "fromm", precision)]
    backends += [OpenCLBackend(mesh, arrays, "fromm", precision, device, form) for form in ("row", "cell")]
    found = []
    for backend in backends:
        field = backend.upload(density)
        moments = backend.moments(field)
        rate = backend.rate(field, backend.potential(arrays.energy.source(moments.linear)))
        found.append((moments, rate, backend.download(rate.field)))
    moments, rate, change = found[0]
    rounding = 1e-13 if precision == "float64" else 2e-5
    for other_moments, other_rate, other_change in found[1:]:
        np.testing.assert_allclose(
            other_moments.linear, moments.linear, rtol=0, atol=rounding * np.abs(moments.linear).max()
        )
        np.testing.assert_allclose(other_change, change, rtol=0, atol=rounding * density.max() * rate.courant)
        assert other_rate.dissipation == pytest.approx(rate.dissipation, rel=100 * rounding)


def test_a_run_dissipates_the_energy_it_descends(case, device):
    """With coarse compression, and still exactly: the run is the gradient flow of the compressed energy."""
    solver = build_solver(
        case.replace({"eulerian.compression": 0.05, "time": 0.3}), build_model(case), device
    )
    assert solver.features_error > 1e-3
    backend, states = solver.stepper.backend, solver.stepper.states
    state = solver.state
    rate = backend.rate(state.field, states.potential(state.moments.linear))
    change = backend.moments(rate.field)
    dt = 0.1 / rate.courant
    after = states.of(backend.combine(0.0, state.field, 1.0, state.field, dt, rate.field)[0])
    expected = -2 * dt * rate.dissipation + dt**2 * states.energy.curvature_bound(change)
    assert after.energy - state.energy == pytest.approx(expected, rel=1e-9)
    solver.advance(0.3)
    assert solver.energy_rise <= 1e-15


def test_the_default_changes_results_by_far_less_than_the_mesh_errs(case, device):
    solvers = [
        build_solver(case.replace({"eulerian.compression": tolerance}), build_model(case), device)
        for tolerance in (0.0, 1e-6)
    ]
    halved = case.replace({"parameters.a.cells": 9, "parameters.w.cells": 13, "parameters.b.cells": 11})
    coarse = build_solver(halved, build_model(halved), device)
    assert isinstance(solvers[1].stepper.energy.basis, np.ndarray)
    assert solvers[0].stepper.energy.basis is None
    for solver in (*solvers, coarse):
        solver.advance(1.0)
    plain, compact = solvers
    by_compression, by_mesh = (
        np.sqrt(plain.model.square_norm(s.prediction - plain.prediction)) for s in (compact, coarse)
    )
    assert by_compression < 1e-4 * by_mesh


def test_small_models_are_left_alone():
    model = build_model(small_case())
    mesh = model.parameters.mesh()
    assert isinstance(model.on_mesh(mesh).compressed(mesh, 1e-6).coupling, Features)
    assert model.on_mesh(mesh).compressed(mesh, 1e-6).energy.basis is None
