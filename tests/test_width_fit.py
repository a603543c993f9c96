"""Plans from a whole ladder, on synthetic networks whose mean gap at every width is known."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from mfpde.analysis.limit import MeanField, scatter
from mfpde.analysis.planner import plan_width, smallest_width
from mfpde.analysis.report_limit import print_plan
from mfpde.analysis.width_fit import fit_widths

LADDER, REPLICATES = (100, 250, 600, 1500), (128, 80, 48, 32)
MANY = (1000,) * 4
SPREAD = np.array([0.8, 0.5, 0.3]) / np.linalg.norm([0.8, 0.5, 0.3])
RUN = SimpleNamespace(
    path="run.h5",
    times=np.zeros(1),
    case={"dynamics": {"diffusion": 0.0, "birth_death": 0.0}},
    tree=SimpleNamespace(children={}),
    has_function=False,
    paired=False,
)


def ladder(constant=0.15, bias=0.0, own=0.0, seed=0, replicates=REPLICATES):
    """Networks with n Var = constant, a bias of bias/n along one direction and a mean field that is off by
    `own` along another.
    """
    random, found = np.random.default_rng(seed), []
    for units, count in zip(LADDER, replicates, strict=True):
        deviations = np.sqrt(constant / units) * SPREAD * random.standard_normal((1, count, 3)) + [
            bias / units,
            own,
            0.0,
        ]
        networks = {
            "prediction": SimpleNamespace(values=deviations, dims=("time", "replicate", "data")),
            "loss": SimpleNamespace(values=deviations[..., 0] ** 2),
        }
        run = SimpleNamespace(norm_weights=np.ones(3), lagrangian=lambda _, networks=networks: networks)
        found.append(scatter(run, units, MeanField(np.zeros((1, 3)), np.zeros(1), "mesh")))
    return found


def distance(units, constant=0.15, bias=0.0, own=0.0):
    return np.sqrt(constant / units + (bias / units) ** 2 + own**2)


@pytest.mark.parametrize(
    "truth",
    [{}, {"bias": 3.0}, {"own": 3e-3}, {"bias": 3.0, "own": 3e-3}],
    ids=lambda t: "+".join(t) or "neither",
)
def test_what_is_planned_is_true(truth):
    """Over ten ladders, at a tolerance near their widest networks; 32 of these alone know their distance to 8
    %.
    """
    plans = [plan_width(RUN, ladder(**truth, seed=seed), 0.01) for seed in range(10)]
    off = np.array([distance(plan["mean"]["units"], **truth) / 0.01 - 1 for plan in plans])
    decided = np.array([plan["decided"] for plan in plans])
    assert np.mean((np.abs(off) < 0.1) | ~decided) >= 0.8
    assert abs(np.median(off)) < 0.06
    assert np.abs(off).max() < 0.25


def test_the_mean_fields_own_error_is_told_from_the_networks():
    fit = fit_widths(ladder(own=5e-3, replicates=MANY), 0, None, np.inf, paired=False)
    assert fit.gap[0, 2] == pytest.approx(25e-6, rel=0.3)
    assert fit.gap[0, 0] == pytest.approx(0.15, rel=0.15)
    assert plan_width(RUN, ladder(own=5e-3), 0.003)["mean"]["units"] is None  # no width is that near


def test_a_prediction_counts_as_what_it_is_worth():
    for value in (0.15, 0.3):  # known ten times better than the ladder knows it
        assert fit_widths(ladder(), 0, (value, 1e-3 * value), np.inf, paired=False).gap[
            0, 0
        ] == pytest.approx(value, rel=0.02)
    assert fit_widths(ladder(replicates=MANY), 0, (0.3, 0.3), np.inf, paired=False).gap[
        0, 0
    ] == pytest.approx(0.15, rel=0.15)


def test_it_is_said_when_a_ladder_cannot_decide():
    many, few = (plan_width(RUN, ladder(replicates=(count,) * 4), 0.01) for count in (400, 8))
    assert many["decided"]
    assert many["uncertainty"] < 0.1 < few["uncertainty"]
    texts = []
    for plan in (many, few):
        console = Console(file=io.StringIO(), width=118)
        print_plan(plan, console)
        texts.append(console.file.getvalue())
    assert "does not decide" not in texts[0]
    assert "does not decide" in texts[1]


def test_the_smallest_width_solves_its_inequality_with_a_floor():
    for constant, second, floor in ((0.15, 0.0, 0.0), (0.15, 9.0, 5e-5), (0.15, -3.0, 5e-5)):
        n = smallest_width(constant, second, 0.01, floor)
        assert (
            constant / n + second / n**2 + floor <= 1e-4 < constant / (n - 1) + second / (n - 1) ** 2 + floor
        )
    assert smallest_width(0.15, 0.0, 0.01, 1e-4) is None


def test_the_figure_says_where_no_width_reaches_a_tolerance():
    from mfpde.figures import style
    from mfpde.figures.width_planner import _table

    _, axes = style.figure(1, 1, 3.0)
    plans = [{key: {"units": units} for key in ("mean", "confident")} for units in (1200, 3e6, None)]
    _table(axes[0, 0], np.array([1.0, 0.1, 0.01]), plans)
    assert {text.get_text() for text in axes[0, 0].texts} >= {"1,200", "3.0e+06", "none"}
