"""Initial laws, meshes, data laws: exact masses, exact samples, independent streams."""

import numpy as np
import pytest
from scipy import integrate, stats

from mfpde.case import data_tables
from mfpde.data.inputs import draw_inputs
from mfpde.laws.normal import Normal
from mfpde.laws.point import Point
from mfpde.laws.uniform import Uniform
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.randomness import generator

LAWS = [Normal(0.3, 0.7), Normal(0, 1, -1.5, 2.0), Uniform(-1, 2.5)]


@pytest.mark.parametrize("law", LAWS)
def test_quantile_inverts_the_distribution_function(law):
    u = np.linspace(0.001, 0.999, 200)
    np.testing.assert_allclose(law.cdf(law.quantile(u)), u, atol=1e-12)


def test_a_conditioned_normal_is_scipys_truncated_normal():
    law, exact = Normal(0.5, 2.0, -1.0, 3.0), stats.truncnorm(-0.75, 1.25, 0.5, 2.0)
    x = np.linspace(-2, 4, 50)
    np.testing.assert_allclose(law.cdf(x), exact.cdf(x), atol=1e-13)


@pytest.mark.parametrize("law", [Normal(0.25, 0.4), Normal(0, 1, -1.5, 1.5), Uniform(-1, 2.5)])
def test_wide_laws_have_their_exact_cell_masses(law):
    axis = Axis("a", np.linspace(-4, 4, 33))  # faces at all edges
    masses = Mesh([axis]).average_density([law]) * axis.widths
    assert abs(masses.sum() - 1) < 1e-14
    np.testing.assert_allclose(masses, np.diff(law.cdf(axis.faces)), atol=1e-15)


def test_marginals_and_wall_masses_of_a_product():
    mesh = Mesh(
        [
            Axis("a", np.linspace(-3, 3, 20)),
            Axis("w", np.linspace(-2, 2, 11)),
            Axis("b", np.linspace(0, 1, 8), periodic=True),
        ]
    )
    laws = [Normal(0, 1, -3, 3), Uniform(-1, 1), Uniform(0, 1)]
    density = mesh.average_density(laws)
    for axis, law in zip(mesh.axes, laws, strict=True):
        np.testing.assert_allclose(
            mesh.marginal(density, axis.name) * axis.widths, np.diff(law.cdf(axis.faces)), atol=1e-15
        )
    walls = mesh.wall_mass(density)
    assert set(walls) == {"a", "w"}  # a circle has no wall
    assert walls["w"] == 0
    assert walls["a"] == pytest.approx(2 * laws[0].cdf(mesh.axes[0].faces[1]))


def test_mass_outside():
    assert Normal(0, 1).mass_outside(-1, 1) == pytest.approx(2 * stats.norm.sf(1))
    assert Point(1.0).mass_outside(-1, 1) == 0
    assert Point(1.1).mass_outside(-1, 1) == 1


def test_streams_of_random_numbers_differ_in_every_part_of_their_key():
    keys = [
        (1, "initial"),
        (2, "initial"),
        (1, "reaction"),
        (1, "initial", 7),
        (1, "initial", 0, 7),
        (1, "initial", 0, 0, 7),
    ]
    draws = [generator(*key).random(4).tobytes() for key in keys]
    assert len(set(draws)) == len(draws)
    assert (
        generator(1, "initial", 5, 6).random(4).tobytes() == generator(1, "initial", 5, 6).random(4).tobytes()
    )


def test_inputs_follow_their_laws():
    sphere, weights = draw_inputs(data_tables.SphereInputs(law="sphere", dimension=5, radius=2.0, samples=50))
    np.testing.assert_allclose(np.linalg.norm(sphere, axis=1), 2.0)
    assert weights.sum() == pytest.approx(1)
    uniform, _ = draw_inputs(
        data_tables.UniformInputs(law="uniform", low=1, high=3, samples=4000, dimension=2)
    )
    assert stats.kstest(uniform.ravel(), stats.uniform(1, 2).cdf).pvalue > 1e-3
    normal, _ = draw_inputs(data_tables.NormalInputs(law="normal", mean=1, std=2, samples=4000))
    assert stats.kstest(normal.ravel(), stats.norm(1, 2).cdf).pvalue > 1e-3


def test_lebesgue_weights_integrate():
    x, weights = draw_inputs(
        data_tables.GridInputs(law="grid", dimension=2, low=-8, high=8, points=65, weights="lebesgue")
    )
    density = np.exp(-np.sum(x**2, axis=1) / 2) / (2 * np.pi)
    assert weights @ density == pytest.approx(1, abs=1e-12)
    exact = integrate.quad(lambda t: np.exp(-(t**2) / 2), -8, 8)[0] ** 2 / (2 * np.pi)
    assert weights @ density == pytest.approx(exact, abs=1e-12)
