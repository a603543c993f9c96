"""Why networks differ from the mean field: their scatter, of order 1/n, and the bias of their mean.

The square of the bias is of order 1/n^2.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.limit import Scatter, mean_field, scatters_of
from mfpde.analysis.statistics import Interval, evenly
from mfpde.figures import needs, style
from mfpde.figures.fluctuations import beside, logarithmic, time_axis
from mfpde.results.run import Run

NEEDS = "replicates"
#: output times at which marks are drawn, at most
MARKS = 11
VARIANCE, BIAS = style.PALETTE[0], style.PALETTE[1]


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    return needs.lacking(run, needs.mean_field, needs.replicates(2))


def draw(run: Run) -> Figure | None:
    """Both against the width at the last time, then each in time, scaled by its power of n."""
    if lacks(run):
        return None
    scatters = [s for s in scatters_of(run, mean_field(run)) if s.replicates > 1]
    figure, axes = style.figure(1, 3, 2.9)
    _widths(axes[0, 0], scatters, float(run.times[-1]))
    colours = style.width_colours([s.units for s in scatters])
    for panel, name, power in ((axes[0, 1], "variance", 1), (axes[0, 2], "bias_squared", 2)):
        for position, s in enumerate(scatters):
            kept = evenly(len(run.times), MARKS)
            scaled = Interval(*(s.units**power * part[kept] for part in getattr(s, name)))
            times = beside(run.times, 1.5 * (position - (len(scatters) - 1) / 2))[kept]
            marks(panel, times, scaled, colours[s.units], "o", f"$n = {s.units}$")
        logarithmic(panel, floor=1e-6)
        time_axis(panel, run.times)
    axes[0, 1].set_title(r"(b) $n\,\times$ variance", loc="left")
    axes[0, 2].set_title(r"(c) $n^2\,\times$ squared bias", loc="left")
    limits = [s for s in scatters if np.any(s.bias_squared.value <= 0)]
    if limits:
        axes[0, 2].plot(
            [], [], "v", ms=4, mfc="none", color=style.DATA, label="estimate below 0: its 95 % upper limit"
        )
    handles, labels = axes[0, 2].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncol=len(labels), columnspacing=1.5, handlelength=1.0
    )
    return figure


def marks(
    panel: Axes, places: np.ndarray, found: Interval, colour: str | tuple, shape: str, label: str
) -> None:
    """Estimates with their intervals; one that is not positive is a triangle at its upper end."""
    positive = found.value > 0
    low = np.where(found.low > 0, found.low, 1e-6 * np.abs(found.high))
    drawn = np.isfinite(found.high) & (found.high > 0)
    panel.vlines(
        places[positive & drawn], low[positive & drawn], found.high[positive & drawn], color=colour, lw=0.9
    )
    panel.plot(places[positive], found.value[positive], shape, ms=3.5, color=colour, label=label)
    bounded = ~positive & drawn
    panel.plot(places[bounded], found.high[bounded], "v", ms=4, mfc="none", color=colour)


def _widths(panel: Axes, scatters: list[Scatter], time: float) -> None:
    widths = np.array([s.units for s in scatters], dtype=float)
    rows = (
        ("variance", r"variance $\mathbb{E}\,\|f_n-\mathbb{E}f_n\|^2_\nu$", VARIANCE, "o", 1),
        ("bias_squared", r"squared bias $\|\mathbb{E}f_n-f\|^2_\nu$", BIAS, "s", 2),
    )
    for name, label, colour, shape, power in rows:
        found = Interval(
            *(
                np.array([part[-1] for part in parts])
                for parts in zip(*(getattr(s, name) for s in scatters), strict=True)
            )
        )
        marks(panel, widths, found, colour, shape, label)
        known = found.value > 0  # upper limits say nothing of the scale
        if known.sum() > 1:
            scale = np.median(found.value[known] * widths[known] ** power)
            panel.plot(widths, scale / widths**power, color=colour, ls="--", lw=0.9)
            panel.text(
                widths[-1] * 1.06,
                scale / widths[-1] ** power,
                f"$n^{{-{power}}}$",
                color=colour,
                va="center",
                fontsize=8,
            )
    logarithmic(panel, floor=1e-12)
    panel.set(xscale="log", xlabel="width $n$", ylabel=r"mean square in $L^2(\nu)$")
    panel.set_title(f"(a) at $t = {time:g}$", loc="left")
    panel.set_xticks(widths, [f"{n:g}" for n in widths], fontsize=8 if len(widths) < 5 else 7)
    panel.minorticks_off()
    panel.set_xlim(widths[0] / 1.25, widths[-1] * 1.6)
    bottom, top = panel.get_ylim()
    panel.set_ylim(top=top * (top / max(bottom, 1e-300)) ** 0.45)
    panel.legend(loc="upper right", fontsize=7, handlelength=1.0, borderaxespad=0)
