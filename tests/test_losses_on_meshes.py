"""Every loss on meshes: backends agree, compression keeps within its bound, energies fall as they must."""

import numpy as np
import pytest
from losses import WITH_OUTPUTS, few_at_once, loss_case

from mfpde.eulerian.build import build_solver
from mfpde.models import build_model, feature_coupling
from mfpde.models.feature_coupling import BoxFeatures, Features

every_loss = pytest.mark.parametrize(("name", "outputs"), WITH_OUTPUTS)
FORMS = {"float64": 1e-12, "float32": 2e-5}


def small(name, outputs, **changes):
    """A mesh as small as it may be: four axes have few cells."""
    cells = {"parameters.a.cells": 13 if outputs < 3 else 8, "parameters.w.cells": 12 if outputs < 3 else 9}
    return loss_case(name, outputs, **(cells | changes))


def solved(case, device=None, until=0.25):
    """The solver of a case at a time."""
    solver = build_solver(case, build_model(case), device)
    solver.advance(until)
    return solver


@few_at_once
@pytest.mark.parametrize("precision", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_backends_agree_to_rounding(name, outputs, precision, device):
    case = small(name, outputs, **{"eulerian.precision": precision, "dynamics.birth_death": 0.5})
    reference = solved(case)
    found = solved(case.replace({"eulerian.backend": "opencl"}), device)
    assert found.steps == reference.steps
    density, bound = reference.density(), FORMS[precision]
    np.testing.assert_allclose(found.density(), density, rtol=0, atol=10 * bound * density.max())
    np.testing.assert_allclose(found.prediction, reference.prediction, rtol=0, atol=10 * bound)
    assert found.state.energy == pytest.approx(reference.state.energy, abs=10 * bound)
    assert found.dissipated == pytest.approx(reference.dissipated, abs=10 * bound)


@every_loss
def test_the_slope_and_the_bound_of_the_energy_along_a_step(name, outputs):
    """E' = -2 int |grad V|^2 dmu to rounding on any mesh, and no step within the limit raises E."""
    case = small(name, outputs)
    solver = build_solver(case, build_model(case))
    stepper, state = solver.stepper, solver.state
    rate, change = stepper._slope(state)
    curvature, limit = stepper.energy.curvature_bound(change), stepper.limits(rate, change).energy

    def energy(t):
        field, _ = stepper.backend.combine(0.0, state.field, 1.0, state.field, t, rate.field)
        return stepper.energy.value(stepper.backend.moments(field))

    slope = (energy(1e-5) - energy(-1e-5)) / 2e-5
    assert slope == pytest.approx(-2 * rate.dissipation, abs=1e-8 * (1 + rate.dissipation))
    for t in np.array([1e-2, 0.3, 1.0]) * limit:
        assert energy(t) <= energy(0) - 2 * t * rate.dissipation + t**2 * curvature + 1e-12
        assert energy(t) <= energy(0) + 1e-12


@every_loss
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_the_energy_falls_by_what_is_dissipated(name, outputs, alpha):
    """dE/dt = -2 int |grad V|^2 dmu - 2 alpha Var V: the rest is of second order in the step."""
    rests = []
    for step in (0.04, 0.01):
        case = small(name, outputs, **{"dynamics.birth_death": alpha, "eulerian.max_step": step})
        model = build_model(case)
        solver = build_solver(case, model)
        before = solver.state.energy
        solver.advance(0.2)
        assert solver.energy_rise <= 1e-13
        rests.append(abs(before - solver.state.energy - solver.dissipated) / (before - solver.state.energy))
    assert rests[1] < 1e-5
    assert rests[1] < (0.12 if model.loss.is_smooth else 0.5) * rests[0]  # as data pass a kink, signs change


@pytest.fixture(params=["boxes", "one matrix"])
def compressed_as(request, monkeypatch):
    """Features of any size are worth compressing, in boxes or only on the span of a few of them."""
    monkeypatch.setattr(feature_coupling, "SMALL", 0)
    monkeypatch.setattr(feature_coupling, "PAYS", 10.0)
    if request.param == "one matrix":
        boxes = feature_coupling._boxes
        monkeypatch.setattr(feature_coupling, "_boxes", lambda *of: 100 * boxes(*of))
    return {"boxes": BoxFeatures, "one matrix": Features}[request.param]


@every_loss
def test_compression_keeps_energies_and_potentials_within_its_bound(name, outputs, compressed_as):
    tolerance = 1e-2
    case = small(name, outputs, **{"eulerian.compression": tolerance})
    model = build_model(case)
    mesh = model.parameters.mesh()
    plain = model.on_mesh(mesh)
    other = plain.compressed(mesh, tolerance)
    kept = other.coupling.features if outputs > 1 else other.coupling
    assert isinstance(kept, compressed_as)
    assert kept.rank < 20
    assert 0 < kept.error < 2 * tolerance

    density = mesh.average_density([c.law for c in model.parameters.free])
    masses = (density * mesh.volumes).reshape(len(plain.amplitude), -1)
    one, another = plain.moments(masses), other.moments(masses)
    a = np.stack(np.meshgrid(*[axis.centres for axis in mesh.axes[:outputs]], indexing="ij"))
    by_amplitude = (density * mesh.volumes).reshape(*mesh.shape[:outputs], -1).sum(axis=-1)
    size = np.sqrt(sum(np.sum(np.abs(of_one) * by_amplitude) ** 2 for of_one in a))
    f_error = np.sqrt(model.square_norm(other.energy.prediction(another.linear) - one.linear))
    assert 0 < f_error <= size * kept.error * (1 + 1e-6)
    steep, bend = plain.energy.slope_norm(one.linear), model.loss.curvature_bound
    bound = 2 * size * kept.error * steep + bend * (size * kept.error) ** 2
    assert abs(other.energy.value(another) - plain.energy.value(one)) <= bound
    steep = other.energy.slope_norm(another.linear)
    slopes = plain.energy.source(other.energy.prediction(another.linear))
    v, w = (
        of.values(source) for of, source in ((plain, slopes), (other, other.energy.source(another.linear)))
    )
    largest = np.sqrt(np.sum(a**2, axis=0)).ravel()
    largest = largest[:, None] if outputs == 1 else np.repeat(largest, v.size // largest.size)
    assert np.all(np.abs(v - w) <= largest * kept.error * steep * (1 + 1e-6) + 1e-12)


@few_at_once
def test_backends_agree_where_features_are_compressed(name, outputs, compressed_as, device):
    case = small(name, outputs, **{"eulerian.compression": 1e-2})
    reference = solved(case, until=0.1)
    found = solved(case.replace({"eulerian.backend": "opencl"}), device, until=0.1)
    np.testing.assert_allclose(found.prediction, reference.prediction, rtol=0, atol=1e-11)
    assert found.state.energy == pytest.approx(reference.state.energy, abs=1e-11)
