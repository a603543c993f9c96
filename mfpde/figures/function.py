"""The function that was learnt, with the data, at chosen times."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import needs, style
from mfpde.results.predictions import by_output
from mfpde.results.run import Run

NEEDS = "data"
WIDEST = 24  #: letters of a line under a panel
MOST_OUTPUTS = 4  #: that are shown of a network of several


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    return needs.numbers(run)


def draw(run: Run) -> Figure | None:
    """One panel per time: f of the density and of single networks over x; for more inputs, f against f*. A
    row for each of the first outputs.
    """
    if lacks(run):
        return None
    times = run.times
    shown, outputs = evenly(len(times), 3), min(outputs_of(run), MOST_OUTPUTS)
    shared = True if is_curve(run) else "row"
    figure, axes = style.figure(outputs, len(shown), 0.6 + 2.1 * outputs, sharex=shared, sharey="row")
    for output, row in enumerate(axes):
        for place, k in zip(row, shown, strict=True):
            panel(run, place, k, output)
    for place, k in zip(axes[0], shown, strict=True):
        place.set_title(f"$t = {times[k]:g}$")
    style.legend_below(figure, axes[0, 0])
    return figure


def outputs_of(run: Run) -> int:
    """Components of f."""
    return run.data.sizes.get("output", 1)


def is_curve(run: Run) -> bool:
    """Whether f is drawn over its one input, rather than against f*."""
    return run.data.sizes["input"] == 1


def panel(run: Run, place: Axes, k: int, output: int = 0) -> None:
    """One output of f at output time k."""
    (_curve if is_curve(run) else _scatter)(run, place, k, output)


def mean_field_at(run: Run, k: int) -> np.ndarray | None:
    """f of the density, else of the nodes, at the data (outputs, L) at output time k; None without either."""
    group = next((name for name in ("eulerian", "characteristics") if name in run.tree.children), None)
    return None if group is None else by_output(run.group(group))[k]


def axis_label(run: Run, of: str, k: int = 0) -> str:
    """The name of input ("x") or output ("y") k, in lines that fit under a panel."""
    data, count = run.case["data"], run.data.sizes.get({"x": "input", "y": "output"}[of], 1)
    names = data.get(of) or []
    names = [names] if isinstance(names, str) else names
    # a teacher's columns, and those of a matrix, are called x0, x1, ... and y1, y2, ...
    numbered = of if count == 1 else f"{of}{k + (of == 'y')}"
    name = names[k] if len(names) == count else numbered
    label = f"{name} (standardised)" if data.get("standardize") else name
    return textwrap.fill(label, WIDEST) if of == "x" else label


def _curve(run: Run, place: Axes, k: int, output: int) -> None:
    """Data, f of the density, and the bands of the narrowest and the widest networks."""
    x, order = run.data["inputs"].values[:, 0], np.argsort(run.data["inputs"].values[:, 0], kind="stable")
    place.plot(x, _targets(run, output), "o", color=style.DATA, ms=2.5, mew=0, label="data")
    colours = style.width_colours(run.units)
    for units in run.units[:1] + run.units[-1:] if len(run.units) > 1 else run.units:
        prediction = by_output(run.lagrangian(units))[k, :, output]
        low, high = prediction.min(axis=0), prediction.max(axis=0)
        label = f"$n = {units}$, range of {len(prediction)}" if len(prediction) > 1 else f"$n = {units}$"
        place.fill_between(
            x[order], low[order], high[order], color=colours[units], alpha=0.45, lw=0, label=label
        )
    limit = mean_field_at(run, k)
    if limit is not None:
        place.plot(x[order], limit[output][order], color=style.DENSITY, lw=1.2, label=r"$f_{\mu_t}$")
    if style.is_last_row(place):
        place.set_xlabel(axis_label(run, "x"))
    if style.is_first_column(place):
        place.set_ylabel(axis_label(run, "y", output))


def _targets(run: Run, output: int) -> np.ndarray:
    return np.atleast_2d(run.data["targets"].values)[output]


def _scatter(run: Run, place: Axes, k: int, output: int) -> None:
    targets, limit = _targets(run, output), mean_field_at(run, k)
    if limit is not None:
        place.plot(targets, limit[output], "o", color=style.DENSITY, ms=4, mew=0, label=r"$f_{\mu_t}$")
    for units in run.units[-1:]:
        prediction = by_output(run.lagrangian(units))[k, 0, output]
        label = f"$n = {units}$, one network"
        place.plot(targets, prediction, ".", color=style.ACCENT, ms=3, mew=0, label=label)
    place.axline((0, 0), slope=1, color=style.DATA, lw=0.8, zorder=0)
    which = f"_{output + 1}" if outputs_of(run) > 1 else ""
    if not which:  # rows of several would differ in width
        place.set_aspect("equal", adjustable="box")
    place.set_xlabel(f"target $f^*{which}(x_l)$")
    if style.is_first_column(place):
        place.set_ylabel(f"prediction $f{which}(x_l)$")
