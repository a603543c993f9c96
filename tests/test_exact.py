"""Exact solutions: against reference numbers, independent integration, and the mesh itself."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from conftest import small_case
from scipy.integrate import quad, solve_ivp

from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.exact import build_exact, errors
from mfpde.kinds import EXACT
from mfpde.models import build_model

PERIOD = 2 * np.pi
UNIFORM = {"law": "uniform", "low": 0.0, "high": PERIOD}
CAUCHY = {"law": "wrapped_cauchy", "mean": 2.0, "r": 0.5}


def potential_case(solution, parameters, dynamics=None, time=1.0, **formulas):
    tables = {
        "time": time,
        "model": {"kind": "potential", **formulas},
        "parameters": parameters,
        "dynamics": dynamics or {},
        "eulerian": {"backend": "numpy", "max_step": 0.02},
        "lagrangian": {"units": []},
        "exact": {"solution": solution},
    }
    return case_from_tables(tables, Path("x.toml"))


def normal(mean, std, cells=32, **more):
    return {"domain": [-4, 4], "cells": cells, "initial": {"law": "normal", "mean": mean, "std": std}, **more}


def circle(initial, cells=64, **more):
    return {"domain": [0, PERIOD], "cells": cells, "periodic": True, "initial": initial, **more}


def network_case(solution, cells=33, **changes):
    """phi = a w x, E x^2 = 1, f* = 1.5 x, r = .15 (a^2 + w^2)."""
    return small_case(
        parameters={"a": normal(0.6, 0.5, cells), "w": normal(0.2, 0.4, cells)},
        data={"teacher": "1.5*x0", "inputs": {"law": "grid", "low": -1, "high": 1, "points": 2}},
        model={"activation": "linear", "bias": False, "penalty": {"lambda": 0.15, "confinement": 0.15}},
        exact={"solution": solution},
        **{"eulerian.backend": "numpy", "eulerian.max_step": 0.02, **changes},
    )


def frozen_case(solution, cells=17, **changes):
    """A tanh network whose z cannot move."""
    frozen = {
        "parameters.w.mobility": 0.0,
        "parameters.b.mobility": 0.0,
        "parameters.a.domain": [-6, 6],
        "parameters.a.cells": cells,
    }
    numeric = {"eulerian.backend": "numpy", "eulerian.scheme": "upwind", "eulerian.max_step": 0.01}
    return small_case(**{**frozen, **numeric, "exact": {"solution": solution}, **changes})


def exact_of(case):
    model = build_model(case)
    return build_exact(case, model, model.parameters.mesh())


def error_of(case, time):
    model = build_model(case)
    solver = build_solver(case, model)
    solver.advance(time)
    return errors(solver, build_exact(case, model, solver.mesh).at(time))


# --- every solution, on its own example ---------------------------------------------------------------------


@pytest.mark.parametrize("name", EXACT)
def test_errors_on_the_example_of_a_solution_become_small(name):
    """With shorter steps; and with smaller cells, unless the solution is one of the mesh itself."""
    numeric = {"eulerian": {"backend": "numpy", "scheme": "upwind"}, "lagrangian": {"units": []}}
    tables = {"time": 1.0} | dict(EXACT[name].example) | numeric | {"exact": {"solution": name}}
    coarse = case_from_tables(tables, Path("example.toml")).replace({"eulerian.max_step": 0.02})
    finer = {"eulerian.max_step": 0.01}
    if not EXACT[name].of_mesh:
        coarse = coarse.replace({"eulerian.scheme": "mc"})
        finer |= {f"parameters.{axis}.cells": 2 * p.cells for axis, p in coarse.parameters.items()}
    largest, later = (max(error_of(case, case.time).values()) for case in (coarse, coarse.replace(finer)))
    assert largest < 0.1
    assert later < max(0.75 * largest, 1e-5)


# --- Gaussian measures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alpha", "mean", "covariance"),
    [
        (0.0, (0.839287335567, 0.779757067189), (0.5374833545, 0.5204965075, 0.5103758755)),
        (1.0, (0.897695467172, 0.823805825231), (0.4813592207, 0.4602688563, 0.4486344016)),
    ],
)
def test_linear_network_has_the_reference_moments(alpha, mean, covariance):
    exact = exact_of(network_case("gaussian", **{"dynamics.birth_death": alpha}))
    state = dataclasses.replace(exact, covariance=np.array([[0.25, 0.05], [0.05, 0.16]])).at(2.0)
    np.testing.assert_allclose(state.mean, mean, atol=2e-11)
    np.testing.assert_allclose(state.covariance[[0, 0, 1], [0, 1, 1]], covariance, atol=1e-10)
    p = state.covariance[0, 1] + np.prod(state.mean)
    np.testing.assert_allclose(state.prediction, [-p, p], rtol=1e-12)
    square = np.trace(state.covariance) + state.mean @ state.mean
    assert state.energy == pytest.approx((p - 1.5) ** 2 + 0.3 * square, rel=1e-12)


def quadratic_case(dynamics=None, interaction=None, **more):
    parameters = {"x": normal(1.0, 0.5, **more), "y": normal(-0.5, 0.6)}
    formulas = {"external": "x^2/2 + 0.4*x*y + y^2/4"} | ({"interaction": interaction} if interaction else {})
    return potential_case("gaussian", parameters, dynamics, **formulas)


def test_fixed_hessian_has_the_closed_form():
    """P = S^-1: P(t) = e^{At} (P0 + alpha/2) e^{At} - alpha/2, m(t) = P(t)^-1 e^{At} P0 m0."""
    exact = dataclasses.replace(
        exact_of(quadratic_case({"birth_death": 0.8})), covariance=np.array([[0.3, 0.1], [0.1, 0.4]])
    )
    state = exact.at(1.3)
    np.testing.assert_allclose(state.mean, (0.400585095383, -0.48599764133), atol=1e-11)
    np.testing.assert_allclose(
        state.covariance[[0, 0, 1], [0, 1, 1]], (0.032892631843, -0.043939043822, 0.113942475679), atol=1e-11
    )


@pytest.mark.parametrize("dynamics", [{}, {"birth_death": 0.7, "reaction": "entropic"}])
def test_diffusion_settles_at_the_gibbs_law(dynamics):
    """S = tau H^-1, whatever the mobilities; an entropic reaction has the same steady state."""
    state = exact_of(quadratic_case({"diffusion": 0.2, **dynamics}, mobility=0.5)).at(120.0)
    np.testing.assert_allclose(state.covariance, 0.2 * np.linalg.inv([[1.0, 0.4], [0.4, 0.5]]), rtol=1e-9)
    np.testing.assert_allclose(state.mean, 0, atol=1e-9)


def test_plain_reaction_with_diffusion_settles_elsewhere():
    """In one dimension the steady state of the plain reaction solves 2 h s + alpha h s^2 = 2 tau."""
    case = potential_case(
        "gaussian", {"x": normal(1.0, 0.5)}, {"diffusion": 0.2, "birth_death": 0.7}, external="x^2"
    )
    s = exact_of(case).at(60.0).covariance[0, 0]
    assert 4 * s + 0.7 * 2 * s**2 == pytest.approx(0.4, rel=1e-10)
    plain, entropic = (
        exact_of(case.replace({"dynamics.reaction": r})).at(0.3).covariance[0, 0]
        for r in ("plain", "entropic")
    )
    assert entropic > plain + 0.003  # entropy resists the concentration that reaction brings


@pytest.mark.parametrize("reaction", ["plain", "entropic"])
def test_reaction_and_diffusion_against_a_fine_grid(reaction):
    """The equation itself in one dimension, discretised here anew by spectral differences."""
    alpha, tau, n = 0.9, 0.3, 96
    case = potential_case(
        "gaussian",
        {"x": normal(0.5, 0.6)},
        {"diffusion": tau, "birth_death": alpha, "reaction": reaction},
        external="x^2/2 - x/5",
    )
    x = -6 + 12 * np.arange(n) / n
    k = 2j * np.pi * np.fft.fftfreq(n, 12 / n)
    v, slope = x**2 / 2 - x / 5, x - 0.2

    def rate(_, u):
        flux = u * slope + tau * np.fft.ifft(k * np.fft.fft(u)).real
        driver = v + (tau * np.log(np.maximum(u, 1e-30)) if reaction == "entropic" else 0.0)
        return np.fft.ifft(k * np.fft.fft(flux)).real - alpha * (driver - np.sum(u * driver) / np.sum(u)) * u

    start = np.exp(-(((x - 0.5) / 0.6) ** 2) / 2)
    u = solve_ivp(rate, (0, 0.5), start / start.sum(), rtol=1e-9, atol=1e-14, method="LSODA").y[:, -1]
    state = exact_of(case).at(0.5)
    mean = u @ x
    assert state.mean[0] == pytest.approx(mean, abs=1e-6)
    assert state.covariance[0, 0] == pytest.approx(u @ (x - mean) ** 2, abs=1e-6)


def test_quadratic_units_against_samples():
    """phi = (w . x + b)^2 with a fixed: exact expectations against many draws, at time 0."""
    axis = normal(0.3, 0.5)
    case = small_case(
        parameters={"a": {"fixed": 1.5}, "w1": axis, "w2": normal(-0.2, 0.4), "b": axis},
        data={"teacher": "x0*x1", "inputs": {"law": "normal", "dimension": 2, "samples": 7}},
        model={"activation": "quadratic", "penalty": {"lambda": 0.1, "power": 1, "confinement": 0.05}},
        exact={"solution": "gaussian"},
    )
    network = build_model(case)
    exact = build_exact(case, network, network.parameters.mesh())
    z = np.random.default_rng(1).normal(exact.mean, np.sqrt(np.diag(exact.covariance)), (200_000, 3))
    state = exact.at(0.0)
    f = 1.5 * network.features.activation.value(network.features.preactivations(z)).mean(axis=0)
    np.testing.assert_allclose(state.prediction, f, rtol=0.02)
    assert state.energy == pytest.approx(
        float(network.risk.loss(f) + 2 * (0.15 + 0.05 * np.mean(np.sum(z**2, axis=1)))), rel=0.02
    )


def test_quadratic_interaction_keeps_the_mean_and_its_energy():
    exact = exact_of(potential_case("gaussian", {"x": normal(0.7, 0.5)}, interaction="x^2/2"))
    state = exact.at(1.0)  # x' = -(x - mean)
    assert state.mean[0] == pytest.approx(0.7)
    assert state.covariance[0, 0] == pytest.approx(0.25 * np.exp(-2), rel=1e-10)
    assert state.energy == pytest.approx(0.25 * np.exp(-2), rel=1e-10)  # E (X - Y)^2 / 2
    assert state.cdfs["x"](np.array([0.7])) == pytest.approx(0.5)


def test_gaussian_on_meshes_converges():
    coarse, fine = (
        error_of(network_case("gaussian", cells, **{"dynamics.birth_death": 1.0}), 1.0) for cells in (33, 65)
    )
    assert set(fine) == {"function", "energy", "mean", "covariance", "w1_a", "w1_w"}
    assert max(fine.values()) < 0.02
    assert all(fine[name] < 0.4 * coarse[name] for name in fine), (coarse, fine)


# --- circles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_wrapped_cauchy_law_against_its_own_particles(sign):
    """Quantiles as particles: theta' = s r sin(theta - mean), with r and the mean direction their own."""
    case = potential_case("wrapped_cauchy", {"x": circle(CAUCHY, mobility=0.5)}, interaction=f"{sign}*cos(x)")
    model = build_model(case)
    exact = build_exact(case, model, model.parameters.mesh())
    levels = (np.arange(400) + 0.5) / 400
    start = model.parameters.components[0].law.quantile(levels)

    def rate(_, x):
        return 0.5 * sign * np.mean(np.sin(x[:, None] - x), axis=1)

    end = solve_ivp(rate, (0, 2.0), start, rtol=1e-8).y[:, -1]
    state = exact.at(2.0)
    r = abs(np.mean(np.exp(1j * end)))
    assert exact.length(2.0) == pytest.approx(r, abs=1e-4)
    assert state.energy == pytest.approx(sign * r**2, abs=2e-4)
    np.testing.assert_allclose(state.cdfs["x"](end) - state.cdfs["x"](end[:1]), levels - levels[0], atol=1e-4)
    np.testing.assert_allclose(state.cdfs["x"](np.array([0.0, PERIOD])), [0, 1], atol=1e-14)


def test_wrapped_cauchy_law_has_the_closed_form_of_its_length():
    case = potential_case("wrapped_cauchy", {"x": circle(CAUCHY)}, interaction="-cos(x)")
    assert exact_of(case).length(2.0) == pytest.approx(0.843347, abs=1e-6)
    assert exact_of(case).at(80.0).energy == pytest.approx(-1)


@pytest.mark.parametrize("alpha", [0.0, 1.3])
@pytest.mark.parametrize("initial", [UNIFORM, CAUCHY])
@pytest.mark.parametrize("strength", [1.0, -0.7])
def test_cosine_circle_against_weighted_characteristics(alpha, initial, strength):
    case = potential_case(
        "circle_cosine",
        {"x": circle(initial, mobility=1.5)},
        {"birth_death": alpha},
        external=f"{strength}*cos(x)",
    )
    model = build_model(case)
    n = 400
    start = PERIOD * np.arange(n + 1) / n  # faces of cells, and points inside them
    law = model.parameters.components[0].law

    def rate(_, y):
        x = y[: len(y) // 2]
        return np.concatenate([1.5 * strength * np.sin(x), -alpha * strength * np.cos(x)])

    state = build_exact(case, model, model.parameters.mesh()).at(1.0)
    middle = (start[1:] + start[:-1]) / 2
    ends = solve_ivp(
        rate, (0, 1.0), np.concatenate([start, middle, 0 * start, 0 * middle]), rtol=1e-10, atol=1e-12
    ).y[:, -1]
    x, logs = ends[: len(ends) // 2], ends[len(ends) // 2 :]
    faces, log_weights = x[: n + 1], logs[n + 1 :]
    masses = np.diff(law.cdf(start)) * np.exp(log_weights)
    cumulative = np.concatenate([[0.0], np.cumsum(masses)]) / masses.sum()
    np.testing.assert_allclose(state.cdfs["x"](faces), cumulative, atol=1e-4 if alpha else 1e-9)
    assert state.energy == pytest.approx(
        2 * strength * np.sum(masses * np.cos(x[n + 1 :])) / masses.sum(), abs=1e-4
    )


@pytest.mark.parametrize("initial", [UNIFORM, CAUCHY | {"r": 0.99}])
@pytest.mark.parametrize("time", [0.5, 4.0])
def test_cosine_circle_is_the_closed_density_to_1e_10(initial, time):
    """mu_t ~ mu_0(theta_0) (e^t cos^2 + e^-t sin^2)^-(1 + alpha), in half angles of theta."""
    alpha = 0.7
    exact = exact_of(
        potential_case("circle_cosine", {"x": circle(initial)}, {"birth_death": alpha}, external="cos(x)")
    )
    r, mean = (0.0, 0.0) if initial is UNIFORM else (0.99, 2.0)

    def density(x):
        start = 2 * np.arctan(np.exp(-time) * np.tan(x / 2))
        spread = np.exp(time) * np.cos(x / 2) ** 2 + np.exp(-time) * np.sin(x / 2) ** 2
        return spread ** -(1 + alpha) / (1 + r**2 - 2 * r * np.cos(start - mean))

    peak = (2 * np.arctan(np.exp(time) * np.tan(mean / 2))) % PERIOD
    marks = np.sort([1.0, 2.5, peak - 0.01, peak, peak + 0.01, np.pi, 4.0])
    edges = [0.0, *marks, PERIOD]
    pieces = [
        quad(density, low, high, epsabs=1e-14, epsrel=1e-13, limit=400)[0]
        for low, high in itertools.pairwise(edges)
    ]
    np.testing.assert_allclose(
        exact.at(time).cdfs["x"](marks), np.cumsum(pieces)[:-1] / np.sum(pieces), atol=1e-10
    )


@pytest.mark.parametrize(
    ("solution", "formulas", "alpha", "initial"),
    [
        ("wrapped_cauchy", {"interaction": "cos(x)"}, 0.0, CAUCHY),
        ("wrapped_cauchy", {"interaction": "-cos(x)"}, 0.0, CAUCHY),
        ("circle_cosine", {"external": "cos(x)"}, 0.7, UNIFORM),
        ("circle_cosine", {"external": "cos(x)"}, 0.0, CAUCHY),
    ],
)
def test_circles_on_meshes_converge(solution, formulas, alpha, initial):
    cases = [
        potential_case(solution, {"x": circle(initial, cells)}, {"birth_death": alpha}, **formulas)
        for cells in (64, 128)
    ]
    coarse, fine = (
        error_of(case.replace({"eulerian.max_step": 0.3 / n}), 1.0)
        for case, n in zip(cases, (64, 128), strict=True)
    )
    assert set(fine) == {"energy", "density", "w1_x"}
    assert max(fine.values()) < 3e-3
    assert all(fine[name] < 0.4 * coarse[name] for name in fine), (coarse, fine)


# --- walls --------------------------------------------------------------------------------------------------


def collapse_case(cells=64):
    box = {"domain": [-2, 2], "cells": cells, "initial": {"law": "uniform", "low": -0.75, "high": 1.25}}
    return potential_case("collapse", {"x": box}, interaction="abs(x)")


def test_collapse_is_a_uniform_law_until_it_is_a_point():
    exact = exact_of(collapse_case())
    half = exact.at(0.6)  # half-width 1 - t about 1/4
    np.testing.assert_allclose(half.cdfs["x"](np.array([-0.15, 0.25, 0.65])), [0, 0.5, 1], atol=1e-15)
    assert half.energy == pytest.approx(2 * 0.4 / 3)
    np.testing.assert_array_equal(exact.at(1.5).cdfs["x"](np.array([0.2, 0.25, 0.3])), [0, 1, 1])
    assert exact.at(1.5).energy == 0


@pytest.mark.parametrize("time", [0.5, 1.5])
def test_collapse_on_meshes_converges(time):
    coarse, fine = (error_of(collapse_case(cells), time) for cells in (64, 128))
    assert fine["w1_x"] < 0.03
    # once collapsed, the density itself has no meaning on a mesh
    weak = [name for name in fine if name != "density" or time < 1]
    assert all(fine[name] < 0.7 * coarse[name] for name in weak), (coarse, fine)


def test_gibbs_law_is_found_on_the_mesh():
    boxes = {"x": normal(0.5, 0.5, 24), "y": normal(0.0, 0.4, 17)}
    case = potential_case("gibbs", boxes, {"diffusion": 0.3}, external="(x^2-1)^2/4 + x*y/4 + y^2")
    model = build_model(case)
    mesh = model.parameters.mesh()
    state = build_exact(case, model, mesh).at(1.0)
    x, y = np.meshgrid(*(axis.centres for axis in mesh.axes), indexing="ij")
    level = 0.3 * np.log(state.density) + (x**2 - 1) ** 2 / 4 + x * y / 4 + y**2
    assert np.ptp(level) < 1e-12
    assert np.sum(state.density * mesh.volumes) == pytest.approx(1, abs=1e-14)


# --- nothing moves, or only a -------------------------------------------------------------------------------


def test_a_network_in_which_only_a_moves_follows_the_exponential():
    """Upwind moves the mean of a exactly on any mesh, so only the step in time is left."""
    case = frozen_case(
        "frozen_features",
        **{"model.penalty": {"lambda": 0.0, "confinement": 0.02}, "parameters.a.mobility": 0.7},
    )
    coarse, fine = (error_of(case.replace({"eulerian.max_step": h}), 0.5) for h in (0.02, 0.01))
    assert set(fine) == {"function", "energy"}
    assert max(fine.values()) < 1e-5
    assert all(fine[name] < 0.3 * coarse[name] for name in fine), (coarse, fine)


def test_ridge_on_a_against_the_equation():
    case = frozen_case("frozen_features", **{"model.penalty.lambda": 0.1})
    exact = exact_of(case)
    time, h = 1.0, 1e-5
    network, root = exact.network, np.sqrt(exact.network.data.weights)
    kernel = (exact.modes * exact.rates) @ exact.modes.T / root[:, None] * root
    f, change = (
        exact.at(time).prediction,
        (exact.at(time + h).prediction - exact.at(time - h).prediction) / (2 * h),
    )
    np.testing.assert_allclose(change, -kernel @ (f - network.data.y) - 0.2 * f, atol=1e-9)
    coarse, fine = (
        error_of(case.replace({"parameters.a.cells": n, "eulerian.scheme": "fromm"}), 0.5) for n in (33, 65)
    )
    assert set(fine) == {"function"}  # the energy would need int a^2 dmu
    assert fine["function"] < 5e-4
    assert fine["function"] < 0.4 * coarse["function"]


@pytest.mark.parametrize("fixed", [False, True])
def test_reaction_alone_is_exact_on_the_mesh(fixed):
    still = {f"parameters.{name}.mobility": 0.0 for name in "awb"} | (
        {"parameters.a": {"fixed": 2.0}} if fixed else {}
    )
    case = small_case(
        **{
            "eulerian.backend": "numpy",
            "eulerian.tolerance": 2,
            "dynamics.birth_death": 5.0,
            "exact": {"solution": "fisher_rao"},
            **still,
        }
    )
    coarse, fine = (error_of(case.replace({"eulerian.max_step": h}), 0.8) for h in (0.02, 0.01))
    assert set(fine) == {"function", "energy", "density"}
    assert fine["density"] < 1e-3
    assert all(fine[name] < 0.3 * coarse[name] for name in fine), (coarse, fine)


@pytest.mark.parametrize("interaction", [None, "exp(-x^2)"])
def test_reaction_alone_in_a_potential(interaction):
    formulas = {"external": "x^2/2"} | ({"interaction": interaction} if interaction else {})
    case = potential_case(
        "fisher_rao", {"x": normal(0.5, 0.6, mobility=0.0)}, {"birth_death": 2.0}, **formulas
    )
    error = error_of(case, 1.0)
    assert error["density"] < (1e-4 if interaction else 1e-12)
    if not interaction:
        model = build_model(case)
        mesh = model.parameters.mesh()
        weight = mesh.average_density([model.parameters.components[0].law]) * np.exp(
            -2.0 * mesh.axes[0].centres ** 2 / 2
        )
        np.testing.assert_allclose(
            exact_of(case).at(1.0).density, weight / np.sum(weight * mesh.volumes), rtol=1e-12, atol=1e-300
        )


# --- cases that are refused ---------------------------------------------------------------------------------

LINE = {"x": normal(0.0, 0.5)}
BOX = {"x": {"domain": [-2, 2], "initial": {"law": "uniform"}}}
RING = {"x": circle(CAUCHY)}
HALF = {"domain": [-4, 4], "initial": {"law": "normal", "within": [0, 4]}}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: network_case("gaussian", **{"model.activation": "relu"}), "model.activation"),
        (lambda: network_case("gaussian", **{"model.penalty.power": 1.0}), "model.penalty.power"),
        (lambda: network_case("gaussian", **{"model.activation": "quadratic"}), "model.activation"),
        (
            lambda: network_case("gaussian", **{"dynamics.birth_death": 1.0, "dynamics.births": {}}),
            "dynamics.births",
        ),
        (lambda: potential_case("gaussian", LINE, external="x^4"), "model.external"),
        (lambda: potential_case("gaussian", LINE, interaction="abs(x)"), "model.interaction"),
        (lambda: potential_case("gaussian", BOX, external="x^2"), "parameters.x.initial"),
        (lambda: potential_case("gaussian", {"x": HALF}, external="x^2"), "parameters.x.initial"),
        (lambda: potential_case("gaussian", RING, external="cos(x)"), "parameters.x.periodic"),
        (lambda: potential_case("gibbs", LINE, external="x^2"), "dynamics.diffusion > 0"),
        (lambda: potential_case("gibbs", LINE, {"diffusion": 0.1}, interaction="x^2"), "model.interaction"),
        (
            lambda: potential_case("gibbs", LINE, {"diffusion": 0.1, "birth_death": 1.0}, external="x^2"),
            "dynamics.reaction",
        ),
        (
            lambda: potential_case(
                "gibbs", {"x": normal(0.0, 0.5, mobility=0.0)}, {"diffusion": 0.1}, external="x^2"
            ),
            "parameters.x.mobility",
        ),
        (lambda: network_case("gibbs"), "model.kind"),
        (lambda: potential_case("wrapped_cauchy", RING, interaction="cos(2*x)"), "model.interaction"),
        (
            lambda: potential_case("wrapped_cauchy", RING, interaction="cos(x)", external="cos(x)"),
            "model.external",
        ),
        (
            lambda: potential_case("wrapped_cauchy", RING, {"diffusion": 0.1}, interaction="cos(x)"),
            "dynamics.diffusion = 0, got 0.1",
        ),
        (lambda: potential_case("wrapped_cauchy", LINE, interaction="cos(x)"), "parameters.x.periodic"),
        (
            lambda: potential_case("wrapped_cauchy", {"x": circle(UNIFORM)}, interaction="cos(x)"),
            "parameters.x.initial",
        ),
        (lambda: potential_case("circle_cosine", RING, external="sin(x)"), "model.external"),
        (
            lambda: potential_case(
                "circle_cosine", {"x": circle(UNIFORM | {"high": 3.0})}, external="cos(x)"
            ),
            "parameters.x.initial",
        ),
        (lambda: potential_case("collapse", LINE, interaction="abs(x)"), "parameters.x.initial"),
        (lambda: potential_case("collapse", BOX, interaction="-abs(x)"), "model.interaction"),
        (
            lambda: potential_case("collapse", BOX, {"birth_death": 1.0}, interaction="abs(x)"),
            "dynamics.birth_death = 0, got 1",
        ),
        (lambda: network_case("frozen_features"), "parameters.w.mobility"),
        (lambda: frozen_case("frozen_features", **{"model.penalty.power": 3.0}), "model.penalty.power"),
        (lambda: frozen_case("fisher_rao"), "dynamics.birth_death > 0"),
        (lambda: frozen_case("fisher_rao", **{"dynamics.birth_death": 1.0}), "parameters.a.mobility"),
    ],
)
def test_a_case_that_the_solution_does_not_fit_is_refused_by_key(make, words):
    case = make()
    with pytest.raises(InputError) as caught:
        exact_of(case)
    message = str(caught.value)
    assert message.startswith(f"{case.path}: exact.solution: '{case.exact.solution}' needs ")
    assert words in message


def test_a_case_without_a_solution_is_told_the_names():
    with pytest.raises(InputError, match=r"exact\.solution: is not given; expected one of gaussian, "):
        exact_of(small_case())
