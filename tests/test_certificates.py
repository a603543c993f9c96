"""Certificates: bounds are below every energy, over hundreds of random problems, and sharp at optima."""

import numpy as np
import pytest
from conftest import small_case
from losses import targets
from problems import network_on, relu_of_twenty
from scipy.optimize import nnls

import mfpde
from mfpde.activations import FORMULAS, find_activation
from mfpde.analysis.certificate import in_words
from mfpde.certificates.dual import lower_bound
from mfpde.certificates.oracle import build_oracle
from mfpde.data.targets import kind_of
from mfpde.expressions import evaluate
from mfpde.expressions.intervals import Enclosure
from mfpde.kinds import LOSSES
from mfpde.models.loss import Loss
from mfpde.models.penalty import Penalty

OWN_FORMULAS = ["exp(-t^2)/sqrt(pi)", "sin(3*t)/(1+t^2)", "max(t,0.1*t)", "t*exp(-abs(t))", "log(1+t^2)"]
CHUNKS, EACH = 10, 52  #: random problems


def amplitudes_of(network, low, high):
    """Amplitudes among which an opponent chooses (n,)."""
    top = 20.0 if not np.isfinite(high) else high
    bottom = -20.0 if not np.isfinite(low) else low
    return np.unique(
        np.clip(np.concatenate([np.linspace(bottom, top, 101), np.linspace(-1, 1, 21)]), bottom, top)
    )


def best_of_frank_wolfe(network, domain, random, steps=25, each=21):
    """The energy of a measure that Frank-Wolfe finds among atoms on a grid: above E*, and near it. It knows
    nothing of `certificates`.
    """
    x, y, weights = network.data.x, network.data.targets, network.data.weights
    ends = zip(domain.z.low, domain.z.high, strict=True)
    axes = [np.linspace(low, high, each if high > low else 1) for low, high in ends]
    z = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=-1)
    phi = network.features.values(z, x)
    a = amplitudes_of(network, domain.a.low[0], domain.a.high[0])
    of_a, of_z = network.penalty.amplitude(a), network.penalty.rest(z)
    start = np.argmin(np.abs(a))
    f, penalty = a[start] * np.tile(phi[0], (len(y), 1)), len(y) * of_a[start] + of_z[0]

    def energy(f, penalty):
        return 2 * float(weights @ network.loss.value(f, y)) + 2 * penalty

    for _ in range(steps):
        h = (weights * network.loss.slope(f, y)) @ phi.T
        of_output = [np.min(np.multiply.outer(a, h_o) + of_a[:, None], axis=0) for h_o in h]
        k = int(np.argmin(sum(of_output) + of_z))
        chosen = [a[np.argmin(a * h_o[k] + of_a)] for h_o in h]
        g = np.multiply.outer(chosen, phi[k])
        r = float(np.sum(network.penalty.amplitude(np.array(chosen))) + of_z[k])
        shares = np.concatenate([[0], np.logspace(-4, 0, 30)])
        values = [energy(f + s * (g - f), penalty + s * (r - penalty)) for s in shares]
        s = shares[int(np.argmin(values))]
        f, penalty = f + s * (g - f), penalty + s * (r - penalty)
    return energy(f, penalty), f


def random_network(random):
    """Any loss, activation, penalty and domain."""
    loss = random.choice(list(LOSSES))
    outputs = (
        3 if kind_of(loss) == "classes" else int(random.integers(1, 3)) if kind_of(loss) == "numbers" else 1
    )
    count, d = int(random.integers(3, 9)), int(random.integers(1, 3))
    kind = random.choice(["power", "power", "power", "path"])
    penalty = {"kind": kind, "lambda": float(10 ** random.uniform(-3, -0.5))}
    if kind == "power":
        penalty |= {"power": float(random.choice([1, 1.5, 2, 3]))}
        penalty |= {"confinement": float(random.choice([0, 0, 0.02]))}
    high = float(10 ** random.uniform(-0.3, 1))
    a = [(-high, high), (-high / 2, high), None][random.integers(3)]
    return network_on(
        random.normal(size=(count, d)),
        targets(loss, outputs, count, int(random.integers(2**31))),
        loss=loss,
        activation=str(random.choice([*FORMULAS, *OWN_FORMULAS])),
        features=str(random.choice(["perceptron", "perceptron", "radial"])) if d == 1 else "perceptron",
        bias=d == 1,
        penalty=penalty,
        a=a,
        z=(-float(random.uniform(0.5, 4)), float(random.uniform(0.5, 4))),
    )


@pytest.mark.parametrize(
    "chunk", [pytest.param(k, marks=[pytest.mark.slow] if k else []) for k in range(CHUNKS)]
)
def test_no_measure_is_below_a_bound(chunk):
    random = np.random.default_rng([3, chunk])
    for k in range(EACH):
        network = random_network(random)
        oracle = build_oracle(network)
        assert oracle.is_proven, (k, oracle.why_estimate)
        reached, f = best_of_frank_wolfe(network, oracle.domain, random)
        rounding = 1e-12 * (1 + abs(reached))
        for at in (f, random.normal(size=f.shape) + f):
            bound = lower_bound(network, oracle, at.ravel())
            assert bound.proven
            assert bound.value <= reached + rounding, (k, network.features.label, network.penalty.spec)


@pytest.mark.parametrize("formula", [*FORMULAS, *OWN_FORMULAS])
def test_enclosures_hold_all_values(formula):
    random = np.random.default_rng(0)
    low = random.uniform(-8, 8, 2000)
    high = low + random.exponential(0.3, 2000) * random.choice([1, 1e-3], 2000)
    t = low + (high - low) * np.linspace(0, 1, 51)[:, None]
    activation = find_activation(formula)
    for of in (activation.formula, activation.derivative, activation.second_derivative):
        below, above = Enclosure(low, high).of(of)
        values = evaluate(of, {"t": t})
        assert np.all(below <= values.min(axis=0))
        assert np.all(values.max(axis=0) <= above)


@pytest.mark.parametrize("features", ["perceptron", "radial"])
def test_remainders_hold(features):
    random = np.random.default_rng(1)
    for activation in [*FORMULAS, *OWN_FORMULAS] if features == "perceptron" else ["-"]:
        network = network_on(
            random.normal(size=(5, 1)), random.normal(size=(1, 5)), activation=activation, features=features
        )
        phi, x = network.features, network.data.x
        centre, radius = random.uniform(-2, 2, (60, 2)), random.exponential(0.3, (60, 2))
        bound = phi.remainder(centre, radius, x)
        value, slopes = phi.values(centre, x), phi.slopes(centre, x)
        for _ in range(40):
            step = radius * random.uniform(-1, 1, radius.shape)
            found = phi.values(centre + step, x) - value - np.einsum("nlc,nc->nl", slopes, step)
            assert np.all(np.abs(found) <= bound + 1e-12), activation


def test_the_bound_meets_the_optimum():
    """Of 20 points by ReLU: E* is the value of a finite programme (docs/global_convergence.md)."""
    network = relu_of_twenty(penalty={"lambda": 1e-3})
    x, y = network.data.x[:, 0], network.data.y
    z = [(s, t) for s in (-2, 2) for t in (-2, 2)]
    z += [p for k in x for p in ((-2, 2 * k), (2, -2 * k)) if abs(2 * k) <= 2]
    phi = np.maximum(np.array(z) @ np.stack([x, np.ones(20)]), 0).T
    rows = np.vstack([np.hstack([phi, -phi]) / np.sqrt(20), np.full(2 * len(z), np.sqrt(2e-3))])
    masses, residual = nnls(rows, np.append(y / np.sqrt(20), 0))
    assert residual**2 == pytest.approx(0.067285147114, abs=1e-11)
    f, oracle = np.hstack([phi, -phi]) @ masses, build_oracle(network)
    bound = lower_bound(network, oracle, f, residual**2)
    assert 0 <= residual**2 - bound.value < 2e-7
    assert bound.scale == pytest.approx(1, abs=1e-3)
    peak = oracle.largest((f - y)[None], 1e-8)
    assert 0 <= peak.bound - 2e-3 * masses.sum() < 1e-7


def test_free_amplitudes_under_total_variation_scale_the_dual():
    network = relu_of_twenty(penalty={"lambda": 1e-3, "power": 1})
    bound = lower_bound(network, build_oracle(network), np.zeros(20))
    assert bound.proven
    assert 0 < bound.scale < 1
    assert bound.value > 0


def test_a_search_without_proof_says_so():
    network = network_on(np.eye(3), np.ones((1, 3)), activation="tanh", penalty={"lambda": 0.1})
    oracle = build_oracle(network)
    assert "4 free components" in oracle.why_estimate
    bound = lower_bound(network, oracle, np.zeros(3))
    assert bound.value > 0
    assert not bound.proven


@pytest.mark.parametrize("loss", ["square", "huber", "logistic"])
def test_conjugates_are_those_found_by_bisection(loss):
    network = network_on(np.ones((5, 1)), targets(loss, 1, 5), loss=loss)
    y = network.data.targets
    p = 0.9 * network.loss.slope(np.random.default_rng(0).normal(size=(1, 5)), y)
    np.testing.assert_allclose(network.loss.conjugate(p, y), Loss.conjugate(network.loss, p, y), atol=1e-9)


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("box", [(-2.0, 3.0), (-np.inf, np.inf), (0.5, 4.0)])
def test_amplitudes_in_closed_form_are_those_found_by_bisection(power, box):
    penalty = network_on(np.ones((2, 1)), np.ones((1, 2)), penalty={"lambda": 0.3, "power": power}).penalty
    h = np.array([-0.29, -0.1, 0.0, 0.05, 0.28])
    found = Penalty.minimiser(penalty, h, *box)
    np.testing.assert_allclose(penalty.infimum(h, *box), found * h + penalty.amplitude(found), atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "the energy of the density is at most"),
        ({"eulerian.enabled": False}, "the energy of networks of 30 units is at most"),
        (
            {"dynamics.diffusion": 0.05, "dynamics.birth_death": 0.0},
            "the free energy of the density is at most",
        ),
    ],
)
def test_a_run_says_how_far_it_is_from_the_best(changes, said, tmp_path):
    run = mfpde.run(small_case(**{"lagrangian.units": [10, 30], "time": 0.2} | changes), tmp_path / "run.h5")
    assert said in in_words(run)
    table = run.compare().table
    assert table["certificate"]["certified"]
    assert table["certificate"]["domain"] == ("grid" if "free" in said else "continuum")
    if run.has_density:
        gap = run.eulerian["gap"].values
        assert np.all(gap > 0)
        assert gap[-1] < gap[0]
