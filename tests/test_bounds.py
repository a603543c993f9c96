"""Bounds from differences between meshes, on sequences whose error is known."""

import numpy as np
import pytest

from mfpde.laws.normal import Normal
from mfpde.laws.point import Point
from mfpde.laws.uniform import Uniform
from mfpde.laws.wrapped_cauchy import WrappedCauchy
from mfpde.monitors.bounds import (
    SAFETY,
    Difference,
    Envelope,
    error_bound,
    formal_order,
    observed_order,
    order_of,
)
from mfpde.monitors.grid_error import coarsened, shifted

RATIOS = (2.0, 2.1, 4.0)  #: of half, half of the other parity, a quarter
WIDE = 10.0


def differences(error, ratios=RATIOS):
    """Of a solution whose signed error at cells of size h is error(h)."""
    return [Difference(r, abs(error(r) - error(1.0))) for r in ratios]


@pytest.mark.parametrize("order", [0.8, 1.0, 1.4, 2.0])
def test_a_pure_power_is_bounded_by_the_safety_factor(order):
    found = differences(lambda h: 1e-3 * h**order)
    assert order_of(found, formal_order(WIDE, False)) == pytest.approx(order, abs=0.01)
    assert error_bound(found, WIDE) == pytest.approx(SAFETY * 1e-3, rel=0.02)


def test_an_order_above_the_schemes_own_is_luck():
    found = differences(lambda h: 1e-3 * h**3)
    assert order_of(found, formal_order(WIDE, False)) == 2.0
    assert error_bound(found, WIDE) > 2e-3


def test_an_order_below_its_limit_is_taken_at_the_limit():
    assert observed_order(*(Difference(r, r**0.4 - 1) for r in (2.0, 4.0))) == 0.7
    assert error_bound(differences(lambda h: 1e-3 * h**0.4), WIDE) > 0.5e-3


def test_the_order_falls_as_blobs_are_lost():
    assert [formal_order(blob, False) for blob in (5.0, 2.5, 1.75, 1.0, 0.3)] == [2.0, 2.0, 1.5, 1.0, 1.0]
    # what the differences show does not help a blob of half a cell
    found = differences(lambda h: 1e-3 * h**2)
    assert error_bound(found, 0.5) > 2.5 * error_bound(found, WIDE)


def test_jumps_allow_no_second_order():
    found = differences(lambda h: 1e-3 * h**2)
    assert error_bound(found, WIDE, jumps=True) > 1.5 * error_bound(found, WIDE)


def test_an_error_that_changes_its_sign_with_the_mesh_is_never_missed():
    """a h^2 + b h^3: where half the cells differ by nothing, a quarter of them does."""
    ratios = []
    for a in np.linspace(-1.5, 1.5, 61):
        error = lambda h, a=a: 1e-3 * (a * h**2 + 0.3 * h**3)  # noqa: E731
        ratios.append(error_bound(differences(error), WIDE) / abs(error(1.0)))
    assert differences(lambda h: -0.7 * h**2 + 0.3 * h**3)[0].distance == pytest.approx(0, abs=1e-12)
    assert min(ratios) > 0.5
    assert np.mean(np.array(ratios) >= 1) > 0.75


def test_a_kink_that_one_mesh_meets_by_luck_shows_on_the_mesh_of_the_other_parity():
    found = [Difference(2.0, 0.0), Difference(2.1, 3.0e-3), Difference(4.0, 1.5e-3)]
    assert error_bound(found, WIDE) > 1e-3


def test_the_error_of_the_step_is_added():
    found = differences(lambda h: 1e-3 * h**2)
    assert error_bound(found, WIDE, step=2e-3) - error_bound(found, WIDE) == pytest.approx(SAFETY * 2e-3)


def test_nothing_is_known_without_a_coarser_mesh():
    assert np.isnan(error_bound([Difference(1.0, 0.0), Difference(0.8, 1.0)], WIDE))
    assert error_bound([Difference(1.25, 1e-3)] * 2, WIDE) > 1e-3  # one is enough for the lowest order
    assert error_bound(differences(lambda h: 0.0), WIDE) == 0


def test_the_envelope_bridges_a_zero_that_one_mesh_has():
    envelope, times = Envelope(), np.linspace(0.1, 4, 40)
    held = np.array(
        [
            envelope.hold(t, {"energy": abs(np.cos(2 * t))}, {"energy": [abs(np.cos(2 * t)), 1.0]})["energy"]
            for t in times
        ]
    )
    assert held[times > 1.2].min() > 0.25  # the zeros of the cosine are gone


def test_the_envelope_lets_a_contraction_pass():
    envelope = Envelope()
    for t in np.linspace(0.1, 4, 40):
        size = np.exp(-5 * t)
        assert envelope.hold(t, {"energy": size}, {"energy": [size, 3 * size]})["energy"] == pytest.approx(
            size
        )
    assert envelope.hold(4.1, {"energy": 1.0}, {"energy": [1.0, 3.0]})["energy"] == 1.0


def test_the_envelope_goes_on_from_a_checkpoint():
    first, second = Envelope(), Envelope()
    first.hold(1.0, {"energy": 1.0}, {"energy": [1.0, 2.0]})
    second.restore(first.checkpoint())
    then = (1.1, {"energy": 0.0}, {"energy": [0.0, 2.0]})
    assert first.hold(*then) == second.hold(*then) == {"energy": pytest.approx(1.1**-4)}
    assert first.hold(*then)["energy"] == pytest.approx(1.1**-4)  # the same frame once more


def test_companions_have_both_parities():
    assert [(coarsened(n), shifted(n)) for n in (97, 128, 41, 6, 4)] == [
        (49, 48),
        (64, 63),
        (21, 20),
        (4, 5),
        (4, 5),
    ]


def test_laws_with_jumps_are_known():
    assert [law.jumps for law in (Uniform(0, 1), Point(0.5), Normal(0, 1, -1, 3))] == [True] * 3
    assert [law.jumps for law in (Normal(0, 1), Normal(0, 1, -3, 3), WrappedCauchy(3.0, 0.5))] == [False] * 3
