"""n times the function gap against time: curves of all widths collapse where it scales as 1/n."""

import numpy as np
from matplotlib.figure import Figure

from mfpde.analysis.statistics import mean_and_error
from mfpde.figures import needs, style

NEEDS = "networks and a mean field"


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.compared(run)


def draw(run) -> Figure | None:
    """One curve per width, with a band of one standard error."""
    if lacks(run):
        return None
    figure, axes = style.figure(1, 1, 3.0)
    figure.set_figwidth(4.2)
    panel = axes[0, 0]
    colours = style.width_colours(run.units)
    for units in run.units:
        gap = run.comparison(units)["function_gap"]
        mean, error = mean_and_error(gap.values)
        error = np.nan_to_num(error)
        panel.plot(gap.time, units * mean, color=colours[units], label=f"$n = {units}$")
        panel.fill_between(
            gap.time, units * (mean - error), units * (mean + error), color=colours[units], alpha=0.2, lw=0
        )
    panel.set(xlabel="time $t$", ylabel=r"$n\,\|f_n-f\|^2_{\nu}$", yscale="log")
    panel.legend()
    return figure
