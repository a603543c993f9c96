"""Every penalty of the registry: its derivatives, its kernels, its infimum, and a mesh that goes downhill."""

import numpy as np
import pytest
from losses import loss_case
from test_losses import assert_alike, backends_of, drawn

from mfpde.eulerian.build import build_solver
from mfpde.kinds import PENALTIES
from mfpde.models.network import build_network
from mfpde.models.penalty import build_penalty

every_penalty = pytest.mark.parametrize("kind", list(PENALTIES))
A = np.array([-30.0, -2.0, -0.3, 0.02, 0.7, 5.0, 200.0])


def penalised(kind, **changes):
    """A network that is learnt under a penalty."""
    return loss_case("square", **{"model.penalty": {"kind": kind, "lambda": 0.2}} | changes)


@every_penalty
def test_slope_and_curvature_are_derivatives(kind):
    penalty = build_penalty(penalised(kind).model.penalty)
    step = 1e-5 * np.abs(A)
    for function, derivative in [
        (penalty.amplitude, penalty.slope),
        (penalty.slope, penalty.curvature),
    ]:
        found = (function(A + step) - function(A - step)) / (2 * step)
        np.testing.assert_allclose(derivative(A), found, rtol=1e-6, atol=1e-9)


@every_penalty
def test_it_is_least_at_no_amplitude_and_even(kind):
    penalty = build_penalty(penalised(kind).model.penalty)
    np.testing.assert_allclose(penalty.amplitude(A), penalty.amplitude(-A), rtol=1e-15)
    assert np.all(penalty.amplitude(A) > penalty.amplitude(np.zeros(1)))
    assert np.all(penalty.slope(A) * A > 0)


@every_penalty
def test_the_infimum_is_below_every_amplitude_and_reached(kind):
    penalty, h = build_penalty(penalised(kind).model.penalty), np.array([-0.3, 0.0, 0.1, 2.0])
    a = np.linspace(-3, 3, 20001)
    values = a * h[:, None] + penalty.amplitude(a)
    np.testing.assert_allclose(penalty.infimum(h, -3, 3), values.min(axis=1), rtol=1e-5, atol=1e-7)


@every_penalty
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_kernels_equal_the_reference_to_rounding(kind, precision, device):
    case = penalised(kind, **{"lagrangian.precision": precision})
    network, reference, kernels = backends_of(case, device, alpha=1.0)
    assert_alike(network, reference, kernels, drawn(network, precision))


@every_penalty
@pytest.mark.parametrize("backend", ["numpy", "opencl"])
def test_a_density_loses_the_energy_that_is_dissipated(kind, backend, device):
    """What is not dissipated is of second order in the step."""
    rests = []
    for step in (0.04, 0.01):
        case = penalised(kind, **{"eulerian.backend": backend, "eulerian.max_step": step})
        solver = build_solver(case, build_network(case), device if backend == "opencl" else None)
        before = solver.state.energy
        solver.advance(0.2)
        assert solver.energy_rise <= 1e-13
        rests.append(abs(before - solver.state.energy - solver.dissipated) / (before - solver.state.energy))
    assert rests[1] < min(1e-5, 0.5 * rests[0])
