"""The function gap against the width n, with the -1 line of the law of large numbers."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.planner import own_error
from mfpde.analysis.statistics import evenly, mean_and_error, power_law
from mfpde.figures import needs, style

NEEDS = "two widths"


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.lacking(run, needs.compared, needs.two_widths)


def draw(run) -> Figure | None:
    """One curve per time, with standard errors; the fit is that of the last time."""
    if lacks(run):
        return None
    figure, axes = style.figure(1, 1, 3.2)
    figure.set_figwidth(4.2)
    panel = axes[0, 0]
    curves(run, panel, evenly(len(run.times), 4))
    fit = power_law(gaps_at(run, -1), run.paired)
    interval = f"95 % interval [{fit.low:.3f}, {fit.high:.3f}]"
    panel.set_title(f"$t = {run.times[-1]:g}$: slope {fit.slope:.3f}, {interval}", loc="left")
    return figure


def gaps_at(run, k: int) -> dict[int, np.ndarray]:
    """The gap of every replicate, by width, at output k."""
    return {units: run.comparison(units)["function_gap"][k].values for units in run.units}


def curves(run, panel: Axes, shown: list[int]) -> None:
    """Mean gap against width at the given outputs, and a line of slope -1 under the lowest."""
    widths = np.array(run.units, dtype=float)
    lowest = np.inf
    for colour, k in zip(style.time_colours(len(shown)), shown, strict=True):
        mean, error = np.array([mean_and_error(gap) for gap in gaps_at(run, k).values()]).T
        if not np.all(mean > 0):
            continue
        lowest = min(lowest, float(np.min(mean * widths)))
        panel.errorbar(
            widths,
            mean,
            yerr=np.nan_to_num(error),
            fmt="o-",
            ms=3.5,
            lw=1,
            capsize=2,
            color=colour,
            label=f"$t = {run.times[k]:g}$",
        )
    bound = own_error(run, shown[-1])
    if bound:  # below it, networks may be compared with the mesh
        panel.axhline(bound, color=style.DENSITY, ls=":", lw=1, label="mesh's own, at most")
    if np.isfinite(lowest):
        panel.plot(widths, 0.5 * lowest / widths, color=style.DATA, ls="--", lw=1, label="slope $-1$")
    panel.set(xscale="log", yscale="log", xlabel="width $n$", ylabel=r"function gap $\|f_n-f\|^2_{\nu}$")
    panel.set_xticks(widths, [f"{n:g}" for n in widths])
    panel.minorticks_off()
    panel.set_ylim(top=panel.get_ylim()[1] * 8)  # room for the legend
    panel.legend(loc="upper right", ncol=2, columnspacing=1.0, handlelength=1.2, fontsize=7)
