"""Circles and stretched axes: distances and moments that turn with what they measure, and networks beside
meshes of every kind.
"""

from pathlib import Path

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mfpde
from mfpde.analysis.chaos import scaled_correlation
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.measures.axis import Axis, sinh_faces
from mfpde.measures.mesh import Mesh
from mfpde.metrics.distances import w1_marginal
from mfpde.metrics.sliced import SlicedDensity

TURN = 2 * np.pi


def circle(cells, length=TURN, low=0.0):
    return Axis("s", np.linspace(low, low + length, cells + 1), periodic=True)


@pytest.mark.parametrize("cells", [5, 16, 60])
def test_w2_on_a_circle_is_that_of_pot(cells):
    random, axis = np.random.default_rng(cells), circle(cells)
    density, weights, points = (
        random.dirichlet(np.full(cells, 0.3)) / axis.widths,
        random.dirichlet(np.ones(30)),
        TURN * random.random(30),
    )
    parts = (np.arange(400) + 0.5) / 400
    atoms = (axis.faces[:-1, None] + axis.widths[:, None] * parts).ravel()
    expected = ot.binary_search_circle(
        atoms[:, None] / TURN,
        points[:, None] / TURN,
        np.repeat(density * axis.widths / 400, 400),
        weights,
        p=2,
    )
    assert SlicedDensity(Mesh([axis]), density).w2(points[None, None], weights[None]) == pytest.approx(
        TURN * np.sqrt(expected[0]), rel=1e-4
    )


@settings(max_examples=40)
@given(
    st.integers(4, 40),
    st.floats(0.5, 9),
    st.integers(1, 39),
    st.integers(0, 10**6),
    st.sampled_from(["circle", "line", "circles"]),
)
def test_distances_stay_when_both_measures_are_turned(cells, length, turn, seed, kind):
    random = np.random.default_rng(seed)
    axes = {
        "circle": [],
        "line": [Axis("x", np.linspace(-2, 2, 8))],
        "circles": [Axis("r", np.linspace(0, 1, 6), periodic=True)],
    }[kind]
    mesh = Mesh([circle(cells, length, -1.0), *axes])
    density = random.random(mesh.shape) ** 4
    density /= np.sum(density * mesh.volumes)
    points, weights = random.normal(0, length / 4, (len(mesh.axes), 2, 30)), random.dirichlet(np.ones(30), 2)
    if kind == "circles":
        points[1] = points[1] % 1.0
    turned = points.copy()
    turned[0] += turn * length / cells
    around = np.roll(density, turn, axis=0)
    before = SlicedDensity(mesh, density).w2(points, weights)
    np.testing.assert_allclose(SlicedDensity(mesh, around).w2(turned, weights), before, rtol=1e-9)
    axis = mesh.axes[0]
    w1 = [
        w1_marginal(axis, mesh.marginal(d, "s"), p[0, 0], weights[0])
        for d, p in ((density, points), (around, turned))
    ]
    assert w1[1] == pytest.approx(w1[0], rel=1e-9)


def test_sliced_w2_on_a_cylinder_sees_short_ways_around_and_lines():
    mesh = Mesh([Axis("x", np.linspace(-4, 4, 161)), circle(160)])
    density = np.zeros(mesh.shape)
    density[80, 0] = 1 / (mesh.axes[0].widths[0] * mesh.axes[1].widths[0])
    at = np.array([[mesh.axes[0].centres[80]], [mesh.axes[1].centres[0]]])[:, None]
    sliced, one = SlicedDensity(mesh, density), np.ones((1, 1))

    def moved(dx, ds):
        return float(sliced.w2(at + np.array([dx, ds])[:, None, None], one)[0])

    assert moved(0, 0) < 0.03  # the extent of a cell
    assert moved(0, -0.4) == pytest.approx(moved(0, 0.4), rel=0.05)
    assert moved(0, -0.4) < 0.4
    assert 2 < moved(3.9, 0) / moved(1.3, 0) < 4


def tables(low=0.0, shift=0.0, **changes):
    """Oscillators that attract each other, from a law on a circle that begins anywhere."""
    return {
        "time": 0.5,
        "model": {"kind": "potential", "interaction": "-cos(s)"},
        "dynamics": {"diffusion": 0.1},
        "parameters": {
            "s": {
                "domain": [low, low + TURN],
                "cells": 32,
                "periodic": True,
                "initial": {"law": "normal", "mean": 3.0 + shift, "std": 0.35},
            }
        },
        "eulerian": {"backend": "numpy"},
        "lagrangian": {"units": [40], "replicates": 4},
        "output": {"every": 0.25, "fields_every": 0.25},
    } | changes


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """The same problem, in the middle of its circle and across the ends of it."""
    folder = tmp_path_factory.mktemp("circles")
    shift = 16 * TURN / 32
    return [
        mfpde.run(case_from_tables(tables(shift=s), Path("circle.toml")), folder / f"{k}.h5")
        for k, s in enumerate((0.0, shift))
    ]


def test_rotated_problems_have_rotated_answers(turned):
    plain, across = turned
    shift = 16 * TURN / 32
    np.testing.assert_allclose(np.roll(plain.mu.values, 16, axis=1), across.mu.values, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose((across.mean("s") - plain.mean("s")).values, shift, rtol=1e-9)
    np.testing.assert_allclose(across.variance("s"), plain.variance("s"), rtol=1e-9)
    np.testing.assert_allclose(across.resultant("s"), plain.resultant("s"), rtol=1e-9)
    one, other = plain.lagrangian(40), across.lagrangian(40)
    np.testing.assert_allclose((other["mean"] - one["mean"] - shift + np.pi) % TURN, np.pi, atol=1e-9)
    for name in ("variance", "resultant", "energy"):
        np.testing.assert_allclose(other[name], one[name], rtol=1e-8)
    for name in ("w1_s", "sliced_w2"):
        np.testing.assert_allclose(across.comparison(40)[name], plain.comparison(40)[name], rtol=1e-8)
    tables = [run.compare().table["chaos"]["widths"][0]["correlation"]["s"]["value"] for run in turned]
    np.testing.assert_allclose(tables[1], tables[0], rtol=1e-6)


def test_moments_of_units_on_circles_are_those_of_the_shortest_ways(turned):
    run = turned[1]
    networks, particles = run.lagrangian(40), run.lagrangian(40)["particles"].values[0, 1, :, 0]
    place = np.exp(1j * particles).mean()
    away = np.angle(np.exp(1j * particles) / place)
    assert networks["variance"].values[0, 1, 0] == pytest.approx(np.mean(away**2), rel=1e-12)
    assert networks["resultant"].values[0, 1, 0] == pytest.approx(abs(place), rel=1e-12)
    assert networks["mean"].values[0, 1, 0] == pytest.approx(np.angle(place) % TURN, rel=1e-12)


def test_independent_units_on_a_circle_are_not_correlated():
    place = np.exp(1j * np.random.default_rng(0).normal(0, 1.0, (1, 4000, 20))).mean(axis=2)
    assert scaled_correlation(place, 1 - np.abs(place) ** 2, 20).value[0] == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("stretches", [[10.0], [0.0, 10.0], [3.0, 10.0, 0.0], [10.0, 1.0, 5.0, 0.5]])
def test_networks_run_beside_stretched_meshes(tmp_path, stretches):
    axes = {
        f"x{k}": {
            "domain": [-3, 3],
            "cells": 8,
            "stretch": s,
            "initial": {"law": "normal", "mean": 0.2, "std": 0.5},
        }
        for k, s in enumerate(stretches)
    }
    external = " + ".join(f"{name}^2/2" for name in axes)
    case = case_from_tables(
        tables(
            model={"kind": "potential", "external": external},
            parameters=axes,
            dynamics={},
            time=0.1,
            output={"every": 0.1, "fields_every": 0.1},
        ),
        Path("stretched.toml"),
    )
    run = mfpde.run(case, tmp_path / "stretched.h5")
    assert run.health["finished"]
    sliced = run.comparison(40)["sliced_w2"].values
    assert np.all(sliced > 0)
    assert np.all(sliced < 1.5)
    for name in axes:
        assert run.mean(name).values[0] == pytest.approx(0.2, abs=1e-12)


def test_sliced_w2_on_stretched_axes_comes_near_to_that_on_uniform_ones():
    random = np.random.default_rng(0)
    points, weights, found = random.normal(0.3, 0.7, (2, 1, 400)), np.full((1, 400), 1 / 400), []
    for stretch in (0.0, 2.0):
        mesh = Mesh([Axis(name, sinh_faces(-4, 4, 80, stretch, 0.0)) for name in "xy"])
        x, y = np.meshgrid(*(a.centres for a in mesh.axes), indexing="ij")
        density = np.exp(-(x**2 + y**2 / 2))
        found.append(SlicedDensity(mesh, density / np.sum(density * mesh.volumes)).w2(points, weights)[0])
    assert found[1] == pytest.approx(found[0], rel=0.01)


@pytest.mark.parametrize(
    "axis",
    [
        {"domain": [-3, 3], "cells": 11},
        {"domain": [-3, 3], "cells": 12, "stretch": 4.0, "stretch_at": 1.0},
        {"domain": [-3, 3], "cells": 10, "periodic": True},
    ],
)
def test_integrals_of_a_run_use_the_volumes_of_its_cells(tmp_path, axis):
    initial = {"law": "uniform", "low": -1, "high": 2}
    parameters = {
        "x": axis | {"initial": initial},
        "y": {"domain": [0, 1], "cells": 5, "initial": {"law": "uniform", "low": 0, "high": 1}},
    }
    case = tables(
        model={"kind": "potential", "external": "cos(pi*x/3) + (y - 0.5)^2"},
        parameters=parameters,
        dynamics={},
        time=0.5,
        lagrangian={"units": []},
    )
    run = mfpde.run(case_from_tables(case, Path("integrals.toml")), tmp_path / "integrals.h5")
    np.testing.assert_allclose(run.integrate(run.mu), 1, atol=1e-12)
    over_y = run.integrate(run.mu, "y")
    assert over_y.dims == ("time", "x")
    np.testing.assert_allclose(over_y, run.marginal("x").sel(time=over_y["time"]), rtol=1e-12)
    np.testing.assert_allclose(run.marginal("y", "x").transpose(*run.mu.dims), run.mu, rtol=0)
    np.testing.assert_allclose(
        run.expectation(run.mu["y"]), run.mean("y").sel(time=over_y["time"]), rtol=1e-12
    )
    product = run.expectation(run.mu["x"] * run.mu["y"])
    assert product.values[0] == pytest.approx(0.25, abs=0.04 if axis.get("periodic") else 1e-12)
    assert run.mean("x").values[0] == pytest.approx(0.5, abs=1e-12)
    assert run.variance("y").values[0] == pytest.approx((1 - 1 / 25) / 12, rel=1e-12)
    if axis.get("periodic"):
        assert run.resultant("x").values[0] == pytest.approx(np.sinc(0.5), rel=0.03)
    else:
        with pytest.raises(InputError, match="'x' lives on a line"):
            run.resultant("x")
    with pytest.raises(InputError, match="has no axis 'z'"):
        run.mean("z")
    with pytest.raises(InputError, match="is not given at the 5 cells of 'y'"):
        run.integrate(run.marginal("x"), "y")
