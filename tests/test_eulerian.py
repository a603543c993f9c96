"""The density in time: invariants at every step, agreement of backends, exact solutions, published values."""

import numpy as np
import pytest
from conftest import build_backends, small_case
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from mfpde.case import load_case
from mfpde.errors import RunError
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.stepper import Stepper
from mfpde.kinds import LIMITERS
from mfpde.models.network import build_network


def solve(case, until, device):
    solver = build_solver(case, build_network(case), device)
    solver.advance(until)
    return solver


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_backends_agree_after_100_steps_to_1e_12(alpha, device):
    case = small_case(**{"dynamics.birth_death": alpha, "eulerian.max_step": 0.05})
    network, mesh, backends = build_backends(case, device)
    densities = {}
    for name, backend in backends.items():
        stepper = Stepper(backend, network.risk, network.scale, case.eulerian, case.dynamics)
        state = stepper.states.of(
            backend.upload(mesh.average_density([c.law for c in network.parameters.free]))
        )
        for _ in range(100):
            state = stepper.step(state, 100.0).state
        densities[name] = backend.download(state.field)
    for form in ("row", "cell"):
        np.testing.assert_allclose(
            densities[form], densities["numpy"], rtol=0, atol=1e-12 * densities["numpy"].max()
        )


@pytest.mark.parametrize("scheme", list(LIMITERS))
@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_mass_positivity_and_decay_of_energy_at_every_step(scheme, alpha, device):
    case = small_case(**{"eulerian.scheme": scheme, "dynamics.birth_death": alpha})
    solver = build_solver(case, build_network(case), device)
    energies = [solver.state.energy]
    solver.advance(4.0, lambda s: energies.append(s.state.energy))
    assert np.all(np.diff(energies) <= 0)
    assert solver.mass_drift <= 1e-12
    assert solver.least == 0
    assert solver.density().min() >= 0


@settings(max_examples=15, deadline=None)
@given(
    cells=st.tuples(st.integers(5, 12), st.integers(5, 12), st.integers(5, 12)),
    std=st.floats(0.2, 1.5),
    power=st.sampled_from([1.0, 1.5, 2.0, 3.0]),
    alpha=st.sampled_from([0.0, 1.0, 10.0]),
    activation=st.sampled_from(["relu", "tanh", "cos", "quadratic", "gaussian"]),
    scheme=st.sampled_from(list(LIMITERS)),
)
def test_invariants_hold_for_random_cases(cells, std, power, alpha, activation, scheme):
    changes = {f"parameters.{name}.cells": n for name, n in zip("awb", cells, strict=True)}
    changes |= {f"parameters.{name}.initial.std": std for name in "awb"}
    case = small_case(
        **changes, **{"model.activation": activation, "model.penalty": {"lambda": 0.1, "power": power}}
    )
    case = case.replace(
        {"dynamics.birth_death": alpha, "eulerian.scheme": scheme, "eulerian.backend": "numpy"}
    )
    solver = solve(case, 0.5, None)
    assert solver.energy_rise <= 1e-13 * (1 + abs(solver.state.energy))
    assert solver.mass_drift <= 1e-12
    assert solver.density().min() >= 0


def test_reflection_of_an_odd_problem_is_kept(device):
    """tanh is odd: V(a, w, b) = V(-a, -w, -b), so a density symmetric under that reflection stays
    symmetric.
    """
    density = solve(small_case(), 2.0, device).density()
    np.testing.assert_allclose(density, density[::-1, ::-1, ::-1], rtol=0, atol=1e-13 * density.max())


def test_dissipation_accounts_for_the_energy_lost(device):
    for alpha in (0.0, 1.0):
        case = small_case(**{"dynamics.birth_death": alpha, "eulerian.max_step": 0.02})
        solver = build_solver(case, build_network(case), device)
        before = solver.state.energy
        solver.advance(2.0)
        assert solver.dissipated == pytest.approx(before - solver.state.energy, rel=2e-3)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_single_precision_stays_within_its_rounding(precision, device):
    solver = solve(small_case(**{"eulerian.precision": precision, "dynamics.birth_death": 1.0}), 2.0, device)
    exact = solve(small_case(**{"dynamics.birth_death": 1.0}), 2.0, device)
    tolerance = 1e-14 if precision == "float64" else 1e-5
    assert solver.state.energy == pytest.approx(exact.state.energy, rel=tolerance)
    assert solver.mass_drift < (1e-12 if precision == "float64" else 1e-5)


@pytest.mark.parametrize(("scheme", "cells", "tolerance"), [("upwind", 17, 2e-6), ("fromm", 65, 1e-5)])
def test_frozen_features_follow_the_exact_exponential(scheme, cells, tolerance, device):
    """If only a moves, f_t - f* = exp(-K t)(f_0 - f*); upwind moves the mean of a exactly on any mesh, Fromm
    where it is not clipped.
    """
    changes = {
        "parameters.w.mobility": 0.0,
        "parameters.b.mobility": 0.0,
        "model.penalty": {"lambda": 0.0},
        "parameters.a.domain": [-6, 6],
        "parameters.a.cells": cells,
    }
    case = small_case(**changes, **{"eulerian.scheme": scheme, "eulerian.max_step": 0.005})
    solver = build_solver(case, build_network(case), device)
    network, mesh, start = solver.model, solver.mesh, solver.prediction
    features = network.on_mesh(mesh).coupling.matrix
    law = (
        solver.density().sum(axis=0)
        * mesh.axes[0].widths[0]
        * np.multiply.outer(mesh.axes[1].widths, mesh.axes[2].widths)
    )
    kernel = features.T @ (law.ravel()[:, None] * features) * network.data.weights
    solver.advance(1.0)
    values, vectors = np.linalg.eig(kernel)
    exact = network.data.y + np.real(
        vectors @ (np.exp(-values) * np.linalg.solve(vectors, start - network.data.y))
    )
    assert np.abs(solver.prediction - exact).max() < tolerance
    assert np.abs(start - exact).max() > 0.05


def linear_network(cells, alpha):
    """phi = a w x, c = E x^2 = 1, f* = 1.5 x, r = .15 (a^2 + w^2): Gaussians stay Gaussian (NUMERICS
    4(h)).
    """
    axis = {"domain": [-4, 4], "cells": cells}
    a = axis | {"initial": {"law": "normal", "mean": 0.6, "std": 0.5}}
    w = axis | {"initial": {"law": "normal", "mean": 0.2, "std": 0.4}}
    return small_case(
        parameters={"a": a, "w": w},
        data={"teacher": "1.5*x0", "inputs": {"law": "grid", "low": -1, "high": 1, "points": 2}},
        **{
            "model": {"activation": "linear", "bias": False, "penalty": {"lambda": 0.15, "confinement": 0.15}}
        },
        **{"dynamics.birth_death": alpha, "eulerian.max_step": 0.02},
    )


def gaussian_closure(alpha, until):
    """Mean and covariance of the five-equation closure m' = -(1 + alpha S) g, S' = -(HS + SH) - alpha
    S H S.
    """

    def rhs(_, state):
        m, s = state[:2], np.array([[state[2], state[3]], [state[3], state[4]]])
        h = s[0, 1] + m[0] * m[1] - 1.5
        hessian = np.array([[0.3, h], [h, 0.3]])
        dm = -(np.eye(2) + alpha * s) @ hessian @ m
        ds = -(hessian @ s + s @ hessian) - alpha * s @ hessian @ s
        return [*dm, ds[0, 0], ds[0, 1], ds[1, 1]]

    return solve_ivp(rhs, (0, until), [0.6, 0.2, 0.25, 0.0, 0.16], rtol=1e-11, atol=1e-12).y[:, -1]


def mean_and_covariance(solver):
    density, mesh = solver.density(), solver.mesh
    mass = density * mesh.volumes
    a, w = np.meshgrid(*(axis.centres for axis in mesh.axes), indexing="ij")
    m = np.array([np.sum(mass * a), np.sum(mass * w)])
    return np.array(
        [
            *m,
            np.sum(mass * (a - m[0]) ** 2),
            np.sum(mass * (a - m[0]) * (w - m[1])),
            np.sum(mass * (w - m[1]) ** 2),
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_linear_network_converges_to_the_gaussian_closure_at_second_order(alpha, device):
    exact = gaussian_closure(alpha, 2.0)
    errors = [
        np.abs(mean_and_covariance(solve(linear_network(cells, alpha), 2.0, device)) - exact).max()
        for cells in (33, 65, 129)
    ]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 1.7), (errors, orders)
    assert errors[-1] < 3e-3


@pytest.mark.parametrize("cells", [64, 128])
def test_ott_antonsen_circle_spreads_as_the_closed_form_says(cells, device):
    """V = X cos + Y sin with (X, Y) = E(cos, sin): r(t)^-2 = 1 + (r0^-2 - 1) e^t for wrapped Cauchy laws
    (NUMERICS 4(g')).
    """
    period = 2 * np.pi
    case = small_case(
        parameters={
            "a": {"fixed": 1.0},
            "w": {"fixed": 1.0},
            "b": {
                "domain": [0, period],
                "cells": cells,
                "periodic": True,
                "initial": {"law": "uniform", "low": 0, "high": period},
            },
        },
        # two data: phi = cos(b), cos(b - pi/2) with weights 1 each
        data={"teacher": "0*x0", "inputs": {"law": "grid", "low": -np.pi / 2, "high": 0, "points": 2}},
        **{"model.activation": "cos", "model.penalty": {}, "eulerian.max_step": 0.02},
    )
    network = build_network(case)
    solver = build_solver(case, network, device)
    r0 = 0.5
    angle = solver.mesh.axes[0].faces
    cumulative = 0.5 + np.arctan((1 + r0) / (1 - r0) * np.tan((angle - np.pi) / 2)) / np.pi
    cumulative[[0, -1]] = 0, 1
    density = np.diff(cumulative) / solver.mesh.axes[0].widths
    solver.state = solver.stepper.states.of(solver.stepper.backend.upload(density))
    # the two weights are 1/2, so time runs at half speed
    solver.advance(4.0)
    centres = solver.mesh.axes[0].centres
    r = abs(np.sum(solver.density() * solver.mesh.axes[0].widths * np.exp(1j * centres)))
    exact = 1 / np.sqrt(1 + (r0**-2 - 1) * np.exp(2.0))
    assert r == pytest.approx(exact, abs=4e-3 * (64 / cells) ** 1.7)


# SCIENCE 4.1: half-energy of the mean field at t = 1, 5, 20 (converged finite volumes, 512^2), tolerances of
# the issue
REFERENCE = {
    0.0: {1.0: (0.044687, 0.01), 5.0: (0.011988, 0.01), 20.0: (0.001235, 0.01)},
    5.0: {1.0: (0.023406, 0.02), 5.0: (0.000794, 0.02), 20.0: (0.0000832, 0.05)},
}


@pytest.mark.parametrize("alpha", REFERENCE)
def test_mixture_of_gaussians_matches_the_reference_energies(alpha, device):
    case = load_case("gaussian_mixture", [f"dynamics.birth_death={alpha}"])
    solver = build_solver(case, build_network(case), device)
    assert solver.state.energy / 2 == pytest.approx(0.06886827, rel=1e-6)
    for time, (half_energy, tolerance) in REFERENCE[alpha].items():
        solver.advance(time)
        assert solver.state.energy / 2 == pytest.approx(half_energy, rel=tolerance)


@pytest.mark.slow
def test_bad_start_stops_at_the_plateau_and_births_leave_it(device):
    coarse = ["parameters.a.cells=97", "parameters.b.cells=160"]
    energies = {}
    for name in ("bad_birth_death", "bad_births"):
        case = load_case("birth_death", coarse, name)
        energies[name] = solve(case, 30.0, device).state.energy / 2
    assert energies["bad_birth_death"] == pytest.approx(0.0137, rel=0.02)
    assert energies["bad_births"] < 1e-3


@pytest.mark.slow
def test_births_converge_at_second_order_in_the_step(device):
    """Refining max_step with transport, reaction and births on; the differences of energies fall by four."""
    births = {
        "dynamics.birth_death": 5.0,
        "dynamics.births": {"a": {"law": "point"}, "w": {"law": "uniform", "low": -2, "high": 2}},
    }
    coarse = {f"parameters.{name}.cells": 9 for name in "awb"}
    energies = [
        solve(
            small_case(**births, **coarse, **{"eulerian.max_step": h, "eulerian.tolerance": 2}), 0.8, device
        ).state.energy
        for h in (0.04, 0.02, 0.01, 0.005)
    ]
    steps = np.diff(energies)
    assert np.all(np.log2(np.abs(steps[:-1] / steps[1:])) > 1.7), (energies, steps)


@pytest.mark.slow
def test_strong_reactions_with_births_are_resolved(device):
    births = {"dynamics.birth_death": 50.0, "dynamics.births": {"a": {"law": "point"}}}
    default = solve(small_case(**births), 0.5, device).state.energy
    fine = solve(small_case(**births, **{"eulerian.max_step": 0.0005}), 0.5, device).state.energy
    assert default == pytest.approx(fine, rel=0.02)


def test_a_non_finite_density_stops_the_run(device):
    solver = build_solver(small_case(), build_network(small_case()), device)
    density = solver.density()
    density[3, 3, 3] = np.nan
    with pytest.raises(RunError, match="finite"):
        solver.stepper.states.of(solver.stepper.backend.upload(density))


def test_a_broken_invariant_stops_the_run(device):
    solver = build_solver(small_case(), build_network(small_case()), device)
    solver.state = solver.stepper.states.of(solver.stepper.backend.upload(solver.density() * 1.001))
    with pytest.raises(RunError, match="mass became"):
        solver.advance(0.5)


def test_a_reaction_far_too_strong_for_the_first_step_is_taken_in_shorter_steps(device):
    """Quadratic units make V range over hundreds: the exponential of the first trial overflows and is
    refused.
    """
    changes = {f"parameters.{name}.cells": 5 for name in "awb"} | {
        f"parameters.{name}.initial.std": 0.5 for name in "awb"
    }
    for precision in ("float64", "float32"):
        case = small_case(
            **changes,
            **{
                "model.activation": "quadratic",
                "dynamics.birth_death": 10.0,
                "eulerian.precision": precision,
            },
        )
        solver = solve(case, 0.2, device)
        assert solver.redone > 0
        assert solver.energy_rise <= (0 if precision == "float64" else solver.stepper.rounding)
