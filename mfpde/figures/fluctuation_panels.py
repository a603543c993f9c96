"""Several runs side by side: n E|f_n - f|^2 of every width in time, and the Monte-Carlo value."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.fluctuations import fluctuation_table
from mfpde.analysis.limit import Scatter, mean_field, scatters_of
from mfpde.figures import fluctuations, style
from mfpde.figures.fluctuations import LABEL, references, time_axis
from mfpde.results.run import Run

NEEDS = "nodes"
RUNS = "several"
#: what is smaller than this share of the largest value, over all panels, is below the axis
FLOOR = 1e-6


def lacks(runs: list[Run]) -> str:
    """What the run lacks of what is shown."""
    seen = any(not fluctuations.lacks(run) for run in runs)
    return (
        ""
        if seen
        else "networks and nodes (characteristics.nodes, fluctuations.predict), which none of these runs has"
    )


def draw(runs: list[Run]) -> Figure | None:
    """One panel per run with networks and nodes, which know the Monte-Carlo value; axes are shared."""
    limits = [(run, mean_field(run)) for run in runs if run.units and "characteristics" in run.tree.children]
    shown = [(run, limit, scatters_of(run, limit)) for run, limit in limits if limit is not None]
    if not shown:
        return None
    rows, columns = grid(len(shown))
    figure, axes = style.figure(rows, columns, 0.8 + 1.65 * rows, sharey=True)
    colours = style.width_colours(sorted({units for run, _, _ in shown for units in run.units}))
    alike = all(np.array_equal(run.times, shown[0][0].times) for run, _, _ in shown)
    for k, (panel, (run, limit, scatters)) in enumerate(zip(axes.flat, shown, strict=False)):
        for s in scatters:
            curve(panel, run.times, s, colours[s.units])
        references(panel, run.times, fluctuation_table(run, limit, scatters), line=":")
        time_axis(panel, run.times)
        panel.set_xlim(0, run.times[-1])
        if k + columns < len(shown):
            panel.set_xlabel("")
            panel.tick_params(labelbottom=not alike)
        panel.set_title(textwrap.fill(title(run), width=100 // columns), loc="left", fontsize=8)
    for panel in axes.flat[len(shown) :]:
        panel.set_visible(False)
    share_logarithm(list(axes.flat[: len(shown)]))
    for panel in axes[:, 0]:
        panel.set_ylabel(LABEL)
    _legend(figure, list(axes.flat[: len(shown)]), colours)
    return figure


def _legend(figure: Figure, panels: list[Axes], colours: dict[int, tuple]) -> None:
    named = {
        label: handle
        for panel in panels
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    widths = [f"$n = {units}$" for units in colours]
    labels = widths + [label for label in named if label not in widths]
    columns = len(labels) if len(labels) < 7 and len("".join(labels)) < 90 else -(-len(labels) // 2)
    figure.legend(
        [named[label] for label in labels],
        labels,
        loc="outside lower center",
        ncol=columns,
        columnspacing=1.5,
        handlelength=1.8,
    )


def curve(panel: Axes, times: np.ndarray, s: Scatter, colour: tuple) -> None:
    """n times the mean-square gap of one width, with its 95 % interval as a band."""
    value, low, high = (s.units * part for part in s.gap)
    panel.plot(times, value, color=colour, lw=1.2, label=f"$n = {s.units}$")
    panel.fill_between(times, low, high, color=colour, alpha=0.2, lw=0)


def share_logarithm(panels: list[Axes]) -> None:
    """One logarithmic y axis for all panels."""
    drawn = np.concatenate(
        [np.asarray(line.get_ydata(), dtype=float) for panel in panels for line in panel.get_lines()]
    )
    drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
    panels[0].set_yscale("log", nonpositive="mask")
    if len(drawn):
        panels[0].set_ylim(0.6 * max(drawn.min(), FLOOR * drawn.max()), 1.8 * drawn.max())


def grid(count: int) -> tuple[int, int]:
    """Rows and columns for a number of panels: at most four beside each other, as even as can be."""
    rows = 1 if count < 4 else -(-count // 4) if count > 4 else 2
    return rows, -(-count // rows)


def title(run: Run) -> str:
    """What a run is called: the title of its case, else its variant, else its file."""
    return run.case.get("title") or str(run.attributes.get("variant") or run.path.stem)
