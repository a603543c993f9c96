"""What must hold of every law of the registry, with the defaults of its table."""

import numpy as np
import pytest

from mfpde.kinds import LAWS
from mfpde.measures.axis import Axis
from mfpde.measures.cells import exact_masses

SPREAD = [name for name in LAWS if LAWS[name](law=name).build().spread]
TURN = 2 * np.pi


def law_of(name):
    return LAWS[name](law=name).build()


def draws(law, count=200_000):
    """Equal masses of a law, each at its middle."""
    return law.quantile((np.arange(count) + 0.5) / count)


@pytest.mark.parametrize("name", LAWS)
def test_moments_are_those_of_the_quantile_function(name):
    law = law_of(name)
    assert draws(law).mean() == pytest.approx(law.first_moment, abs=1e-4)
    # the wrapped Cauchy law is one of this length alone
    for period in [TURN] if name == "wrapped_cauchy" else [1.0, TURN, 50.0]:
        found = np.mean(np.exp(2j * np.pi / period * draws(law)))
        assert found == pytest.approx(law.resultant(period), abs=1e-4)


@pytest.mark.parametrize("name", LAWS)
def test_masses_are_what_the_distribution_function_says(name):
    law = law_of(name)
    low, high = law.extent
    faces = np.linspace(low, high, 41) if law.spread else low + np.linspace(-1, 1, 40)
    masses = law.masses(faces)
    assert masses.min() >= 0
    assert masses.sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(masses, np.diff(law.cdf(faces)), atol=1e-14)
    if not law.refusal("initial", None, False):  # a law on lines
        assert law.mass_outside(low - 0.1, high + 0.1) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("name", SPREAD)
def test_small_masses_are_exact(name):
    """Of ever smaller intervals, anywhere: mass over length tends to the density."""
    law = law_of(name)
    x = law.quantile(np.array([1e-6, 0.1, 0.37, 0.61, 0.9]))
    ratios = []
    for size in (1e-5, 1e-7):
        faces = np.stack([x, x + size], axis=1)
        masses = np.array([law.masses(pair)[0] for pair in faces])
        ratios.append(masses / (size * law.density(faces.mean(axis=1))))
    np.testing.assert_allclose(ratios[1], ratios[1][2], rtol=1e-8)
    np.testing.assert_allclose(ratios[0], ratios[1], rtol=1e-6)


@pytest.mark.parametrize("name", SPREAD)
def test_quantiles_invert_the_distribution_function(name):
    law, u = law_of(name), np.linspace(0.001, 0.999, 200)
    np.testing.assert_allclose(law.cdf(law.quantile(u)), u, atol=1e-12)
    assert np.isfinite(law.quantile(np.zeros(1))).all()


@pytest.mark.parametrize("name", LAWS)
def test_around_a_circle_nothing_is_lost(name):
    law = law_of(name)
    axis = Axis("s", np.linspace(-0.5, TURN - 0.5, 24), periodic=True)
    masses = exact_masses(axis, law, axis.faces)
    assert masses.sum() == pytest.approx(1, abs=1e-12)
    nodes = (draws(law) + 0.5) % TURN - 0.5
    np.testing.assert_allclose(masses, np.histogram(nodes, axis.faces)[0] / len(nodes), atol=2e-5)


@pytest.mark.parametrize("name", LAWS)
def test_trapezoidal_nodes_know_the_law(name):
    law = law_of(name)
    x, weights = law.trapezoid(2001)
    assert weights.sum() == pytest.approx(1)
    assert weights @ np.exp(1j * x) == pytest.approx(law.resultant(TURN), abs=1e-6)


@pytest.mark.parametrize("name", LAWS)
def test_the_table_has_the_name_and_words_for_messages(name):
    assert LAWS[name](law=name).law == name
    assert "law" in law_of(name).describe() or "mass" in law_of(name).describe()
