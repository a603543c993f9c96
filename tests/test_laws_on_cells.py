"""Laws on meshes and clouds of points in cells: means kept, second moments to a quarter of a cell squared,
both tails, mirror images, turns.
"""

import itertools
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.eulerian.build import build_solver
from mfpde.laws import tails
from mfpde.laws.normal import Normal
from mfpde.laws.point import Point
from mfpde.laws.uniform import Uniform
from mfpde.laws.wrapped_cauchy import WrappedCauchy
from mfpde.measures.axis import Axis, sinh_faces
from mfpde.measures.cells import cell_masses, exact_masses, missed_mean
from mfpde.measures.mesh import Mesh
from mfpde.models import build_model

CELLS = st.integers(4, 70)
SIZES = st.floats(-4, -0.6).map(lambda power: 10**power)


@st.composite
def lines(draw):
    stretch = draw(st.sampled_from([0.0, 0.0, 2.0, 10.0]))
    return Axis("x", sinh_faces(-4, 4, draw(CELLS), stretch, draw(st.floats(-4, 4))))


@st.composite
def laws(draw):
    """A law well within [-4, 4] and its variance."""
    centre, size = draw(st.floats(-2, 2)), draw(SIZES)
    kind = draw(st.sampled_from(["point", "normal", "uniform", "within"]))
    if kind == "point":
        return Point(centre), 0.0
    if kind == "normal":
        return Normal(centre, size), size**2
    if kind == "uniform":
        return Uniform(centre - size, centre + size), size**2 / 3
    low, width = draw(st.floats(-12, 8)), draw(st.floats(0.1, 4))
    law = Normal(centre, size / 4, centre + size / 4 * low, centre + size / 4 * (low + width))
    return (
        law,
        tails.expectation(lambda z: (law.mean + law.std * z - law.first_moment) ** 2, *law._bounds).real,
    )


def mirrored(law):
    if isinstance(law, Point):
        return Point(-law.at)
    if isinstance(law, Uniform):
        return Uniform(-law.high, -law.low)
    return Normal(-law.mean, law.std, -law.high, -law.low)


@settings(max_examples=300)
@given(lines(), laws())
def test_means_are_kept_and_second_moments_to_a_quarter_of_a_cell_squared(axis, given):
    law, variance = given
    masses, centres = cell_masses(axis, law), axis.centres
    assert masses.min() >= 0
    assert masses.sum() == pytest.approx(1, abs=1e-13)
    if not centres[0] <= law.first_moment <= centres[-1]:  # no masses at centres have such a mean
        assert abs(missed_mean(axis, law)) > 0
        assert masses[0 if law.first_moment < 0 else -1] == pytest.approx(1)
        return
    assert missed_mean(axis, law) == 0
    assert masses @ centres == pytest.approx(law.first_moment, abs=2e-14)
    held = np.flatnonzero(masses > 1e-14)
    h = np.diff(centres)[max(held[0] - 1, 0) : held[-1] + 1].max()
    assert -1e-13 - h**2 / 8 <= masses @ (centres - law.first_moment) ** 2 - variance <= h**2 / 4 + 1e-13


@settings(max_examples=200)
@given(lines(), laws())
def test_mirrored_laws_have_mirrored_masses(axis, given):
    masses = cell_masses(axis, given[0])
    mirror = cell_masses(Axis("x", -axis.faces[::-1]), mirrored(given[0]))[::-1]
    np.testing.assert_allclose(mirror, masses, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("law", [Normal(0.0, 0.2), Uniform(-1, 1), Normal(0, 1, -1.5, 1.5)])
def test_nothing_is_changed_where_nothing_was_wrong(law):
    axis = Axis("x", np.linspace(-4, 4, 41))
    np.testing.assert_array_equal(cell_masses(axis, law), exact_masses(axis, law, axis.faces))
    np.testing.assert_allclose(cell_masses(axis, law), np.diff(law.cdf(axis.faces)), atol=2e-16)


@pytest.mark.parametrize(
    "bounds", [(-np.inf, np.inf), (3.0, 9.0), (-9.0, -6.0), (20.0, 21.0), (-60.0, -55.0), (-2.0, 30.0)]
)
def test_masses_of_normal_laws_are_exact_in_both_tails(bounds):
    low, high = bounds
    law, faces = (
        Normal(0.0, 1.0, low, high),
        (np.linspace(max(low, -35.0), min(high, 35.0), 24) if np.isinf(low) else np.linspace(low, high, 24)),
    )
    with mpmath.workdps(40):

        def mass(a, b):
            a, b = (mpmath.mpf(float(max(min(v, 200.0), -200.0))) / mpmath.sqrt(2) for v in (a, b))
            return mpmath.erfc(a) - mpmath.erfc(b) if a > 0 else mpmath.erfc(-b) - mpmath.erfc(-a)

        exact = [float(mass(a, b) / mass(low, high)) for a, b in itertools.pairwise(faces)]
    np.testing.assert_allclose(law.masses(faces), exact, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("bounds", [(5.0, 6.0), (12.0, 40.0), (-40.0, -12.0), (50.0, 51.0)])
def test_quantiles_deep_in_a_tail_invert_the_masses(bounds):
    law, u = Normal(0.0, 1.0, *bounds), np.array([1e-9, 0.01, 0.3, 0.5, 0.9, 0.99, 1 - 1e-9])
    x = law.quantile(u)
    assert np.all(np.diff(x) > 0)
    np.testing.assert_allclose([law.masses(np.array([bounds[0], v]))[0] for v in x], u, atol=1e-12)
    np.testing.assert_allclose([law.masses(np.array([v, bounds[1]]))[0] for v in x], 1 - u, atol=1e-12)


def test_quantiles_of_common_laws_are_what_they_were():
    from scipy.special import ndtr, ndtri

    u = np.random.default_rng(0).random(100)
    np.testing.assert_array_equal(Normal(0.3, 0.7).quantile(u), 0.3 + 0.7 * ndtri(u))
    below, upto = ndtr(-1.5), ndtr(2.0)
    np.testing.assert_array_equal(Normal(0, 1, -1.5, 2.0).quantile(u), ndtri(below + u * (upto - below)))


def test_wrapped_cauchy_masses_are_exact_far_from_a_narrow_peak():
    law, faces = WrappedCauchy(0.5, 0.99999), np.linspace(0, 2 * np.pi, 65)
    density = (1 - law.r**2) / (
        2 * np.pi * ((1 - law.r) ** 2 + 4 * law.r * np.sin((faces - law.mean) / 2) ** 2)
    )
    masses = law.masses(faces)
    assert masses.sum() == pytest.approx(1, abs=1e-14)
    far = slice(30, 50)
    simpson = np.diff(faces) / 6 * (density[:-1] + density[1:])
    middle = (faces[1:] + faces[:-1]) / 2
    simpson += (
        np.diff(faces)
        * 2
        / 3
        * (1 - law.r**2)
        / (2 * np.pi * ((1 - law.r) ** 2 + 4 * law.r * np.sin((middle - law.mean) / 2) ** 2))
    )
    np.testing.assert_allclose(masses[far], simpson[far], rtol=1e-6)
    np.testing.assert_allclose(WrappedCauchy(-0.5, law.r).masses(-faces[::-1])[::-1], masses, rtol=1e-12)


@settings(max_examples=200)
@given(
    CELLS,
    st.floats(0.5, 9),
    st.floats(-4, 4),
    st.floats(0, 1),
    SIZES,
    st.sampled_from(["point", "normal", "uniform", "cauchy"]),
    st.integers(1, 60),
)
def test_laws_on_circles_keep_their_direction_and_turn_with_it(cells, length, low, place, size, kind, turn):
    if kind == "cauchy":
        length = 2 * np.pi
    axis = Axis("s", np.linspace(low, low + length, cells + 1), periodic=True)

    def law(shift):
        at = low + place * length + shift
        if kind == "normal":
            return Normal(at, size * length)
        return (
            Point(at)
            if kind == "point"
            else (
                WrappedCauchy(at, 1 - size)
                if kind == "cauchy"
                else Uniform(at - size * length, at + size * length)
            )
        )

    masses, wanted = cell_masses(axis, law(0.0)), law(0.0).resultant(length)
    assert masses.min() >= 0
    assert masses.sum() == pytest.approx(1, abs=1e-13)
    found = masses @ np.exp(2j * np.pi / length * axis.centres)
    assert abs((found * np.conj(wanted)).imag) < 1e-13
    assert (found * np.conj(wanted)).real > 0
    np.testing.assert_allclose(
        np.roll(masses, turn), cell_masses(axis, law(turn * length / cells)), atol=1e-11
    )


def test_points_that_are_written_back_keep_their_means_and_directions():
    random = np.random.default_rng(2)
    mesh = Mesh(
        [
            Axis("x", sinh_faces(-3, 3, 9, 3.0, 0.5)),
            Axis("s", np.linspace(1, 3, 8), periodic=True),
            Axis("y", np.linspace(0, 1, 12)),
        ]
    )
    points = np.stack(
        [random.uniform(-1, 1, 500), 1 + 2 * random.random(500) ** 3, random.normal(0.5, 0.01, 500)]
    )
    weights = random.dirichlet(np.ones(500))
    masses = mesh.density_of_points(points, weights) * mesh.volumes
    assert masses.min() >= 0
    assert masses.sum() == pytest.approx(1, abs=1e-14)
    x, s, y = (a.centres for a in mesh.axes)
    assert np.einsum("isj,i", masses, x).sum() == pytest.approx(weights @ points[0], abs=1e-14)
    assert np.einsum("isj,i,j", masses, x, y).sum() == pytest.approx(
        weights @ (points[0] * points[2]), abs=1e-14
    )
    direction = np.einsum("isj,s", masses, np.exp(1j * np.pi * s)).sum() / (
        weights @ np.exp(1j * np.pi * points[1])
    )
    assert direction == pytest.approx(np.cos(np.pi / 7), abs=1e-14)
    error = np.einsum("isj,j", masses, (y - 0.5) ** 2).sum() - weights @ (points[2] - 0.5) ** 2
    assert 0 <= error <= (1 / 11) ** 2 / 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"within": [40, 41]},
            (
                "next to no mass there; expected 'within' to come as near to the mean as 37.5 standard"
                " deviations"
            ),
        ),
        ({"std": 1e4}, "goes around the circle [-8, 8] more than 100 times"),
    ],
)
def test_laws_that_no_mesh_can_hold_are_refused(changes, said):
    case = case_from_tables(TILTED, Path("tilted.toml"))
    x = TILTED["parameters"]["x"] | {"initial": {"law": "normal"} | changes}
    if "std" in changes:
        x |= {"periodic": True}
    with pytest.raises(InputError) as refusal:
        build_model(case.replace({"parameters.x": x, "model.external": "cos(pi*x/8)"}))
    assert said in str(refusal.value)


TILTED = {
    "time": 16.0,
    "model": {"kind": "potential", "external": "-x"},
    "dynamics": {"birth_death": 1.0},
    "parameters": {
        "x": {"domain": [-8, 8], "cells": 321, "mobility": 0.0, "initial": {"law": "normal", "std": 0.5}}
    },
    "eulerian": {"backend": "numpy"},
    "lagrangian": {"units": []},
}


def solved(**changes):
    case = case_from_tables(TILTED, Path("tilted.toml")).replace(changes)
    solver = build_solver(case, build_model(case))
    solver.advance(case.time)
    return solver


def test_fisher_rao_flows_live_on_both_tails():
    """From N(0, s^2) under V0 = -x: N(alpha s^2 t, s^2); cells add to the cumulants those of a uniform law of
    their width h.
    """
    up, down = solved(), solved(**{"model.external": "x"})
    axis = up.mesh.axes[0]
    masses, half = up.density() * axis.widths, axis.widths[0] / 2
    mean, variance = 4 + half / np.tanh(16 * half) - 1 / 16, 0.25 + 1 / 256 - (half / np.sinh(16 * half)) ** 2
    assert masses @ axis.centres == pytest.approx(mean, rel=1e-9)
    assert masses @ (axis.centres - mean) ** 2 == pytest.approx(variance, rel=1e-9)
    np.testing.assert_allclose(down.density()[::-1], up.density(), rtol=1e-10)


def test_narrow_starts_and_births_are_where_they_should_be_and_say_what_is_true(tmp_path):
    changes = {
        "parameters.x.initial": {"law": "point", "at": 0.0},
        "parameters.x.cells": 64,
        "dynamics.births": {"x": {"law": "normal", "mean": 7.99, "std": 0.001}},
        "time": 0.1,
    }
    case = case_from_tables(TILTED, Path("tilted.toml")).replace(changes)
    run = mfpde.run(case, tmp_path / "narrow.h5")
    assert run.mean("x").values[0] == 0
    said = " ".join(run.health["warnings"])
    assert "its mean is that of its law" in said
    assert "the births' normal law (mean 7.99, std 0.001) of x has its mean, 7.99, nearer to a wall" in said
