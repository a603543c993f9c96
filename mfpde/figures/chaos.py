"""Propagation of chaos: n times the correlation of two units in time, of what they hold and give."""

import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.chaos import chaos_table, moving
from mfpde.analysis.fluctuations import process_of
from mfpde.analysis.limit import mean_field, scatters_of
from mfpde.figures import needs, style
from mfpde.figures.fluctuations import prediction_name, time_axis
from mfpde.results.run import Run

NEEDS = "replicates"
#: components drawn, at most
MOST = 8


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    if said := needs.replicates(3)(run):
        return said
    there = moving(run, run.units) or not needs.nodes(run)
    return "" if there else "components on a line: outputs of this age hold no resultants on circles"


def draw(run: Run) -> Figure | None:
    """One panel per component, the contribution to f first.

    Curves of all widths collapse where correlations are of order 1/n.
    """
    table = chaos_table(run, scatters_of(run, mean_field(run)))
    if table is None or not table["components"]:
        return None
    shown, weighted = table["components"][:MOST], process_of(run) == "weights"
    columns = len(shown) if len(shown) < 4 else -(-len(shown) // 2)
    rows = -(-len(shown) // columns)
    figure, axes = style.figure(rows, columns, 0.5 + 2.1 * rows, sharex=True)
    colours = style.width_colours([entry["units"] for entry in table["widths"]])
    for panel, name in zip(axes.flat, shown, strict=False):
        panel.axhline(0, color=style.DATA, lw=0.8)
        for entry in table["widths"]:
            value, low, high = (
                np.array(entry["correlation"][name][key], dtype=float) for key in ("value", "low", "high")
            )
            panel.plot(
                run.times,
                value,
                color=colours[entry["units"]],
                label=f"$n = {entry['units']}$, 95 % interval",
            )
            panel.fill_between(run.times, low, high, color=colours[entry["units"]], alpha=0.2, lw=0)
        if table["predicted"] is not None and name in table["predicted"]:
            predicted = np.array(table["predicted"][name], dtype=float)
            panel.plot(
                run.times,
                predicted,
                color=style.DENSITY,
                ls="--",
                lw=1.2,
                label=prediction_name(process_of(run)),
            )
        _scale(panel)
        panel.set_title(heading(name), loc="left")
        time_axis(panel, run.times)
        panel.label_outer(remove_inner_ticks=False)
        panel.yaxis.set_tick_params(labelleft=True)
    for panel in axes.flat[len(shown) :]:
        panel.set_visible(False)
    for panel in axes[:, 0]:
        panel.set_ylabel(
            r"$n\,\mathrm{Var}(\mathrm{mean})/\mathrm{Var}-1$"
            if weighted
            else r"$n\,\times$ correlation of two units"
        )
    if len(shown) < len(table["components"]):
        figure.suptitle(f"The first {len(shown)} of {len(table['components'])} components", fontsize=9)
    style.legend_below(figure, axes[0, 0])
    return figure


def heading(name: str) -> str:
    """A component as it is written."""
    if name == "Phi":
        return r"output $\Phi$"
    found = re.fullmatch(r"([a-z])(\d+)", name)
    return f"${found[1]}_{{{found[2]}}}$" if found else f"${name}$"


def _scale(panel: Axes) -> None:
    """Linear, or symmetric-logarithmic where values are far beyond 1."""
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in panel.get_lines()])
    if np.abs(np.nan_to_num(drawn)).max() > 30:
        panel.set_yscale("symlog", linthresh=1)
