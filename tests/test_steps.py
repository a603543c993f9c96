"""Steps and mass: implicit steps are chosen by accuracy and not by walls, tails set no step, mass is kept for
ever and its loss is noticed.
"""

from pathlib import Path

import numpy as np
import pytest
from conftest import build_backends, rough_density, small_case
from scipy.integrate import quad
from scipy.optimize import brentq

from mfpde.case.load import case_from_tables
from mfpde.errors import RunError
from mfpde.eulerian import solver as solvers
from mfpde.eulerian.backend import faint_density
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.step_control import StepControl
from mfpde.models import build_model


def double_well(**changes):
    """Dawson's model of interacting diffusions (1983, doi:10.1007/BF01010922)."""
    tables = {
        "time": 60.0,
        "model": {"kind": "potential", "external": "x^4/4 - x^2/2", "interaction": "x^2/2"},
        "parameters": {
            "x": {"domain": [-4, 4], "cells": 161, "initial": {"law": "normal", "mean": 1, "std": 0.5}}
        },
        "dynamics": {"diffusion": 0.3},
        "lagrangian": {"units": []},
    }
    case = case_from_tables(tables, Path("double_well.toml"))
    return case.replace(changes) if changes else case


def built(case):
    return build_solver(case, build_model(case))


def stationary_mean(tau):
    """m > 0 with m = int x exp(-(x^4/4 - m x)/tau) / Z."""

    def excess(m):
        integrals = [
            quad(lambda x, k=k: x**k * np.exp(-(x**4 / 4 - m * x) / tau), -5, 5, epsabs=1e-13)[0]
            for k in (0, 1)
        ]
        return integrals[1] / integrals[0] - m

    return brentq(excess, 0.2, 1.5)


def mean(solver):
    axis = solver.mesh.axes[0]
    masses = solver.mesh.marginal(solver.density(), axis.name) * axis.widths
    return float(masses @ axis.centres / masses.sum())


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_double_well_reaches_its_stationary_mean_in_few_steps(precision):
    solver = built(double_well(**{"eulerian.precision": precision}))
    solver.advance(60.0)
    assert mean(solver) == pytest.approx(stationary_mean(0.3), abs=2e-5)
    assert solver.steps < 220
    assert solver.energy_rise < 1e-12 if precision == "float64" else solver.energy_rise < 1e-5


def test_walls_where_there_is_no_mass_set_no_step():
    steps = []
    for width, cells in ((4, 81), (8, 161)):  # the force at the wall is 8 times as large
        solver = built(double_well(**{"parameters.x.domain": [-width, width], "parameters.x.cells": cells}))
        solver.advance(1.0)
        steps.append(solver.steps)
    assert steps[1] < 1.5 * steps[0]


def test_time_has_no_scale_of_its_own():
    """The same flow a million times as fast, and as slow: the same steps, the same density."""
    found = []
    for scale in (1.0, 1e-6, 1e6):
        changes = {
            "model.external": f"({scale}) * (x^4/4 - x^2/2)",
            "model.interaction": f"({scale}) * x^2/2",
            "dynamics.diffusion": 0.3 * scale,
        }
        solver = built(double_well(**changes, time=2.0 / scale, **{"parameters.x.cells": 41}))
        solver.advance(2.0 / scale)
        found.append((solver.steps, solver.density()))
    for steps, density in found[1:]:
        assert steps == pytest.approx(found[0][0], abs=2)
        assert density == pytest.approx(found[0][1], rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("scheme", ["scharfetter_gummel", "strang"])
def test_a_smaller_tolerance_gives_a_smaller_error(scheme):
    def density(tolerance, longest=None):
        changes = {
            "eulerian.tolerance": tolerance,
            "eulerian.diffusion_scheme": scheme,
            "parameters.x.cells": 24,
        }
        solver = built(double_well(**changes, **({"eulerian.max_step": longest} if longest else {})))
        solver.advance(0.2)
        return solver.density(), solver.mesh.volumes

    exact, volumes = density(2, 1e-3)
    errors = [
        float(np.sum(np.abs(density(tolerance)[0] - exact) * volumes)) for tolerance in (1e-3, 1e-5, 1e-6)
    ]
    if scheme == "strang":  # transport keeps steps short here, and its own error small
        assert max(errors) < 1e-4
        return
    assert errors[0] < 2e-2
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[1] / 2


@pytest.mark.slow
def test_reactions_are_held_to_the_tolerance():
    coarse = {f"parameters.{name}.cells": 9 for name in "awb"}

    def solved(**settings):
        solver = built(
            small_case(
                **coarse,
                **{"dynamics.birth_death": 20.0},
                **{f"eulerian.{key}": value for key, value in settings.items()},
            )
        )
        solver.advance(0.5)
        return solver

    exact = solved(max_step=0.001, tolerance=2)
    errors, limits = [], []
    for tolerance in (2, 1e-5, 1e-7):
        solver = solved(tolerance=tolerance)
        errors.append(solver.stepper.backend.distance(solver.state.field, exact.state.field))
        limits.append(solver.limits["accuracy"])
    assert limits[0] == 0
    assert limits[2] > limits[1]
    assert errors[2] < errors[1] / 3 < errors[0]


def test_faint_tails_set_no_step():
    """Explicit transport, a start so narrow that it is 1e-300 at the steep walls, and a little heat that
    reaches them.
    """
    changes = {
        "dynamics.diffusion": 1e-3,
        "eulerian.diffusion_scheme": "strang",
        "parameters.x.initial": {"law": "normal", "std": 0.1},
    }
    solver = built(double_well(**changes, **{"parameters.x.domain": [-8, 8], "parameters.x.cells": 160}))
    solver.advance(1.0)
    density = solver.density()
    assert 0 < density[0] < 1e-40  # heat is there
    assert solver.steps < 200  # for the wall alone, where |dV/dx| = 504, they would be 10000
    assert density.min() >= 0
    assert solver.mass_drift < 1e-12


@pytest.mark.parametrize("cells", [7, 12])
def test_nothing_leaves_a_faint_cell(device, cells):
    case = double_well(**{"parameters.x.cells": cells})
    faint = faint_density(build_model(case).parameters.mesh())
    model, mesh, backends = build_backends(case, device, faint=faint)
    energy, density, rates = model.on_mesh(mesh).energy, rough_density(mesh), []
    density[::3] = faint / 2
    for backend in backends.values():
        field = backend.upload(density)
        rate = backend.rate(field, backend.potential(energy.source(backend.moments(field).linear)))
        rates.append((backend.download(rate.field), rate.courant, rate.dissipation))
        assert np.all(rates[-1][0][::3] >= 0)  # mass comes in, and none leaves
        assert np.sum(rates[-1][0] * mesh.volumes) == pytest.approx(0, abs=1e-12 * np.abs(rates[-1][0]).max())
    for rate, courant, dissipation in rates[1:]:
        assert rate == pytest.approx(rates[0][0], rel=1e-12, abs=1e-12 * np.abs(rates[0][0]).max())
        assert (courant, dissipation) == pytest.approx(rates[0][1:], rel=1e-12)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_backends_agree_on_distances_and_on_what_is_not_negative(device, precision):
    _, mesh, backends = build_backends(small_case(**{"eulerian.precision": precision}), device)
    x, y = rough_density(mesh, 0), rough_density(mesh, 1)
    rounding = 8 * float(np.finfo(precision).eps)
    for backend in backends.values():
        there, here = backend.upload(x), backend.upload(y)
        assert backend.distance(there, here) == pytest.approx(
            float(np.sum(np.abs(x - y) * mesh.volumes)), rel=rounding
        )
        assert backend.distance(there, there) == 0
        signed = backend.combine(1.0, there, -1.0, here, 0.0, here)[0]
        assert backend.download(backend.nonnegative(signed)) == pytest.approx(
            np.maximum(x - y, 0), abs=rounding * x.max()
        )


def test_mass_that_rounding_takes_is_given_back(monkeypatch):
    """Every step loses what rounding may: the run goes on, mass stays 1, and it is counted."""
    solver = built(double_well(**{"parameters.x.cells": 41, "eulerian.max_step": 0.01}))
    backend = solver.stepper.backend
    implicit = type(backend).implicit
    monkeypatch.setattr(type(backend), "implicit", lambda self, *given: implicit(self, *given) * (1 - 4e-15))
    for k in range(200):
        solver.advance(0.01 * (k + 1))
        assert abs(solver.state.moments.mass - 1) < 1e-12
    assert solver.corrections > 2
    assert solver.corrected == pytest.approx(solver.corrections * 5e-13, rel=0.1)


def test_mass_that_something_else_takes_ends_the_run(monkeypatch):
    solver = built(double_well(**{"parameters.x.cells": 41}))
    backend = solver.stepper.backend
    implicit = type(backend).implicit
    monkeypatch.setattr(type(backend), "implicit", lambda self, *given: implicit(self, *given) * (1 - 1e-11))
    with pytest.raises(RunError, match=r"mass became .* rounding can change"):
        solver.advance(1.0)


def test_estimates_are_taken_seldom_where_they_cost_more_than_the_step():
    control = StepControl(1e-5, "float64", always=False)
    assert control.due(0.1)
    assert control.allows(0.1, 1e-6)
    assert control.longest >= 0.1
    taken = 0
    while not control.due(0.1):
        control.passed()
        taken += 1
    assert taken == 8
    assert control.due(0.11)  # a longer step than the one that was estimated
    assert not control.allows(0.11, 1e-2)
    assert control.longest < 0.02


def test_slow_means_are_followed_however_little_they_change():
    """Just above its critical temperature the mean falls like t^(-1/2): much slower than all else, and by
    less than the tolerance per step.
    """
    case = double_well(**{"dynamics.diffusion": 0.457, "parameters.x.cells": 41})
    means = []
    for tolerance in (1e-5, 1e-6):
        solver = built(case.replace({"eulerian.tolerance": tolerance}))
        solver.advance(100.0)
        means.append(mean(solver))
    assert 0.1 < means[0] == pytest.approx(means[1], rel=1e-2)


def test_steps_grow_once_the_density_has_settled():
    solver = built(double_well(**{"parameters.x.cells": 41}))
    solver.advance(1e9)
    assert mean(solver) == pytest.approx(stationary_mean(0.3), abs=1e-4)
    assert solver.steps < 500


def test_half_steps_are_about_twice_as_many():
    case = double_well(**{"parameters.x.cells": 41})
    steps = []
    for fraction in (1.0, 0.5):
        solver = build_solver(case, build_model(case), fraction=fraction)
        solver.advance(5.0)
        steps.append(solver.steps)
    assert 1.3 < steps[1] / steps[0] < 2.5  # those that the mesh sets, at the start, hardly grow in number


def test_corrections_are_told(monkeypatch):
    monkeypatch.setattr(solvers, "KEPT_MASS", {"float64": 0.0})
    solver = built(double_well(**{"parameters.x.cells": 21}))
    solver.advance(0.5)
    assert 0 < solver.corrections <= solver.steps
    assert solver.corrected < 1e-13
