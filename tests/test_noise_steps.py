"""Steps of noise and of jumps are as short as the law asks for: variances in closed form, by deterministic
noise where it can be.
"""

from pathlib import Path

import numpy as np
import pytest

from mfpde.case.load import case_from_tables
from mfpde.errors import RunError
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.noise import Noise
from mfpde.lagrangian.solver import build_flow
from mfpde.models import build_model

TAU = 0.5


def flow_of(external, parameters, units, **changes):
    tables = {
        "time": 1.0,
        "model": {"kind": "potential", "external": external},
        "parameters": parameters,
        "dynamics": {"diffusion": TAU},
        "eulerian": {"enabled": False, "backend": "numpy"},
    }
    case = case_from_tables(tables, Path("noise.toml")).replace(changes)
    return build_flow(case, build_model(case), Ladder([units], [1], seed=1))


def units(flow):
    return flow.backend.download(flow.state)[:-1]


@pytest.fixture
def one_by_one(monkeypatch):
    """Kick m moves unit m alone, by one deviation: sums of products over units are then covariances of a
    linear flow, without chance.
    """

    def normal(self, purpose, units, replicate, step):
        rows = len(self.moving)
        if purpose == "curvature":
            return np.random.default_rng(step).standard_normal((rows, units))
        result = np.zeros((rows, units))
        for k in range(rows):
            result[k, rows * (step - 1) + k] = 1
        return result

    monkeypatch.setattr(Noise, "_normal", normal)


@pytest.mark.parametrize("k", [1e-2, 1.0, 5.0, 20.0, 1e2, 1e4, 1e6])
def test_the_variance_of_a_quadratic_potential_is_right_for_every_stiffness(k, one_by_one):
    """Ornstein-Uhlenbeck from a point: tau / k (1 - exp(-2 k t)), soon after the start and at the end."""
    flow = flow_of(
        f"{k!r}*x^2/2",
        {"x": {"initial": {"law": "point", "at": 0.0}}},
        500,
        **{"lagrangian.tolerance": 1e-12},
    )
    for time in np.array([0.1, 0.5, 4.0]) / max(k, 0.5):
        flow.advance(time)
        exact = TAU / k * -np.expm1(-2 * k * time)
        assert np.sum(units(flow) ** 2) == pytest.approx(exact, rel=0.0025)
    assert flow.kicks < 500
    assert (flow.noise.longest == np.inf) == (k <= 5)  # the fixed step, where that serves


def test_axes_of_different_stiffness_and_mobility(one_by_one):
    """The stationary covariance is tau times the inverse of the Hessian, whatever the mobilities."""
    parameters = {
        name: {"initial": {"law": "point", "at": 0.0}, "mobility": mobility}
        for name, mobility in (("x", 0.5), ("y", 1.0))
    }
    flow = flow_of("5*x^2 + 50*y^2 + 20*x*y", parameters, 1600, **{"lagrangian.tolerance": 1e-11})
    flow.advance(1.2)
    x = units(flow)
    np.testing.assert_allclose(x @ x.T, TAU * np.linalg.inv([[10, 20], [20, 100]]), rtol=0.01)
    assert 2 * flow.kicks < 1600


def test_modes_of_all_units_together_count():
    """V = (K + 1) x^2/2 - K (x - mean)^2/2: every unit alone meets a rate of 1, their mean one of K + 1."""
    flow = flow_of(
        "25.5*x^2", {"x": {"initial": {"law": "normal", "std": 0.7}}}, 150, **{"model.interaction": "-25*x^2"}
    )
    flow.advance(0.25)
    assert 0.2 / 51 < flow.noise.longest < 0.7 / 51


def gibbs(potential, low, high, n):
    x = np.linspace(low, high, 100001)
    p = np.exp(-(potential(x) - potential(x).min()) / TAU)
    p /= p.sum()
    mean = p @ x
    return (
        np.interp((np.random.default_rng(2).permutation(n) + 0.5) / n, np.cumsum(p), x),
        mean,
        p @ (x - mean) ** 2,
    )


KINDS = {  # formula, domain, whether it is a circle, time, samples that are about independent
    "sharp well on a circle": ("-1000*cos(x)", lambda x: -1000 * np.cos(x), (-np.pi, np.pi), True, 0.005),
    "wall": ("30*x", lambda x: 30 * x, (0.0, 2.0), False, 0.005),
    "quartic": ("250*x^4", lambda x: 250 * x**4, (-2.0, 2.0), False, 0.05),
}


@pytest.mark.parametrize("kind", KINDS)
def test_gibbs_states_stay(kind):
    formula, potential, domain, periodic, time = KINDS[kind]
    axis = {
        "domain": list(domain),
        "periodic": periodic,
        "initial": {"law": "uniform", "low": 0, "high": 0.1},
    }
    n = 10000
    flow = flow_of(formula, {"x": axis}, n)
    start, mean, variance = gibbs(potential, *domain, n)
    flow.restart(flow.backend.upload(np.stack([start, np.zeros(n)])))
    found = []
    for at in np.linspace(0, time, 5)[1:]:
        flow.advance(at)
        found.append((units(flow)[0].mean(), units(flow)[0].var()))
    found = np.mean(found, axis=0)
    assert abs(found[0] - mean) < 4 * np.sqrt(variance / n)
    assert found[1] == pytest.approx(variance, rel=4 * np.sqrt((8 if kind == "wall" else 2) / n))
    assert flow.noise.longest < 0.01


@pytest.mark.parametrize("external", ["1e12*x^2", "1e10*(exp(x) + exp(-x))"])
def test_what_would_not_end_is_refused(external):
    flow = flow_of(external, {"x": {"initial": {"law": "normal", "std": 0.1}}}, 50)
    with pytest.raises(
        RunError, match=r"lagrangian.noise_tolerance: units meet rates of .*dynamics.diffusion"
    ):
        flow.advance(0.5)


def test_a_tighter_tolerance_takes_shorter_steps():
    kicks = []
    for tolerance in (0.01, 0.0025, 0.0001):
        flow = flow_of(
            "50*x^2",
            {"x": {"initial": {"law": "normal", "std": 0.07}}},
            50,
            **{"lagrangian.noise_tolerance": tolerance},
        )
        flow.advance(0.1)
        kicks.append(flow.kicks)
    assert kicks[0] < kicks[1] < kicks[2]


@pytest.mark.parametrize("alpha", [0.1, 1.0, 10.0, 100.0])
def test_jumps_follow_the_fisher_rao_flow_at_every_rate(alpha):
    """In V = x^2/2 a normal law stays normal, its inverse variance grows by alpha t, and mean over variance
    stays.
    """
    changes = {"dynamics.diffusion": 0.0, "dynamics.birth_death": alpha}
    n = 10000
    flow = flow_of("x^2/2", {"x": {"mobility": 0.0, "initial": {"law": "normal", "mean": 1.0}}}, n, **changes)
    for time in np.array([0.33, 1.07]) * min(10, 1 / alpha):
        flow.advance(time)
        x, variance = units(flow)[0], 1 / (1 + alpha * time)
        # clones add to the variance of the mean about as much as n units have
        assert abs(x.mean() - variance) < 4 * np.sqrt(2 * variance / n) + 0.01 * np.sqrt(variance)
        assert x.var() == pytest.approx(variance, rel=4 * np.sqrt(5 / n) + 0.01)


def test_no_jumps_are_missed_at_an_output():
    flow = flow_of(
        "x^2/2",
        {"x": {"initial": {"law": "normal"}}},
        100,
        **{"dynamics.diffusion": 0.0, "dynamics.birth_death": 50.0},
    )
    flow.advance(0.9 * flow.interval)
    assert flow.reacted == flow.time
    flow.advance(flow.time + 0.1 * flow.interval)  # of no consequence yet
    assert flow.reacted < flow.time
