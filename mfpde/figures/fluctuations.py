"""n E|f_n - f|^2 in time: predicted, observed for every width, and of independent units."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.fluctuations import fluctuation_table
from mfpde.analysis.limit import Scatter, mean_field, scatters_of
from mfpde.analysis.statistics import evenly
from mfpde.figures import needs, style
from mfpde.results.run import Run

NEEDS = "a prediction or nodes"
#: output times at which error bars are drawn, at most
BARS = 25
LABEL = r"$n\,\mathbb{E}\,\|f_{n,t}-f_t\|^2_{\nu}$"


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    return needs.lacking(run, needs.mean_field, needs.nodes)


def draw(run: Run) -> Figure | None:
    """Above: prediction, Monte-Carlo value, and networks with 95 % intervals.

    Below, if predicted for such units: their distance in standard errors.
    """
    if lacks(run):
        return None
    limit = mean_field(run)
    assert limit is not None  # nodes know it
    scatters = scatters_of(run, limit)
    table = fluctuation_table(run, limit, scatters)
    judged = (
        table["predicted"] is not None
        and table["process"] != "birth_death"
        and any(s.replicates > 1 for s in scatters)
    )
    figure, axes = style.figure(
        1 + judged, 1, 4.4 if judged else 3.2, sharex=True, height_ratios=[2.6, 1.0][: 1 + judged]
    )
    figure.set_figwidth(4.2)
    panel, colours = axes[0, 0], style.width_colours(run.units)
    references(panel, run.times, table)
    for position, s in enumerate(scatters):
        _dots(panel, run.times, s, colours[s.units], position - (len(scatters) - 1) / 2)
    logarithmic(panel)
    panel.set_ylabel(LABEL)
    if judged:
        _z_scores(axes[1, 0], run.times, table["widths"], colours)
    time_axis(axes[-1, 0], run.times)
    figure.legend(
        *panel.get_legend_handles_labels(),
        loc="outside lower center",
        ncol=2 if len(scatters) < 3 else 3,
        handlelength=1.8,
    )
    return figure


def references(panel: Axes, times: np.ndarray, table: dict[str, Any], line: str = "-") -> None:
    """The prediction with its numerical error, and the Monte-Carlo value."""
    if table["predicted"] is not None:
        predicted, error = np.array(table["predicted"]), np.add(table["node_error"], table["rank_error"])
        panel.plot(
            times, predicted, color=style.DENSITY, lw=1.2, ls=line, label=prediction_name(table["process"])
        )
        panel.fill_between(
            times,
            np.maximum(predicted - error, 1e-3 * predicted),
            predicted + error,
            color=style.DENSITY,
            alpha=0.2,
            lw=0,
        )
    if table["monte_carlo"] is not None:
        panel.plot(
            times,
            table["monte_carlo"],
            color=style.ACCENT,
            ls="--",
            lw=1.2,
            label="Monte-Carlo: units i.i.d.",
        )


def prediction_name(process: str) -> str:
    """What the predicted line is called: it knows no noise of jumps."""
    return "predicted without jump noise" if process == "birth_death" else r"predicted, $n\to\infty$"


def _dots(panel: Axes, times: np.ndarray, s: Scatter, colour: tuple, place: float) -> None:
    kept = evenly(len(times), BARS)
    value, low, high = (s.units * part[kept] for part in s.gap)
    shifted = beside(times, place)[kept]
    panel.vlines(shifted, low, high, color=colour, lw=1.2)
    panel.plot(shifted, value, "o", ms=3.5, color=colour, label=f"networks, $n = {s.units}$")


def _z_scores(
    panel: Axes, times: np.ndarray, widths: list[dict[str, Any]], colours: dict[int, tuple]
) -> None:
    for bound, shade in ((4, 0.15), (2, 0.25)):
        panel.axhspan(-bound, bound, color=style.DATA, alpha=shade, lw=0)
    panel.axhline(0, color=style.DENSITY, lw=0.8)
    largest = 4.0
    for position, entry in enumerate(widths):
        z = np.array(entry["z"], dtype=float)
        largest = max(largest, float(np.abs(np.nan_to_num(z)).max()))
        panel.plot(
            beside(times, position - (len(widths) - 1) / 2),
            z,
            "o-",
            ms=2.5,
            lw=0.8,
            color=colours[entry["units"]],
        )
    if largest > 40:
        panel.set_yscale("symlog", linthresh=4)
    panel.set(ylim=(-1.15 * largest, 1.15 * largest), ylabel="$z$-score")
    if largest <= 10:
        panel.set_yticks([-4, -2, 0, 2, 4])


def logarithmic(panel: Axes, floor: float = 1e-8) -> None:
    """A logarithmic y axis where what is drawn spans more than a decade.

    What is below `floor` of the largest value is left below the axis.
    """
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in panel.get_lines()])
    drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
    if not len(drawn):
        return
    heights = [np.asarray(path.vertices)[:, 1] for found in panel.collections for path in found.get_paths()]
    top = max(drawn.max(), np.nan_to_num(np.concatenate([*heights, [0.0]])).max())
    if drawn.max() > 10 * drawn.min():
        panel.set_yscale("log", nonpositive="mask")
        panel.set_ylim(0.6 * max(drawn.min(), floor * drawn.max()), 1.5 * top)
    else:
        panel.set_ylim(0, 1.1 * top)


def span_decades(times: np.ndarray) -> bool:
    """Whether output times are far from evenly spaced, so that their logarithm shows them better."""
    steps = np.diff(times)
    return len(steps) > 2 and bool(steps.max() > 10 * steps.min())


def time_axis(panel: Axes, times: np.ndarray) -> None:
    """Time on a linear axis, or a logarithmic one where outputs span decades.

    The latter starts at the first positive output, with 0 at its left.
    """
    if span_decades(times):
        first = float(times[times > 0][0])
        panel.set_xscale("symlog", linthresh=first, linscale=0.7)
        decades = np.arange(np.ceil(np.log10(2 * first)), np.floor(np.log10(times[-1]) + 1e-9) + 1)
        decades = decades[:: -max(1, -(-len(decades) // 3))][::-1]  # three at most: panels may be narrow
        panel.set_xticks([0.0, *10.0**decades], ["$0$", *(f"$10^{{{round(d)}}}$" for d in decades)])
        panel.set_xlim(-0.3 * first, 1.3 * times[-1])
    panel.set_xlabel("time $t$")


def beside(times: np.ndarray, place: float) -> np.ndarray:
    """Times moved a little, so that marks of different widths stand side by side."""
    return times * 1.05**place if span_decades(times) else times + 0.012 * place * (times[-1] - times[0])
