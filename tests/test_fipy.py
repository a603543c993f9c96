"""The independent solver: FiPy's convection terms give the same density, to the errors of the schemes."""

import numpy as np
import pytest
from conftest import build_backends, rough_density, small_case

from mfpde.errors import InputError
from mfpde.eulerian.fipy_backend import FipyBackend
from mfpde.eulerian.solver import build_solver
from mfpde.models.network import build_network

FIXED = {1: {"parameters.w": {"fixed": 1.0}, "parameters.b": {"fixed": 0.5}}, 2: {"parameters.b": {"fixed": 0.5}}, 3: {}}


@pytest.mark.parametrize("axes", FIXED)
def test_upwind_rates_are_equal_to_rounding(axes, device):
    """First-order upwind with velocities from potential differences is one and the same scheme, in code we did not write."""
    case = small_case(**FIXED[axes], **{"eulerian.scheme": "upwind", "parameters.a.mobility": 0.7})
    network, mesh, backends = build_backends(case, device, forms=("row",))
    backends["fipy"] = FipyBackend(mesh, network.on_mesh(mesh), "upwind", "float64")
    density = rough_density(mesh)
    rates = {}
    for name, backend in backends.items():
        field = backend.upload(density)
        rates[name] = backend.rate(field, backend.potential(network.residual(backend.moments(field).linear)))
        rates[name] = (backend.download(rates[name].field), rates[name])
    scale = density.max() * rates["numpy"][1].courant
    np.testing.assert_allclose(rates["fipy"][0], rates["row"][0], rtol=0, atol=1e-13 * scale)
    assert rates["fipy"][1].dissipation == pytest.approx(rates["row"][1].dissipation, rel=1e-10)
    assert rates["fipy"][1].courant >= rates["row"][1].courant * (1 - 1e-12)


def solve(case, device):
    solver = build_solver(case, build_network(case), device)
    solver.advance(case.time)
    return solver


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("axes", [2, 3])
def test_second_order_solutions_agree_within_their_errors(axes, alpha, device):
    case = small_case(**FIXED[axes], **{"dynamics.birth_death": alpha, "eulerian.scheme": "vanleer", "time": 0.5})
    fipy, ours = solve(case.replace({"eulerian.backend": "fipy"}), device), solve(case, device)
    cells = {f"parameters.{axis.name}.cells": 3 * axis.cells for axis in ours.mesh.axes}
    exact = solve(case.replace(cells), device).state.moments.linear
    errors = [np.abs(s.state.moments.linear - exact).max() for s in (fipy, ours)]
    difference = np.abs(fipy.state.moments.linear - ours.state.moments.linear).max()
    assert difference <= sum(errors)
    assert errors[0] < 20 * errors[1]
    assert fipy.mass_drift < 1e-12


def test_what_fipy_cannot_do_is_said():
    case = small_case(**{"eulerian.backend": "fipy", "eulerian.precision": "float32"})
    with pytest.raises(InputError, match="float64"):
        build_solver(case, build_network(case))
