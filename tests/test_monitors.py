"""Distances against brute force and POT, resolution, statistics."""

import numpy as np
import ot
import pytest
from scipy import stats

from mfpde.analysis.statistics import mean_and_error, power_law
from mfpde.laws.normal import Normal
from mfpde.laws.uniform import Uniform
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.metrics.distances import w1_marginal
from mfpde.metrics.resolution import narrowest_blob
from mfpde.metrics.sliced import SlicedDensity

AXIS = Axis("a", np.linspace(-4, 4, 41))


def fine_atoms(axis, density, parts=400):
    """A piecewise constant density as many atoms."""
    inside = (np.arange(parts) + 0.5) / parts
    points = (axis.faces[:-1, None] + axis.widths[:, None] * inside).ravel()
    return points, np.repeat(density * axis.widths / parts, parts)


@pytest.mark.parametrize("weighted", [False, True])
def test_w1_is_that_of_scipy_on_fine_atoms(weighted):
    random = np.random.default_rng(0)
    density = Mesh([AXIS]).average_density([Normal(0.3, 0.8, -4, 4)])
    samples = random.normal(0, 1, 37).clip(-4, 4)
    weights = random.dirichlet(np.ones(37)) if weighted else None
    points, masses = fine_atoms(AXIS, density)
    expected = stats.wasserstein_distance(points, samples, masses, weights)
    assert w1_marginal(AXIS, density, samples, weights) == pytest.approx(expected, rel=1e-4)


def test_w1_of_a_shifted_law_is_the_shift_and_many_samples_come_close():
    density = Mesh([AXIS]).average_density([Uniform(-1, 1)])
    assert w1_marginal(AXIS, density, np.linspace(-0.7, 1.3, 20001)) == pytest.approx(0.3, abs=1e-4)
    assert w1_marginal(AXIS, density, np.linspace(-1, 1, 20001)) < 1e-4


def test_w1_on_a_circle_goes_the_short_way():
    circle = Axis("b", np.linspace(0, 1, 101), periodic=True)
    density = Mesh([circle]).average_density([Uniform(0.0, 0.1)])
    around = np.linspace(0.95, 1.05, 2001) % 1.0  # shifted by -0.05 across the cut
    assert w1_marginal(circle, density, around) == pytest.approx(0.05, abs=2e-3)


@pytest.mark.parametrize("cells", [4, 7, 16])
def test_w1_on_coarse_circles_is_the_best_over_all_cuts(cells):
    circle = Axis("b", np.linspace(0, 1, cells + 1), periodic=True)
    random = np.random.default_rng(cells)
    density = random.dirichlet(np.ones(cells)) * cells
    samples = random.random(5)
    fine = np.linspace(0, 1, 200001)
    difference = (
        np.interp(fine, circle.faces, np.concatenate([[0], np.cumsum(density / cells)]))
        - np.searchsorted(np.sort(samples), fine) / 5
    )
    expected = np.mean(np.abs(difference - np.median(difference)))
    assert w1_marginal(circle, density, samples) == pytest.approx(expected, abs=2e-5)


def test_sliced_w2_is_that_of_pot_on_the_same_directions():
    random = np.random.default_rng(1)
    mesh = Mesh([Axis("a", np.linspace(-4, 4, 33)), Axis("w", np.linspace(-3, 3, 25))])
    density = mesh.average_density([Normal(0.2, 0.9, -4, 4), Normal(-0.4, 0.6, -3, 3)])
    cloud, weights = random.normal(size=(80, 2)), random.dirichlet(np.ones(80))
    sliced = SlicedDensity(mesh, density)
    # the density as atoms, 8 x 8 in every cell
    inside = (np.arange(8) + 0.5) / 8
    axes = [(a.faces[:-1, None] + a.widths[:, None] * inside).ravel() for a in mesh.axes]
    atoms = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=-1)
    masses = np.repeat(np.repeat(density * mesh.volumes / 64, 8, axis=0), 8, axis=1).ravel()
    expected = ot.sliced_wasserstein_distance(
        atoms, cloud, masses / masses.sum(), weights, projections=sliced.vectors.T
    )
    assert sliced.w2(cloud.T[:, None], weights[None]) == pytest.approx(expected, rel=2e-3)


def test_sliced_w2_of_a_translation_and_in_one_dimension():
    mesh = Mesh([AXIS])
    density = mesh.average_density([Uniform(-1, 1)])
    cloud = np.linspace(-0.5, 1.5, 4001)[:, None]
    assert SlicedDensity(mesh, density).w2(cloud.T[:, None], np.full((1, 4001), 1 / 4001)) == pytest.approx(
        0.5, abs=1e-3
    )


@pytest.mark.parametrize("std", [0.3, 0.5, 1.0])
def test_the_narrowest_blob_of_a_gaussian_is_its_width(std):
    for mean in (0.0, 0.03, 0.1):
        law = Normal(mean, std, -4, 4)
        density = Mesh([AXIS]).average_density([law])
        assert narrowest_blob(AXIS, density) == pytest.approx(std / 0.2, rel=0.06)


def test_plateaus_steps_and_empty_densities_are_no_blobs():
    assert narrowest_blob(AXIS, Mesh([AXIS]).average_density([Uniform(-1, 1)])) == np.inf
    assert narrowest_blob(AXIS, np.zeros(40)) == np.inf
    assert narrowest_blob(AXIS, np.linspace(0, 1, 40)) == np.inf


def test_a_power_law_is_found_with_an_interval_that_holds_it():
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(40):
        samples = {n: random.chisquare(5, 30) / n for n in (50, 200, 800, 3200)}
        fit = power_law(samples)
        assert fit.low < fit.slope < fit.high
        hits += fit.low <= -1 <= fit.high
    assert hits >= 34  # 95 % nominal; 34 of 40 is 2.6 standard deviations below


def test_degenerate_fits_say_nothing():
    assert np.isnan(power_law({100: np.ones(5)}).slope)
    assert np.isnan(power_law({100: np.ones(5), 200: np.zeros(5)}).slope)
    assert np.isnan(power_law({10: np.ones(1), 100: np.full(4, 0.1)}).low)
    mean, error = mean_and_error(np.ones((3, 1)))
    assert np.all(mean == 1)
    assert np.all(np.isnan(error))
