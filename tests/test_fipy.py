"""The independent solver: FiPy's terms and SciPy's time steps give the same density, to the errors of the
schemes.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from conftest import rough_density, small_case
from scipy.integrate import solve_ivp
from scipy.stats import norm

from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.fipy_stepper import FipyStepper
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.laws.normal import Normal
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models import build_model

FIXED = {
    1: {"parameters.w": {"fixed": 1.0}, "parameters.b": {"fixed": 0.5}},
    2: {"parameters.b": {"fixed": 0.5}},
    3: {},
}


def build_stepper(case, model, mesh, together=True):
    return FipyStepper(mesh, model.on_mesh(mesh), model.scale, case.eulerian, case.dynamics, together)


def assert_upwind_rates_are_equal(case, mesh):
    model = build_model(case)
    arrays, density = model.on_mesh(mesh), rough_density(mesh)
    backend = NumpyBackend(mesh, arrays, "upwind", "float64")
    ours = backend.rate(density, backend.potential(arrays.energy.source(backend.moments(density).linear)))
    theirs = build_stepper(case, model, mesh).rate(density.ravel()).reshape(mesh.shape)
    np.testing.assert_allclose(theirs, ours.field, rtol=0, atol=1e-13 * density.max() * ours.courant)


@pytest.mark.parametrize("axes", FIXED)
def test_upwind_rates_are_equal_to_rounding(axes):
    """First-order upwind with velocities from potential differences is one and the same scheme, in code we
    did not write.
    """
    case = small_case(**FIXED[axes], **{"eulerian.scheme": "upwind", "parameters.a.mobility": 0.7})
    assert_upwind_rates_are_equal(case, build_model(case).parameters.mesh())


def uniform(cells):
    return Axis("x", np.linspace(-4, 4, cells + 1))


def stretched(cells, name="x"):
    """An axis whose cells grow away from its middle, by a smooth map."""
    return Axis(name, 4 * np.sinh(np.linspace(-1, 1, cells + 1)) / np.sinh(1.0))


@pytest.mark.parametrize(
    ("names", "circles"),
    [(n, "".join(c)) for n in ("x", "xy", "xyz") for k in range(4) for c in combinations(n, k)],
)
def test_upwind_rates_are_equal_on_circles_and_stretched_axes(names, circles):
    case = potential_case(
        "sin(x) + cos(x)" + "".join(f" + sin(x - {name})" for name in names[1:]),
        names,
        **{"eulerian.scheme": "upwind"},
    )
    faces = np.linspace(0, 2 * np.pi, 8)
    axes = [
        Axis(n, faces[: 8 - k] * (7 / (7 - k)), periodic=True) if n in circles else stretched(8 + k, n)
        for k, n in enumerate(names)
    ]
    assert_upwind_rates_are_equal(case, Mesh(axes))


def solve(case, device):
    solver = build_solver(case, build_model(case), device)
    solver.advance(case.time)
    return solver


def solve_by_fipy(case):
    case = case.replace({"eulerian.backend": "fipy"})
    solver = build_solver(case, build_model(case))
    assert isinstance(solver.stepper, FipyStepper)
    solver.advance(case.time)
    return solver


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize(("axes", "refinement"), [(2, 1.0), (3, 0.75)])
def test_second_order_solutions_approach_each_other(axes, refinement, alpha, device):
    """Limited upwind slopes split from the reaction, and central differences unsplit: they share nothing but
    their limit.
    """
    case = small_case(
        **FIXED[axes], **{"dynamics.birth_death": alpha, "eulerian.scheme": "vanleer", "time": 0.5}
    )
    free = {name: p.cells for name, p in case.parameters.items() if p.fixed is None}
    runs = []
    for factor in (refinement, 2 * refinement):
        meshed = case.replace(
            {f"parameters.{name}.cells": round(factor * cells) for name, cells in free.items()}
        )
        runs.append((solve_by_fipy(meshed), solve(meshed, device)))
    exact = solve(
        case.replace({f"parameters.{name}.cells": 3 * cells for name, cells in free.items()}), device
    ).prediction
    errors = [[np.abs(s.prediction - exact).max() for s in pair] for pair in runs]
    differences = [np.abs(fipy.prediction - ours.prediction).max() for fipy, ours in runs]
    assert differences[1] < differences[0] / 2
    assert errors[0][0] < 2 * errors[0][1]
    assert max(fipy.mass_drift for fipy, _ in runs) < 1e-12


@pytest.mark.parametrize(
    "dynamics",
    [{"birth_death": 0.0}, {"birth_death": 1.0}, {"birth_death": 1.0, "reaction": "entropic"}],
    ids=["diffusion", "plain", "entropic"],
)
def test_with_the_same_fluxes_only_the_splitting_differs(dynamics, device):
    """Exponential fluxes are those of Scharfetter and Gummel, so the solvers differ in time alone: at second
    order in our steps.
    """
    keys = {f"dynamics.{key}": value for key, value in {**dynamics, "diffusion": 0.05}.items()}
    case = small_case(**FIXED[2], **keys, **{"eulerian.diffusion_scheme": "scharfetter_gummel", "time": 0.5})
    fipy = solve_by_fipy(case)
    differences = []
    for step in (0.1, 0.025):
        ours = solve(case.replace({"eulerian.max_step": step}), device)
        differences.append(np.abs(fipy.prediction - ours.prediction).max())
        assert fipy.state.entropy == pytest.approx(ours.state.entropy, abs=20 * differences[-1])
    assert differences[0] < 5e-4
    assert differences[1] < differences[0] / 8


def potential_case(external, names="x", **changes):
    """A measure in a potential, from a normal law of mean 1 and deviation 0.4 on every axis."""
    axis = {"domain": [-4, 4], "cells": 32, "initial": {"law": "normal", "mean": 1.0, "std": 0.4}}
    tables = {
        "time": 1.0,
        "model": {"kind": "potential", "external": external},
        "parameters": dict.fromkeys(names, axis),
        "lagrangian": {"units": []},
    }
    return case_from_tables(tables, Path("potential.toml")).replace(changes)


def gaussian(case):
    """Mean and variance at the end: in V = x^2/2 a normal law stays normal."""
    alpha, tau = case.dynamics.birth_death, case.dynamics.diffusion
    entropic = alpha * tau if case.dynamics.reaction == "entropic" else 0.0

    def rates(_, state):
        mean, variance = state
        return [
            -(1 + alpha * variance) * mean,
            -2 * variance - alpha * variance**2 + 2 * tau + entropic * variance,
        ]

    return solve_ivp(rates, (0, case.time), [1.0, 0.16], rtol=1e-10, atol=1e-12).y[:, -1]


def error_of(case, axis, together=True):
    """L1 distance to the exact cell averages on a mesh of one axis."""
    model, mesh = build_model(case), Mesh([axis])
    stepper = build_stepper(case, model, mesh, together)
    end = stepper.step(stepper.states.of(mesh.average_density([Normal(1.0, 0.4)])), case.time)
    assert end.state.moments.mass == pytest.approx(1, abs=1e-13)
    assert end.least > -1e-3
    mean, variance = gaussian(case)
    return np.abs(
        np.diff(norm.cdf(axis.faces, mean, np.sqrt(variance))) - end.state.field * axis.widths
    ).sum()


@pytest.mark.slow
@pytest.mark.parametrize("make", [uniform, stretched])
def test_diffusion_converges_at_second_order(make):
    case = potential_case("x^2/2", **{"dynamics.diffusion": 0.25})
    mean, variance = gaussian(case)
    assert mean == pytest.approx(np.exp(-1))
    assert variance == pytest.approx(0.16 * np.exp(-2) + 0.25 * (1 - np.exp(-2)))
    errors = [error_of(case, make(n)) for n in (16, 32, 64)]
    assert errors[2] < 1e-2
    assert np.log2(errors[0] / errors[1]) > 1.7
    assert np.log2(errors[1] / errors[2]) > 1.9


@pytest.mark.slow
@pytest.mark.parametrize("reaction", ["plain", "entropic"])
def test_reaction_with_diffusion_converges_at_second_order(reaction):
    case = potential_case(
        "x^2/2",
        **{
            "dynamics.diffusion": 0.25,
            "dynamics.birth_death": 1.0,
            "dynamics.reaction": reaction,
            "time": 0.5,
        },
    )
    errors = [error_of(case, uniform(n)) for n in (20, 40, 80)]
    assert errors[2] < 1e-2
    assert np.log2(errors[0] / errors[1]) > 1.7
    assert np.log2(errors[1] / errors[2]) > 1.9


def test_little_diffusion_needs_central_differences():
    """Exponential fluxes turn upwind, of first order, where a cell is wider than tau / |grad V|."""
    case = potential_case("x^2/2", **{"dynamics.diffusion": 0.02, "time": 0.5})
    axis = uniform(128)
    assert error_of(case, axis, together=False) < error_of(case, axis, together=True) / 2


def test_diffusion_on_a_circle_is_that_of_the_heat_equation():
    """On a circle without potential, mobility scales the rate: the first mode decays as exp(-m tau t)."""
    case = potential_case("0*x*y", "xy", **{"dynamics.diffusion": 0.5})
    mesh = Mesh(
        [
            Axis("x", np.linspace(0, 2 * np.pi, 33), periodic=True, mobility=0.5),
            Axis("y", np.linspace(0, 1, 5), mobility=0.0),
        ]
    )
    x, model = mesh.axes[0].centres, build_model(case)
    stepper = build_stepper(case, model, mesh)
    along = np.array([1.0, 0.5, 1.5, 1.0])  # an axis without mobility does not diffuse
    start = np.multiply.outer(1 + np.cos(x - 0.3), along) / (2 * np.pi)
    end = stepper.step(stepper.states.of(start), 1.0).state.field
    exact = np.multiply.outer(1 + np.exp(-0.25) * np.cos(x - 0.3), along) / (2 * np.pi)
    np.testing.assert_allclose(end, exact, rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"eulerian.precision": "float32"}, "in float64, not in float32"),
        (
            {"dynamics.birth_death": 1.0, "dynamics.births": {name: {"law": "normal"} for name in "awb"}},
            "without births",
        ),
        ({"data.inputs.dimension": 2}, "on 1 to 3 axes, not on 4"),
    ],
)
def test_what_fipy_cannot_do_is_said(changes, message):
    case = small_case(**changes)
    model = build_model(case)
    with pytest.raises(InputError, match=message):
        build_stepper(case, model, model.parameters.mesh())
