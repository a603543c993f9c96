"""Interactions of finite rank are found from their formulas, and through moments give what sums over pairs
give, on units and meshes.
"""

from pathlib import Path

import numpy as np
import pytest

from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.lagrangian.forces_numpy import NumpyPotential
from mfpde.lagrangian.forces_opencl import build_opencl_potential
from mfpde.lagrangian.ladder import Ladder
from mfpde.measures.axis import Axis, sinh_faces
from mfpde.measures.convolution import PairOperator
from mfpde.measures.mesh import Mesh
from mfpde.measures.moment_operator import MomentOperator
from mfpde.models import build_model

PI = 3.141592653589793
LINE = {"domain": [-3, 3], "cells": 12, "initial": {"law": "normal", "std": 0.8, "within": [-2.5, 2.5]}}
CIRCLE = {
    "domain": [-PI, PI],
    "cells": 11,
    "periodic": True,
    "initial": {"law": "normal", "std": 0.9, "within": [-3, 3]},
}
SHORT = {"domain": [0, 1], "cells": 8, "periodic": True, "initial": {"law": "uniform", "low": 0, "high": 1}}
FIXED = {"fixed": 0.3}
#: names are lines, but for these
KINDS = {"s": CIRCLE, "t": CIRCLE, "q": SHORT, "c": FIXED}

#: interaction, components, and its rank; None where all pairs must be summed
FOUND = [
    ("x^2/2", "x", 3),
    ("x^4/4 - x^2/2", "x", 5),
    ("(x^2 - 1)^2", "x", 5),
    ("abs(x)^2", "x", 3),
    ("sqrt(x^4)", "x", 3),
    ("x^2.0", "x", 3),
    ("x^2", "xy", 3),
    ("x^2/2 + y^2", "xy", 5),
    ("x*y", "xy", 4),
    ("-(x*y)", "xyc", 4),
    ("x^2 + c*x*y", "xyc", 3),
    ("(x^2 + y^2)^2", "xy", 13),
    ("x^3*y", "xy", 8),
    ("x^12", "x", 13),
    ("3", "x", 1),
    ("0*x", "x", 1),
    ("cos(x)", "x", 2),
    ("cos(1.7*x)^3", "x", 4),
    ("x*sin(x)", "x", 4),
    ("cos(x - y)", "xy", 2),
    ("-cos(x)*cos(y)", "xy", 4),
    ("exp(x) + exp(-x)", "x", 2),
    ("exp(-x)^2 + 1/exp(-2*x)", "x", 2),
    ("(exp(x) + exp(-x))^2*cos(y)", "xy", 6),
    ("(exp(x) - 1)^2 + (exp(-x) - 1)^2", "x", 5),
    ("x^2*(exp(y) + exp(-y))", "xy", 6),
    ("-cos(s)", "s", 2),
    ("-cos(s) - cos(7*s)/3", "s", 4),
    ("sin(s/2)^2", "s", 3),
    ("(1 + cos(s))^3", "s", 7),
    ("cos(2*pi*q)", "q", 2),
    ("cos(s - t)", "st", 2),
    ("(cos(s)*cos(t) + sin(s)*sin(t))^5", "st", 6),
    ("cos(s)*x^2 + sin(x + s)^2", "xs", 9),
    ("-exp(cos(s))", "s", 27),
    ("-exp(4*cos(s))/4", "s", 41),
    ("1/(2 - cos(s))", "s", 51),
    ("exp(-8*s^2)", "s", 65),
    ("log(2 - cos(s))*x*y", "xys", 188),
    ("exp(cos(s) + cos(t))", "st", 469),
]
NOT_FOUND = [
    ("abs(x)", "x"),
    ("exp(-x^2)", "x"),
    ("tanh(x)^2", "x"),
    ("1/(1 + x^2)", "x"),
    ("sqrt(x^2 + y^2)", "xy"),
    ("x^2 + abs(y)", "xy"),
    ("max(x^2, 1)", "x"),
    ("log(1 + x^2)", "x"),
    ("cos(s)*exp(-x^2)", "xs"),
    ("x^14", "x"),  # would lose digits
    ("(x + y)^40", "xy"),
    ("s^2", "s"),  # of the shortest difference: a kink
    ("cos(s/2)", "s"),
    ("cos(s)", "q"),
    ("x^2*abs(sin(s))", "xs"),
    ("exp(-s^2)", "s"),
    ("exp(700*cos(s))", "s"),
]


def model_of(interaction, names, external="0", **parameters):
    """A potential whose parameters have one letter each."""
    interaction = interaction.replace("cos(s)", "cos(q)") if names == "q" else interaction
    tables = {"time": 1.0, "model": {"kind": "potential", "interaction": interaction, "external": external}}
    tables["parameters"] = {n: KINDS.get(n, LINE) | parameters.get(n, {}) for n in names}
    return build_model(case_from_tables(tables | {"eulerian": {"backend": "numpy"}}, Path("rank.toml")))


def by_moments_and_pairs(model, ladder, state, precision="float64", weight_rate=0.7):
    """Rates of units (components + 1, units), both ways."""
    backend = NumpyPotential(model, ladder, precision, weight_rate)
    assert backend.moments is not None
    state = backend.upload(state)
    ours = backend.velocity(state)
    backend.moments = None
    return ours, backend.velocity(state)


def start_of(model, ladder):
    state = ladder.initial_state(model.parameters)
    state[-1] = np.random.default_rng(1).random(ladder.total)
    return state


@pytest.mark.parametrize(("interaction", "names", "rank"), FOUND)
def test_formulas_of_finite_rank_give_the_forces_of_all_pairs(interaction, names, rank):
    model = model_of(interaction, names)
    found = model.finite_rank
    assert found is not None
    assert found.rank == rank
    assert abs(found.matrix - found.matrix.T).max() == 0
    ladder = Ladder([5, max(80, 2 * rank)], [2, 1], 3)
    ours, pairs = by_moments_and_pairs(model, ladder, start_of(model, ladder))
    # of the size of W and of its derivatives, which forces may be much smaller than
    size = np.max(np.abs(pairs[-1])) + 1e-300
    harmonic = np.max(np.abs(found.classes.frequency), initial=1.0)
    np.testing.assert_allclose(ours[-1], pairs[-1], rtol=0, atol=3e-14 * size)
    np.testing.assert_allclose(ours[:-1], pairs[:-1], rtol=0, atol=3e-14 * size * harmonic)


@pytest.mark.parametrize(("interaction", "names"), NOT_FOUND)
def test_other_formulas_are_left_to_sums_over_pairs(interaction, names):
    model = model_of(interaction, names)
    assert model.finite_rank is None
    assert NumpyPotential(model, Ladder([50], [1], 1), "float64", 0.0).moments is None


def test_series_serve_only_networks_with_more_pairs_than_features():
    model = model_of("-exp(4*cos(s))/4", "s")
    assert model.by_moments(np.array([40, 20])) is None
    assert model.by_moments(np.full(9, 42)) is model.finite_rank


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    # of the terms of W' and W, which rounding is relative to; None for W' and W themselves
    ("interaction", "sizes"),
    [
        ("x^2/2", (None, None)),
        ("x^4", (None, None)),
        ("x^6 + x^4", (None, None)),
        ("x*sin(3*x)", (None, None)),
        ("(x^2 - 1e-4)^2", (1e-3, 1e-5)),
        ("1 - cos(x)", (None, 1)),
        ("exp(x) + exp(-x) - 2", (1, 1)),
    ],
)
def test_no_digits_are_lost_far_from_0(interaction, sizes, precision):
    far = {"domain": [999, 1001], "initial": {"law": "normal", "mean": 1000, "std": 0.01}}
    model = model_of(interaction, "x", x=far)
    ladder = Ladder([300], [2], 3)
    found = by_moments_and_pairs(model, ladder, ladder.initial_state(model.parameters), precision)
    for ours, pairs, size in zip(*found, sizes, strict=True):
        assert np.max(np.abs(ours - pairs)) <= 40 * np.finfo(precision).eps * (size or np.max(np.abs(pairs)))


@pytest.mark.parametrize("power", [2, 4, 8, 12])
def test_errors_obey_the_bound_of_centred_moments(power):
    """A few units far away, seen from everywhere: the error is at most 3^p units of rounding of int |s|^p
    dmu, at every unit.
    """
    model = model_of(f"x^{power}", "x", x={"domain": [-1e4, 1e4]})
    ladder = Ladder([400], [1], 3)
    state = np.zeros((2, 400))
    state[0] = np.concatenate([1e-2 * np.linspace(-1, 1, 380) ** 3, np.linspace(0.1, 1e3, 20)])
    ours, pairs = by_moments_and_pairs(model, ladder, state)
    error = np.abs(ours[-1] - pairs[-1]) / pairs[-1]
    assert np.max(error) < 3**power * np.finfo(float).eps


def test_rotated_circles_have_rotated_forces():
    model = model_of("-exp(4*cos(s))/4", "s")
    ladder = Ladder([100], [2], 3)
    state = start_of(model, ladder)
    backend = NumpyPotential(model, ladder, "float64", 0.7)
    turned = state.copy()
    turned[0] = (state[0] + 2.3 + PI) % (2 * PI) - PI
    np.testing.assert_allclose(backend.velocity(turned), backend.velocity(state), rtol=0, atol=1e-13)


def test_large_networks_are_cut_into_shares_and_features_forgotten_where_they_are_many(monkeypatch):
    from mfpde.lagrangian import forces_moments, shares

    model = model_of("x^4 - cos(y)*x*y", "xy")
    ladder = Ladder([30, 700], [4, 2], 3)
    state = start_of(model, ladder)
    whole = NumpyPotential(model, ladder, "float64", 0.7).velocity(state)
    monkeypatch.setattr(shares, "PAIRS", 2**10)
    monkeypatch.setattr(shares, "JOB_PAIRS", 2**11)
    monkeypatch.setattr(forces_moments, "KEPT", 5000)
    backend = NumpyPotential(model, ladder, "float64", 0.7)
    assert backend.moments.split
    np.testing.assert_allclose(backend.velocity(state), whole, rtol=0, atol=1e-13 * np.abs(whole).max())


MESHES = [
    ("x^2/2", "x"),
    ("(x^2 - 1)^2", "xy"),
    ("x^3*y + y^2", "yx"),
    ("-cos(x)*cos(y)", "xy"),
    ("exp(x) + exp(-x)", "xy"),
    ("cos(x + y)*z^2 + x*z", "xyz"),
    ("cos(s)*x^2", "sx"),
    ("sin(x + s)^2 + (1 + cos(s))^3", "xs"),
    ("x^2 + c*x*y", "xcy"),
]


def mesh_of(names, stretch, cells=11):
    ends = [KINDS.get(n, LINE)["domain"] for n in names if n != "c"]
    free = [n for n in names if n != "c"]
    return Mesh(
        [
            Axis(n, sinh_faces(*end, cells + k, stretch, 0.3), n in "stq")
            for k, (n, end) in enumerate(zip(free, ends, strict=True))
        ]
    )


@pytest.mark.parametrize("stretch", [0.0, 3.0])
@pytest.mark.parametrize(("interaction", "names"), MESHES)
def test_moments_on_meshes_are_the_sums_over_pairs(interaction, names, stretch):
    model, mesh = model_of(interaction, names), mesh_of(names, stretch)
    coupling = model.on_mesh(mesh).coupling.operator
    assert isinstance(coupling, MomentOperator)
    pairs = PairOperator(mesh, lambda d: model._pair(mesh, d))
    random = np.random.default_rng(0)
    masses = random.random(int(np.prod(mesh.shape))) ** 4
    masses[masses < 0.1] = 0
    for given in (masses, masses - random.permutation(masses)):  # a measure, and a rate of change
        exact = pairs(given)
        np.testing.assert_allclose(coupling(given), exact, rtol=0, atol=1e-14 * np.abs(exact).max())
    assert np.all(coupling(np.zeros_like(masses)) == 0)


def test_a_mesh_takes_what_is_best_for_it():
    def kind(interaction, names, stretch=0.0, cells=11):
        mesh = mesh_of(names, stretch, cells)
        return type(model_of(interaction, names).on_mesh(mesh).coupling.operator)

    assert kind("-cos(s)", "s") is PairOperator  # circular FFT: bits of earlier versions
    assert kind("-cos(s)", "s", stretch=2.0) is MomentOperator
    assert kind("exp(cos(s))*x^2", "xs") is PairOperator  # a long series beside an FFT
    assert kind("exp(cos(s))*x^2", "xs", stretch=2.0) is MomentOperator
    assert kind("exp(-x^2)", "x") is PairOperator


def test_stretched_meshes_of_any_size_take_interactions_of_finite_rank():
    x = np.linspace(-2.9, 2.9, 4)
    model, mesh = model_of("x^4 - x*y", "xy"), mesh_of("xy", 2.0, 150)
    with pytest.raises(InputError, match="at most 8192 cells"):
        model_of("exp(-x^2 - y^2)", "xy").on_mesh(mesh)
    coupling = model.on_mesh(mesh).coupling.operator
    masses = np.zeros(mesh.shape)
    at = [np.searchsorted(axis.centres, x) for axis in mesh.axes]
    masses[at[0], at[1]] = 0.25
    dx, dy = (axis.centres[:, None] - axis.centres[i] for axis, i in zip(mesh.axes, at, strict=True))
    exact = 0.25 * np.sum(dx[:, None] ** 4 - dx[:, None] * dy[None], axis=-1)
    np.testing.assert_allclose(
        coupling(masses.ravel()).reshape(mesh.shape), exact, rtol=0, atol=1e-14 * np.abs(exact).max()
    )


def test_a_cluster_off_the_middle_of_a_wide_mesh_is_seen_from_its_own_mean():
    mesh = Mesh([Axis("x", sinh_faces(-1000, 1000, 400, 12.0, 900.0))])
    model = model_of("x^4", "x", x={"domain": [-1000, 1000]})
    x = mesh.axes[0].centres
    near = np.abs(x - 900) < 0.1
    assert near.sum() > 20
    masses = near / near.sum()
    exact = (x[near, None] - x) ** 4 @ masses
    np.testing.assert_allclose(model.on_mesh(mesh).coupling.operator(masses)[near], exact, rtol=1e-12)


def test_an_interaction_that_overflows_on_a_mesh_is_refused():
    with pytest.raises(
        InputError, match=r"model\.interaction: 'exp.200\*x. . exp.-200\*x.' is not finite at x = "
    ):
        model_of("exp(200*x) + exp(-200*x)", "x").on_mesh(mesh_of("x", 2.0))


def test_memory_counts_what_moments_hold():
    small, large = mesh_of("xy", 0.0, 20), mesh_of("xy", 0.0, 200)
    model = model_of("x^4 + y^2", "xy")
    assert model.coupling_numbers(small) == 2 * (20 * 21 + 5 * 21)
    assert model.coupling_numbers(large) < 4 * 200 * 201
    assert model_of("exp(-x^2)", "xy").coupling_numbers(mesh_of("xy", 1.0, 20)) == 420**2  # the matrix


@pytest.mark.parametrize(
    ("interaction", "names", "stretch"),
    [("x^2/2 + x^4/9", "x", 0.0), ("x^2*y^2/4 - x*y/5", "xy", 2.0), ("-cos(s)*x^2/9", "sx", 0.0)],
)
def test_energies_never_rise_and_their_slope_is_the_dissipation(interaction, names, stretch):
    tables = {
        "time": 0.5,
        "model": {
            "kind": "potential",
            "external": f"{names[-1]}^4/4 - {names[-1]}^2/2",
            "interaction": interaction,
        },
        "parameters": {n: KINDS.get(n, LINE) | {"cells": 24, "stretch": stretch} for n in names},
        "eulerian": {"backend": "numpy"},
        "lagrangian": {"units": []},
    }
    case = case_from_tables(tables, Path("rank.toml"))
    solver = build_solver(case, build_model(case))
    stepper, state = solver.stepper, solver.state
    backend, energy = stepper.backend, stepper.energy
    assert isinstance(stepper.backend.model.coupling.operator, MomentOperator)
    rate = backend.rate(state.field, stepper.states.potential(state.moments.linear))
    change = backend.moments(rate.field)
    dt = 0.1 / rate.courant
    after = energy.value(
        backend.moments(backend.combine(0.0, state.field, 1.0, state.field, dt, rate.field)[0])
    )
    assert after - state.energy == pytest.approx(
        -2 * dt * rate.dissipation + dt**2 * energy.curvature_bound(change), rel=1e-9
    )
    solver.advance(case.time)
    assert solver.energy_rise <= stepper.rounding


@pytest.mark.parametrize(
    ("interaction", "names"),
    [("cos(s)*x^2 + exp(x) + exp(-x)", "sx"), ("-exp(4*cos(s))/4", "s"), ("x^4/4 - x^2/2", "x")],
)
@pytest.mark.parametrize("weight_rate", [0.0, 0.7])
def test_kernels_equal_the_reference(interaction, names, weight_rate, device):
    model = model_of(interaction, names, external=f"{names[-1]}^2/2" if names != "s" else "cos(s)")
    ladder = Ladder([5, 130], [2, 3], 3)  # chunks of 64 units, and less
    backend = build_opencl_potential(model, ladder, "float64", weight_rate, device)
    assert type(backend).__name__ == "OpenCLMoments"
    state = start_of(model, ladder)
    rate = NumpyPotential(model, ladder, "float64", weight_rate).velocity(state)
    np.testing.assert_allclose(
        backend.download(backend.velocity(backend.upload(state))),
        rate,
        rtol=0,
        atol=1e-13 * np.abs(rate).max(),
    )


def test_memory_counts_the_features_of_units(monkeypatch):
    from mfpde.lagrangian import memory, solver

    model = model_of("-exp(4*cos(s))/4", "s")
    case = case_from_tables(
        {"time": 1.0, "model": {"kind": "potential", "external": "0"}, "parameters": {"s": CIRCLE}},
        Path("rank.toml"),
    )
    bytes_of_state = 16 * 8 * 2
    monkeypatch.setattr(memory, "room", lambda device: (1000 * (bytes_of_state + 8 * 41) - 1, 0))
    with pytest.raises(InputError, match="1000 units in all need"):
        solver.build_flow(case.replace({"eulerian.backend": "numpy"}), model, Ladder([1000], [1], 1))
