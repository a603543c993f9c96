"""Figures of the mean-field limit: what they draw is what the file and the analysis say; without the
quantities there is no figure.
"""

import importlib
import warnings

import matplotlib
import numpy as np
import pytest
from conftest import small_case

import mfpde
from mfpde.analysis.limit import mean_field, scatter
from mfpde.analysis.planner import plan_width
from mfpde.analysis.statistics import Interval
from mfpde.figures import bias_variance, chaos, fluctuation_panels, fluctuations, plot, style, width_planner

WIDTHS, REPLICATES = [16, 48], 24
OF_ONE_RUN = ("fluctuations", "bias_variance", "chaos", "width_planner")
SMALL = {
    "eulerian.enabled": False,
    "lagrangian.units": WIDTHS,
    "lagrangian.replicates": REPLICATES,
    "characteristics.nodes": 512,
}


def made(folder, name, **changes):
    return mfpde.run(small_case(**(SMALL | changes)), folder / f"{name}.h5")


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    return made(tmp_path_factory.mktemp("limit"), "predicted", **{"fluctuations.predict": True})


@pytest.fixture(scope="module")
def nodes_only(tmp_path_factory):
    """From units without weights: the Monte-Carlo value is 0 at the start."""
    start = {
        "parameters.a.initial": {"law": "point", "at": 0.0},
        "lagrangian.replicates": 4,
        "title": "A start at zero",
    }
    return made(tmp_path_factory.mktemp("limit"), "nodes_only", **start)


@pytest.fixture(scope="module")
def jumping(tmp_path_factory):
    changes = {
        "dynamics.birth_death": 1.0,
        "lagrangian.reaction": "birth_death",
        "fluctuations.predict": True,
    }
    return made(tmp_path_factory.mktemp("limit"), "jumping", **changes)


@pytest.fixture(scope="module")
def scatters(predicted):
    return {units: scatter(predicted, units, mean_field(predicted)) for units in WIDTHS}


def drawn(module, run):
    with style.paper():
        return module.draw(run)


def line(panel, label):
    (found,) = [found for found in panel.get_lines() if found.get_label() == label]
    return np.asarray(found.get_ydata(), dtype=float)


def labels(panel):
    return [found.get_label() for found in panel.get_lines()]


def test_fluctuations_draw_prediction_monte_carlo_and_networks(predicted, scatters):
    above, below = drawn(fluctuations, predicted).axes
    np.testing.assert_array_equal(
        line(above, r"predicted, $n\to\infty$"), predicted.tree["fluctuations/predicted"]
    )
    np.testing.assert_array_equal(
        line(above, "Monte-Carlo: units i.i.d."), predicted.tree["characteristics/monte_carlo"]
    )
    z = [found.get_ydata() for found in below.get_lines() if len(found.get_ydata()) == len(predicted.times)]
    for k, units in enumerate(WIDTHS):
        gaps = units * predicted.comparison(units)["function_gap"].values
        np.testing.assert_allclose(line(above, f"networks, $n = {units}$"), gaps.mean(axis=1), rtol=1e-12)
        expected = (gaps.mean(axis=1) - predicted.tree["fluctuations/predicted"].values) / (
            gaps.std(axis=1, ddof=1) / np.sqrt(REPLICATES)
        )
        np.testing.assert_allclose(z[k], expected, rtol=1e-9)
        bars = [np.array(segment) for segment in above.collections[1 + k].get_segments()]
        np.testing.assert_allclose([bar[0, 1] for bar in bars], units * scatters[units].gap.low)
        np.testing.assert_allclose([bar[1, 1] for bar in bars], units * scatters[units].gap.high)
    low, high = above.get_ylim()
    assert low < min(segment[0, 1] for segment in bars)
    assert high > max(segment[1, 1] for segment in bars)


def test_without_a_prediction_that_holds_no_z_scores(nodes_only, jumping):
    (panel,) = drawn(fluctuations, nodes_only).axes
    assert labels(panel) == ["Monte-Carlo: units i.i.d.", *(f"networks, $n = {units}$" for units in WIDTHS)]
    (panel,) = drawn(fluctuations, jumping).axes
    assert "predicted without jump noise" in labels(panel)


def test_variance_and_bias_are_scaled_by_their_powers(predicted, scatters):
    widths, variance, bias = drawn(bias_variance, predicted).axes
    first, last = scatters[WIDTHS[0]], scatters[WIDTHS[1]]
    np.testing.assert_allclose(
        line(widths, r"variance $\mathbb{E}\,\|f_n-\mathbb{E}f_n\|^2_\nu$"),
        [first.variance.value[-1], last.variance.value[-1]],
    )
    for s in (first, last):
        np.testing.assert_allclose(line(variance, f"$n = {s.units}$"), s.units * s.variance.value)
        value = s.bias_squared.value
        np.testing.assert_allclose(line(bias, f"$n = {s.units}$"), s.units**2 * value[value > 0])
    limits = np.concatenate([found.get_ydata() for found in bias.get_lines() if found.get_marker() == "v"])
    assert sum(np.sum(s.bias_squared.value <= 0) for s in (first, last)) == len(limits)


def test_estimates_below_zero_are_drawn_as_upper_limits():
    panel = matplotlib.figure.Figure().subplots()
    found = Interval(np.array([2.0, -1.0, -3.0]), np.array([-1.0, -2.0, -4.0]), np.array([3.0, 0.5, -0.5]))
    bias_variance.marks(panel, np.array([1.0, 2.0, 3.0]), found, "black", "o", "all")
    estimates, limits = panel.get_lines()
    assert estimates.get_xydata().tolist() == [[1.0, 2.0]]
    assert limits.get_xydata().tolist() == [[2.0, 0.5]]
    ((bottom, top),) = [segment[:, 1] for segment in panel.collections[0].get_segments()]
    assert 0 < bottom < 1e-5
    assert top == 3.0


def test_correlations_of_units_by_component(predicted, scatters):
    figure = drawn(chaos, predicted)
    panels = {panel.get_title(loc="left"): panel for panel in figure.axes if panel.get_visible()}
    assert list(panels) == [r"output $\Phi$", "$a$", "$w$", "$b$"]
    monte_carlo = predicted.tree["characteristics/monte_carlo"].values
    for units in WIDTHS:
        share = units * scatters[units].variance.value / monte_carlo
        np.testing.assert_allclose(
            line(panels[r"output $\Phi$"], f"$n = {units}$, 95 % interval"),
            units * (share - 1) / (units - 1),
            rtol=1e-9,
        )
    expected = (
        predicted.tree["fluctuations/mean_variance"].values[:, 0]
        / predicted.tree["characteristics/variance"].values[:, 0]
        - 1
    )
    np.testing.assert_allclose(line(panels["$a$"], r"predicted, $n\to\infty$"), expected, rtol=1e-9)


def test_units_that_are_equal_have_no_correlation(nodes_only):
    panels = {panel.get_title(loc="left"): panel for panel in drawn(chaos, nodes_only).axes}
    for name in (r"output $\Phi$", "$a$"):
        found = line(panels[name], f"$n = {WIDTHS[0]}$, 95 % interval")
        assert np.isnan(found[0])
        assert np.all(np.isfinite(found[1:]))
    assert np.all(np.isfinite(line(panels["$w$"], f"$n = {WIDTHS[0]}$, 95 % interval")))


def test_planned_widths_stand_at_their_tolerances(predicted, scatters):
    figure = drawn(width_planner, predicted)
    panel, table = figure.axes
    np.testing.assert_allclose(
        line(panel, "networks, root mean square (rms)"),
        [np.sqrt(scatters[units].gap.value[-1]) for units in WIDTHS],
    )
    quantiles = [np.quantile(np.sqrt(scatters[units].gaps[-1]), 0.95) for units in WIDTHS]
    np.testing.assert_allclose(line(panel, "networks, 95 % quantile"), quantiles)
    tolerances = panel.get_yticks()
    np.testing.assert_allclose(np.diff(np.log10(tolerances)), -0.5)
    (planned,) = [found for found in panel.get_lines() if found.get_label() == "planned, 95 % quantile"]
    texts = [text.get_text() for text in table.texts]
    for tolerance in tolerances:
        plan = plan_width(predicted, list(scatters.values()), tolerance)
        at = np.argmin(np.abs(np.log(planned.get_ydata() / tolerance)))
        assert planned.get_xdata()[at] == plan["confident"]["units"]
        assert f"{plan['mean']['units']:,}" in texts


def test_panels_of_several_runs(predicted, nodes_only, jumping):
    panels = drawn(fluctuation_panels, [predicted, nodes_only, jumping]).axes
    assert [panel.get_title(loc="left") for panel in panels] == ["predicted", "A start at zero", "jumping"]
    assert len({panel.get_ylim() for panel in panels}) == 1
    for panel, run in zip(panels, (predicted, nodes_only, jumping), strict=True):
        np.testing.assert_array_equal(
            line(panel, "Monte-Carlo: units i.i.d."), run.tree["characteristics/monte_carlo"]
        )
        for units in WIDTHS:
            gap = run.comparison(units)["function_gap"].values
            np.testing.assert_allclose(line(panel, f"$n = {units}$"), units * gap.mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize(
    ("count", "shape"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3)), (8, (2, 4)), (9, (3, 3))]
)
def test_grid_of_panels(count, shape):
    assert fluctuation_panels.grid(count) == shape


def test_time_is_logarithmic_only_where_outputs_span_decades():
    for times, scale in (
        (np.linspace(0, 10, 11), "linear"),
        (np.array([0, 1, 2, 2.5, 3]), "linear"),
        (np.array([0, 0.1, 1, 10, 200.0]), "symlog"),
    ):
        panel = matplotlib.figure.Figure().subplots()
        fluctuations.time_axis(panel, times)
        assert panel.get_xscale() == scale
    assert [text.get_text() for text in panel.get_xticklabels()] == [
        "$0$",
        "$10^{0}$",
        "$10^{1}$",
        "$10^{2}$",
    ]


@pytest.mark.slow
def test_figures_are_written_without_warnings(predicted, nodes_only, jumping, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [file.stem for file in plot(predicted, tmp_path, OF_ONE_RUN, ["png"])] == list(OF_ONE_RUN)
        assert "width_planner" in [
            file.stem for file in plot(jumping, tmp_path / "jumping", OF_ONE_RUN, ["png"])
        ]
        assert [file.stem for file in plot(nodes_only, tmp_path / "few", OF_ONE_RUN, ["png"])] == [
            "fluctuations",
            "bias_variance",
            "chaos",
        ]
        assert [file.name for file in plot([predicted, jumping], tmp_path, ["fluctuation_panels"])] == [
            "fluctuation_panels.pdf",
            "fluctuation_panels.png",
        ]


def test_nothing_is_drawn_of_what_a_run_lacks(small_run, tmp_path):
    """The small run has a mesh and 3 replicates: no nodes, hence no Monte-Carlo value, and too few networks
    to plan by.
    """
    assert drawn(fluctuations, small_run) is None
    assert drawn(width_planner, small_run) is None
    assert drawn(fluctuation_panels, [small_run, small_run]) is None
    assert drawn(bias_variance, small_run) is not None
    assert drawn(chaos, small_run) is not None
    alone = mfpde.run(
        small_case(**{"lagrangian.units": [], "eulerian.enabled": False, "characteristics.nodes": 64}),
        tmp_path / "nodes.h5",
    )
    single = mfpde.run(
        small_case(**(SMALL | {"lagrangian.replicates": 1, "time": 0.25})), tmp_path / "single.h5"
    )
    for name in OF_ONE_RUN:
        assert drawn(importlib.import_module(f"mfpde.figures.{name}"), alone) is None, name
    assert drawn(bias_variance, single) is None
    assert drawn(chaos, single) is None
    assert len(drawn(fluctuations, single).axes) == 1
