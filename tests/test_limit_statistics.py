"""What is said of networks about their limit: unbiased parts, honest intervals, correlations of units, widths
that keep what they promise.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from conftest import small_case
from scipy.stats import binom

import mfpde
from mfpde.analysis.chaos import scaled_correlation
from mfpde.analysis.limit import MeanField, mean_field, scatter
from mfpde.analysis.planner import CONFIDENCE, gaussian_quantile, plan_width, smallest_width
from mfpde.analysis.statistics import bootstrap_mean, power_law, resamples
from mfpde.errors import InputError
from mfpde.lagrangian.forces_numpy import NumpyNetwork
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.network import build_network


def covered(found, truth):
    """How often the interval holds the truth."""
    return np.mean((found.low <= truth) & (truth <= found.high))


# --- bias and variance apart --------------------------------------------------------------------------------


def synthetic(draws, replicates, spread, bias, seed=0):
    """`draws` independent experiments in place of times: networks f + bias + noise, of standard deviation
    `spread` in every coefficient.
    """
    random, shape = np.random.default_rng(seed), (draws, replicates, len(spread))
    limit = random.standard_normal((draws, 1, len(spread)))
    weights = np.linspace(1, 0.5, len(spread))
    prediction = limit + bias + spread * random.standard_normal(shape)
    loss = 0.3 + 0.1 * random.standard_normal(shape[:2])
    networks = xr.Dataset(
        {"prediction": (("time", "replicate", "data"), prediction), "loss": (("time", "replicate"), loss)}
    )
    run = SimpleNamespace(norm_weights=weights, lagrangian=lambda units: networks)
    found = scatter(run, 10, MeanField(limit[:, 0], np.full(draws, 0.1), "nodes"))
    return (
        found,
        float(weights @ np.square(spread)),
        float(np.sum(weights * np.square(bias))),
        prediction - limit,
        weights,
    )


@pytest.mark.parametrize("replicates", [2, 5])
def test_variance_and_bias_are_estimated_without_bias(replicates):
    found, variance, bias, _, _ = synthetic(
        1200, replicates, np.array([1.0, 0.5, 0.2]), np.array([0.3, -0.2, 0.0])
    )
    for part, truth in (
        (found.gap, variance + bias),
        (found.variance, variance),
        (found.bias_squared, bias),
        (found.loss_gap, 0.2),
    ):
        assert abs(part.value.mean() - truth) < 4 * part.value.std() / np.sqrt(1200)
    # the share of the variance in the square of a mean of few would be seen
    assert variance / replicates > 20 * found.bias_squared.value.std() / np.sqrt(1200) / 4


def test_the_gap_is_variance_plus_bias_in_every_draw():
    found, _, _, deviation, weights = synthetic(20, 6, np.array([1.0, 0.5]), np.array([0.3, -0.2]))
    np.testing.assert_allclose(found.gap.value, found.variance.value + found.bias_squared.value, rtol=1e-12)
    np.testing.assert_allclose(found.gaps, deviation**2 @ weights, rtol=1e-12)
    np.testing.assert_allclose(found.variance.value, deviation.var(axis=1, ddof=1) @ weights, rtol=1e-12)
    assert (found.units, found.replicates) == (10, 6)


@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_intervals_hold_the_truth_about_as_often_as_they_say(bias):
    """Percentile intervals of 40 replicates fall a little short of 95 %; 300 draws know a share of 0.93 to
    0.015.
    """
    found, variance, bias, _, _ = synthetic(300, 40, np.array([1.0, 0.5, 0.2]), np.array([bias, 0, 0]))
    for part, truth in ((found.gap, variance + bias), (found.variance, variance), (found.loss_gap, 0.2)):
        assert 0.87 < covered(part, truth) < 0.99
        assert np.all(part.low < part.value)
        assert np.all(part.value < part.high)
    assert covered(found.bias_squared, bias) > 0.87


def test_the_interval_of_the_bias_holds_0_where_there_is_none():
    """Networks that scatter in 30 directions alike."""
    found, *_ = synthetic(200, 50, np.ones(30), np.zeros(30))
    assert covered(found.bias_squared, 0.0) > 0.87


def test_a_single_replicate_has_no_interval():
    found, *_ = synthetic(3, 1, np.ones(2), np.zeros(2))
    assert np.all(np.isnan([found.gap.low, found.gap.high, found.bias_squared.low, found.loss_gap.high]))
    assert np.all(np.isfinite(found.gap.value))


def test_resamples_are_shares_of_replicates_and_the_same_for_all():
    shares = resamples(7)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(shares, resamples(7))
    # binomial: the share of one replicate has mean 1/7 and variance (1/7) (6/7) / 7
    assert np.abs(shares.mean(axis=0) - 1 / 7).max() < 4 * np.sqrt(6 / 7**3 / len(shares))
    values = np.random.default_rng(0).random((3, 7))
    np.testing.assert_allclose(bootstrap_mean(values).value, values.mean(axis=1))


# --- rates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slope", [-1.0, -0.5, 0.3])
def test_an_exact_power_law_is_found_exactly(slope):
    fit = power_law({n: np.full(4, 3.0 * n**slope) for n in (10, 40, 100, 700)})
    assert fit == pytest.approx((slope, slope, slope), rel=1e-12)


def replicates_of(random, widths, count, common):
    """Gaps of exponential law about 1/n; a share of their randomness is common to the widths."""
    shared = random.exponential(size=count)
    return {n: (common * shared + (1 - common) * random.exponential(size=count)) / n for n in widths}


def test_resampling_pairs_narrows_the_interval_of_replicates_that_share_their_noise():
    samples = replicates_of(np.random.default_rng(1), (10, 30, 100), 50, 0.9)
    apart, paired = power_law(samples), power_law(samples, paired=True)
    assert paired.slope == apart.slope
    assert paired.low < paired.slope < paired.high
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)
    # as many of each width as all have
    uneven = dict(samples) | {100: samples[100][:30]}
    assert power_law(uneven, paired=True) == power_law(
        {n: values[:30] for n, values in samples.items()}, paired=True
    )


@pytest.mark.parametrize(("common", "paired"), [(0.0, False), (0.9, True)])
def test_the_interval_of_a_slope_holds_the_truth_about_as_often_as_it_says(common, paired):
    random = np.random.default_rng(2)
    fits = [power_law(replicates_of(random, (10, 30, 100), 40, common), paired) for _ in range(200)]
    share = np.mean([fit.low <= -1 <= fit.high for fit in fits])
    assert 0.87 < share < 0.99


def test_a_slope_needs_two_widths_and_positive_means():
    for samples in ({10: np.ones(3)}, {10: np.ones(3), 20: np.zeros(3)}):
        assert np.all(np.isnan(power_law(samples)))
    fit = power_law({10: np.ones(1), 100: np.full(1, 0.1)})
    assert fit.slope == pytest.approx(-1)
    assert np.isnan(fit.low)


# --- correlations of units ----------------------------------------------------------------------------------


def exchangeable(random, networks, units, correlation):
    """Units (networks, units) of variance 1 with one correlation, if need be negative."""
    noise = random.standard_normal((networks, units))
    if correlation < 0:
        noise -= noise.mean(axis=1, keepdims=True) * (
            1 - np.sqrt(1 + (units - 1) * correlation / (1 - correlation))
        )
        return 2.0 + np.sqrt(1 - correlation) * noise
    return (
        2.0 + np.sqrt(correlation) * random.standard_normal((networks, 1)) + np.sqrt(1 - correlation) * noise
    )


def correlation_of(cloud):
    """Its interval, as from a run with one output."""
    return scaled_correlation(cloud.mean(axis=1)[None], cloud.var(axis=1)[None], cloud.shape[1])


@pytest.mark.parametrize("correlation", [0.0, 0.3, -0.15])
def test_the_correlation_of_units_equals_that_over_explicit_pairs(correlation):
    """Exactly: variances and covariances without bias, with pairs of units in different networks for the
    square of the mean.
    """
    cloud = exchangeable(np.random.default_rng(3), 20, 5, correlation)
    networks, units = cloud.shape
    pairs = [(i, j) for i in range(units) for j in range(units) if i != j]
    different = [(k, m) for k in range(networks) for m in range(networks) if k != m]
    apart = np.mean(
        [cloud[k, i] * cloud[m, j] for k, m in different for i in range(units) for j in range(units)]
    )
    covariance = np.mean([cloud[k, i] * cloud[k, j] for k in range(networks) for i, j in pairs]) - apart
    variance = np.mean(cloud**2) - apart
    assert correlation_of(cloud).value[0] == pytest.approx(units * covariance / variance, rel=1e-10)


@pytest.mark.parametrize("correlation", [0.0, 0.02, -0.02])
def test_the_interval_of_a_correlation_holds_the_truth_about_as_often_as_it_says(correlation):
    random = np.random.default_rng(4)
    clouds = np.stack([exchangeable(random, 60, 25, correlation) for _ in range(300)])
    found = scaled_correlation(clouds.mean(axis=2), clouds.var(axis=2), 25)
    assert 0.87 < covered(found, 25 * correlation) < 0.99
    assert abs(found.value.mean() - 25 * correlation) < 4 * found.value.std() / np.sqrt(300) + 0.02


def test_units_of_one_network_that_are_all_alike_are_wholly_correlated():
    cloud = np.repeat(np.random.default_rng(5).standard_normal((10, 1)), 4, axis=1)
    assert correlation_of(cloud).value[0] == pytest.approx(4)


# --- widths -------------------------------------------------------------------------------------------------


def test_the_smallest_width_solves_its_inequality():
    random = np.random.default_rng(6)
    for _ in range(300):
        constant, bias, tolerance = (
            10.0 ** random.uniform(-4, 3),
            random.choice([0.0, 10.0 ** random.uniform(-4, 4)]),
            10.0 ** random.uniform(-3, 1),
        )
        n = smallest_width(constant, bias, tolerance)
        assert n >= 1
        # 1e-11: the inequality is met up to rounding
        assert constant / n + bias / n**2 <= tolerance**2 * (1 + 1e-11)
        if n > 1:
            assert constant / (n - 1) + bias / (n - 1) ** 2 > tolerance**2
    assert smallest_width(4.0, 0.0, 0.1) == 400
    assert smallest_width(0.0, 0.0, 0.1) == 1


def test_a_finer_tolerance_asks_for_more_units():
    for bias in (0.0, 50.0):
        widths = [smallest_width(2.0, bias, tolerance) for tolerance in (1.0, 0.5, 0.2, 0.1, 0.01)]
        assert widths == sorted(set(widths))
    assert smallest_width(2.0, 50.0, 0.1) > smallest_width(2.0, 0.0, 0.1)


def test_quantiles_of_gaussian_squares_are_those_of_chi_square():
    # 200 000 draws know a quantile of one square to 0.3 %
    for freedom, quantile in ((1, 3.8415), (2, 5.9915), (10, 18.307)):
        assert gaussian_quantile(np.ones(freedom), float(freedom)) == pytest.approx(quantile, rel=0.02)
    assert gaussian_quantile(np.ones(2), 2.5) == pytest.approx(5.9915 + 0.5, rel=0.02)


def unpredicted(times):
    """What the planner asks of a run that holds no prediction."""
    case = {"dynamics": {"diffusion": 0.0, "birth_death": 0.0}}
    return SimpleNamespace(
        path="run.h5",
        times=times,
        case=case,
        tree=SimpleNamespace(children={}),
        has_function=False,
        paired=False,
    )


def test_a_plan_counts_the_bias_that_the_ladder_shows():
    """Synthetic networks with n Var = 1.5 and a bias of 3/n: n E|f_n - f|^2 = 1.5 + 9 / n."""
    scatters = []
    for units in (10, 20, 40):
        found, *_ = synthetic(1, 1000, np.full(2, units**-0.5), np.array([3.0, 0.0]) / units, seed=units)
        scatters.append(found._replace(units=units))
    plan = plan_width(unpredicted(np.zeros(1)), scatters, 0.1)
    assert plan["source"] == "observed"
    assert plan["bias_constant"] == pytest.approx(9, rel=0.2)
    # of the widest networks, whose mean of 1000 is known to 4 % or so, without their bias
    assert plan["constant"]["value"] == pytest.approx(1.5, rel=0.12)
    assert plan["mean"]["units"] == smallest_width(plan["constant"]["value"], plan["bias_constant"], 0.1)
    assert plan["confident"]["units"] > plan["mean"]["units"] > 100 * plan["constant"]["value"]


def test_a_bias_that_may_be_chance_is_not_planned_for():
    """Of networks without bias; one set in forty or so would be told from 0 wrongly."""
    scatters = [
        synthetic(1, 40, np.full(2, units**-0.5), np.zeros(2), seed=units)[0]._replace(units=units)
        for units in (10, 20, 40)
    ]
    assert plan_width(unpredicted(np.zeros(1)), scatters, 0.1)["bias_constant"] == 0


def test_few_replicates_have_no_upper_limit_of_a_quantile():
    scatters = [synthetic(1, 30, np.full(2, 10**-0.5), np.zeros(2), seed=3)[0]._replace(units=10)]
    plan = plan_width(unpredicted(np.zeros(1)), scatters, 0.1)
    assert plan["confident"]["high"] is None
    assert plan["confident"]["low"] <= plan["confident"]["units"]
    assert plan["mean"]["high"] is not None


# --- real runs ----------------------------------------------------------------------------------------------

UNITS, REPLICATES = 200, 240


def real(folder, name, **changes):
    """Networks (a, w) from a standard normal start, with nodes; no mesh."""
    parameters = {key: {"initial": {"law": "normal"}} for key in "aw"}
    base = {
        "model.bias": False,
        "eulerian.enabled": False,
        "characteristics.nodes": 1024,
        "fluctuations.rank": 24,
        "time": 2.0,
        "output.every": 0.5,
    }
    # a tolerance of 1e-4 moves networks by far less than they scatter
    base |= {"lagrangian.units": [UNITS], "lagrangian.replicates": REPLICATES, "lagrangian.tolerance": 1e-4}
    base |= {"output.snapshot_replicates": REPLICATES, "output.fields_every": 2.0}
    return mfpde.run(small_case(parameters=parameters, **(base | changes)), folder / f"{name}.h5")


@pytest.fixture(scope="module")
def transport(tmp_path_factory):
    return real(
        tmp_path_factory.mktemp("runs"),
        "transport",
        **{"fluctuations.predict": True, "lagrangian.units": [50, UNITS]},
    )


@pytest.fixture(scope="module")
def weighted(tmp_path_factory):
    changes = {"dynamics.birth_death": 1.0, "lagrangian.reaction": "weights", "fluctuations.predict": True}
    return real(tmp_path_factory.mktemp("runs"), "weighted", **changes)


@pytest.fixture(scope="module")
def runs(transport, weighted):
    return {"transport": transport, "weights": weighted}


@pytest.fixture(scope="module")
def tables(runs):
    return {name: run.compare().table for name, run in runs.items()}


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """A few small networks with common random numbers."""
    changes = {
        "lagrangian.units": [5, 15],
        "lagrangian.replicates": 8,
        "lagrangian.common": True,
        "eulerian.backend": "numpy",
    }
    changes |= {"characteristics.nodes": 64, "time": 0.5, "output.fields_every": 0.5}
    return real(tmp_path_factory.mktemp("runs"), "paired", **changes)


def scatters_of(run):
    return [scatter(run, units, mean_field(run)) for units in run.units]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["transport", "weights"])
def test_prediction_and_networks_agree_at_every_output(name, tables):
    found = tables[name]["fluctuations"]
    assert found["process"] == name
    assert len(found["widths"][-1]["z"]) == 5
    for entry in found["widths"]:
        assert max(np.abs(entry["z"])) < 4
    predicted = np.array(found["predicted"])
    assert np.all(np.array(found["node_error"]) + found["rank_error"] < 0.02 * predicted)
    # an agreement that says something: fluctuations fall to a fifth, and are known to a tenth
    assert predicted[-1] < 0.2 * predicted[0]
    assert np.all(np.array(found["widths"][-1]["stderr"]) < 0.15 * predicted)


def test_networks_start_at_the_monte_carlo_value(runs, tables):
    for name, run in runs.items():
        table = tables[name]["fluctuations"]
        expected = float(run.group("characteristics")["monte_carlo"][0])
        assert table["predicted"][0] == pytest.approx(expected, rel=1e-6)
        for start in table["initial"]:
            gaps = start["units"] * run.comparison(start["units"])["function_gap"].values[0]
            assert start["expected"] == expected
            assert start["observed"] == pytest.approx(gaps.mean(), rel=1e-12)
            assert abs(gaps.mean() - expected) < 4 * gaps.std(ddof=1) / np.sqrt(REPLICATES)


def test_the_reaction_changes_what_is_predicted(runs):
    last = [run.group("fluctuations")["predicted"].values[-1] for run in runs.values()]
    assert last[1] < 0.8 * last[0]


def test_means_of_units_scatter_as_predicted(runs):
    for run in runs.values():
        means = run.lagrangian(UNITS)["mean"].values
        observed = UNITS * means.var(axis=1, ddof=1)
        # a variance of many nearly normal means is known to sqrt(2 / count)
        z = (observed / run.group("fluctuations")["mean_variance"].values - 1) / np.sqrt(2 / REPLICATES)
        assert np.abs(z).max() < 4


def test_units_become_correlated_as_predicted(tables):
    for found in tables.values():
        table = found["chaos"]
        assert table["components"] == ["Phi", "a", "w"]
        for name in table["components"]:
            predicted = np.array(table["predicted"][name])
            for entry in table["widths"]:
                found = entry["correlation"][name]
                # intervals of 2 standard errors, widened to 4, and 1/n for what is not the limit
                half = np.subtract(found["high"], found["low"]) + 2 / entry["units"]
                assert np.all(np.abs(np.array(found["value"]) - predicted) < half)
            assert predicted[0] == pytest.approx(0, abs=1e-4)
        assert table["predicted"]["Phi"][-1] < -0.5


def test_the_correlation_of_phi_is_that_of_explicit_pairs_of_units(transport, tables):
    """Up to the variance of one unit, of which the report takes the limit: known to 1/n and, by networks, to
    4 standard errors.
    """
    (found,) = [entry for entry in tables["transport"]["chaos"]["widths"] if entry["units"] == UNITS]
    theta = transport.lagrangian(UNITS)["particles"].values[-1]
    assert theta.shape == (REPLICATES, UNITS, 2)
    network = build_network(
        small_case(parameters={key: {"initial": {"law": "normal"}} for key in "aw"}, **{"model.bias": False})
    )
    phi = theta[..., :1] * network.features(theta[..., 1:])
    functions, root = phi.mean(axis=1), np.sqrt(network.data.weights)
    gram = (functions * root) @ (functions * root).T
    apart = (gram.sum() - np.trace(gram)) / (REPLICATES * (REPLICATES - 1))
    squares = network.square_norm(phi).mean(axis=1)
    pairs = (UNITS * np.diag(gram) - squares) / (UNITS - 1)
    variance = squares.mean() - apart
    slack = 2 / UNITS + 4 * squares.std() / np.sqrt(REPLICATES) / variance
    assert found["correlation"]["Phi"]["value"][-1] == pytest.approx(
        UNITS * (pairs.mean() - apart) / variance, abs=slack
    )
    assert slack < 0.1


# --- the width planner keeps its promise --------------------------------------------------------------------


def test_networks_of_the_planned_width_are_within_the_tolerance(transport, tmp_path):
    """On average at it (4 standard errors, and the bias of a prediction for n to infinity), and 95 % of wider
    ones below it.
    """
    plan = plan_width(transport, scatters_of(transport), tolerance=0.025)
    assert plan["source"] == "predicted"
    mean, confident = plan["mean"]["units"], plan["confident"]["units"]
    assert 60 < mean < confident < 600
    assert plan["mean"]["low"] <= mean <= plan["mean"]["high"]
    count = 300
    run = real(
        tmp_path,
        "planned",
        **{"lagrangian.units": [mean, confident], "lagrangian.replicates": count, "lagrangian.seed": 77},
    )
    squares = [scatter(run, units, mean_field(run)).gaps[-1] for units in (mean, confident)]
    error = squares[0].std(ddof=1) / np.sqrt(count)
    assert abs(squares[0].mean() - 0.025**2) < 4 * error
    assert error < 0.12 * 0.025**2
    below = np.sum(squares[1] <= 0.025**2)
    assert binom.ppf(1e-4, count, CONFIDENCE) <= below <= binom.ppf(1 - 1e-4, count, CONFIDENCE)
    assert np.mean(squares[0] <= 0.025**2) < 0.8


def test_a_plan_needs_a_positive_tolerance_an_output_and_something_to_go_by(transport, paired):
    scatters = scatters_of(transport)
    widths = [
        plan_width(transport, scatters, tolerance)["mean"]["units"] for tolerance in (0.1, 0.05, 0.02, 0.01)
    ]
    assert widths == sorted(set(widths))
    assert plan_width(transport, scatters, 0.05, time=0.5)["mean"]["units"] > widths[1]
    for tolerance in (0.0, -1.0, np.inf):
        with pytest.raises(InputError, match="--tolerance"):
            plan_width(transport, scatters, tolerance)
    with pytest.raises(InputError, match=r"--at 0\.3: no output .* nearest is 0\.5"):
        plan_width(transport, scatters, 0.1, time=0.3)
    with pytest.raises(InputError, match=r"fluctuations\.predict"):
        plan_width(paired, scatters_of(paired), 0.1)


def test_without_a_prediction_the_widest_networks_stand_for_it(transport):
    scatters = scatters_of(transport)
    predicted, observed = (
        plan_width(run, scatters, 0.02) for run in (transport, unpredicted(transport.times))
    )
    assert observed["source"] == "observed"
    for kind in ("mean", "confident"):
        # the intervals are of 2 standard errors
        half = observed[kind]["high"] - observed[kind]["low"]
        assert (
            abs(observed[kind]["units"] - predicted[kind]["units"]) < half + 0.02 * predicted[kind]["units"]
        )
    assert observed["constant"]["low"] < observed["constant"]["value"] < observed["constant"]["high"]


# --- common random numbers ----------------------------------------------------------------------------------


def starts(ladder):
    """Units of every network by (width, replicate)."""
    state = ladder.initial_state(build_network(small_case()).parameters)
    return {(units, replicate): state[:, where] for _, units, replicate, where in ladder.networks()}


def test_with_common_numbers_a_network_starts_with_the_first_units_of_every_wider_one():
    found = starts(Ladder([5, 12, 40], [3, 3, 2], seed=9, common=True))
    for (units, replicate), state in found.items():
        for (wider, other), more in found.items():
            if wider > units and other == replicate:
                np.testing.assert_array_equal(more[:, :units], state)
            elif other != replicate:
                assert not np.isin(more[0], state[0]).any()


def test_without_them_no_two_networks_share_a_unit():
    found = starts(Ladder([5, 12, 40], [3, 3, 2], seed=9))
    first = np.concatenate([state[0] for state in found.values()])
    assert len(np.unique(first)) == len(first) == 131
    # components of a unit have numbers of their own too
    assert not np.isin(found[40, 0][0], found[40, 0][1]).any()


@pytest.mark.parametrize("common", [False, True])
def test_networks_do_not_depend_on_the_rest_of_the_ladder(common):
    alone, among = starts(Ladder([12], [2], 9, common)), starts(Ladder([40, 7, 12], [1, 5, 3], 9, common))
    for key, state in alone.items():
        np.testing.assert_array_equal(state, among[key])
    assert not np.array_equal(alone[12, 0], starts(Ladder([12], [2], 10, common))[12, 0])


@pytest.mark.parametrize("common", [False, True])
def test_units_follow_their_law(common):
    """Normal, conditioned on [-3, 3]: variance 0.9733."""
    state = np.concatenate(list(starts(Ladder([50], [400], 3, common)).values()), axis=1)
    assert np.abs(state[:3].mean(axis=1)).max() < 4 / np.sqrt(20000)
    assert np.abs(state[:3].var(axis=1) / 0.9733 - 1).max() < 4 * np.sqrt(2 / 20000)
    assert np.abs(np.corrcoef(state[:3])[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(20000)


def test_common_numbers_make_the_gaps_of_two_widths_correlated():
    """Means of 20 units, all among the 60 of another mean, are correlated by 3^-1/2, hence the squares of
    Gaussian ones by 1/3.
    """
    network, exact = build_network(small_case()), {False: 0.0, True: 1 / 3}
    for common, expected in exact.items():
        ladder = Ladder([20, 60], [500, 500], 2, common)
        functions = NumpyNetwork(network, ladder, "float64", 0.0).predictions(
            ladder.initial_state(network.parameters)
        )
        # f = 0 by symmetry of the law
        gaps = network.square_norm(functions).reshape(2, 500)
        assert abs(np.corrcoef(gaps)[0, 1] - expected) < 4 / np.sqrt(500)


def test_common_numbers_pair_the_networks_of_a_run(transport, paired):
    assert (transport.paired, paired.paired) == (False, True)
    for run, (few, many) in ((transport, (50, UNITS)), (paired, (5, 15))):
        first, wider = (run.lagrangian(units)["particles"].values[0] for units in (few, many))
        assert np.array_equal(first, wider[:, :few]) == run.paired
        assert np.isin(first, wider).any() == run.paired
    slopes = paired.compare().table["limit"]["slopes"]["function_gap"]
    again = power_law(
        {units: paired.comparison(units)["function_gap"].values[-1] for units in (5, 15)}, paired=True
    )
    assert slopes == pytest.approx(again._asdict(), rel=1e-6)
