"""The function gap against the width n, with the -1 line of the law of large numbers."""

import numpy as np
from matplotlib.figure import Figure

from mfpde.analysis.statistics import mean_and_error, power_law
from mfpde.figures import style


def draw(run) -> Figure | None:
    """One curve per time, with standard errors; the fit is that of the last time."""
    if "comparison" not in run.tree.children or len(run.units) < 2:
        return None
    times = run.times
    shown = style.some(times, 4)
    widths = np.array(run.units, dtype=float)
    figure, axes = style.figure(1, 1, 3.2)
    figure.set_figwidth(4.2)
    panel = axes[0, 0]
    for colour, k in zip(style.time_colours(len(shown)), shown, strict=True):
        gaps = {units: run.comparison(units)["function_gap"][k].values for units in run.units}
        mean, error = np.array([mean_and_error(gaps[units]) for units in run.units]).T
        if not np.all(mean > 0):
            continue
        panel.errorbar(widths, mean, yerr=np.nan_to_num(error), fmt="o-", ms=3.5, lw=1, capsize=2, color=colour, label=f"$t = {times[k]:g}$")
    fit = power_law(gaps)
    panel.plot(widths, mean[0] * widths[0] / widths * 0.5, color=style.DATA, ls="--", lw=1, label="slope $-1$")
    panel.set(xscale="log", yscale="log", xlabel="width $n$", ylabel=r"function gap $\|f_n-f\|^2_{\nu}$")
    panel.set_title(f"$t = {times[-1]:g}$: slope {fit.slope:.3f}, 95 % interval [{fit.low:.3f}, {fit.high:.3f}]", loc="left")
    panel.legend()
    return figure
