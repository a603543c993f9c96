"""Several runs side by side: energies of mean field and networks in time.

All runs that start from the same law share a panel.
"""

import json
import re
import textwrap
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mfpde.analysis.statistics import evenly
from mfpde.figures import style
from mfpde.figures.fluctuation_panels import grid, share_logarithm, title
from mfpde.figures.fluctuations import time_axis
from mfpde.results.run import Run

NEEDS = ""
RUNS = "several"
#: the band of a width holds this share of its networks, in the middle
COVERED = (0.1, 0.9)
#: widths that are drawn of a run, at most, and how their means look; the mean field is solid
WIDTHS = 3
LINES: tuple[Any, ...] = ("--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))


class Name(NamedTuple):
    """What a run is called in its panel."""

    heading: str  #: what all runs of the panel have in common
    label: str


def lacks(runs: list[Run]) -> str:
    """What the run lacks of what is shown."""
    seen = any(mean_field_energy(run) is not None or run.units for run in runs)
    return "" if seen else "an energy, which none of these runs has"


def draw(runs: list[Run]) -> Figure | None:
    """A line for the mean field; for networks their mean, with a band of 80 % of them.

    Runs have colours, and share the energy axis.
    """
    groups = by_start([run for run in runs if mean_field_energy(run) is not None or run.units])
    if not groups:
        return None
    named = [names(group, runs) for group in groups]
    labels = list(dict.fromkeys(name.label for found in named for name in found))
    colours = {label: style.PALETTE[k % len(style.PALETTE)] for k, label in enumerate(labels)}
    lines = {
        units: LINES[k % len(LINES)]
        for k, units in enumerate(sorted({n for group in groups for run in group for n in shown_widths(run)}))
    }
    rows, columns = grid(len(groups))
    figure, axes = style.figure(rows, columns, 0.9 + 1.9 * rows, sharey=True)
    panels = list(axes.flat[: len(groups)])
    for k, (panel, group, found) in enumerate(zip(panels, groups, named, strict=True)):
        for run, name in zip(group, found, strict=True):
            curves(panel, run, colours[name.label], lines)
        time_axis(panel, max((run.times for run in group), key=lambda times: times[-1]))
        panel.set_xlim(0, max(run.times[-1] for run in group))
        if k + columns < len(groups):
            panel.set_xlabel("")
        panel.set_title(textwrap.fill(found[0].heading, width=100 // columns), loc="left")
    for panel in axes.flat[len(groups) :]:
        panel.set_visible(False)
    if _positive(panels):
        share_logarithm(panels)
    for panel in axes[:, 0]:
        panel.set_ylabel("energy $E$")
    _legend(figure, panels, colours, lines)
    return figure


def by_start(runs: list[Run]) -> list[list[Run]]:
    """Runs that start from the same law together, in the order in which they come."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        start = {
            name: (table.get("initial"), table.get("fixed")) for name, table in run.case["parameters"].items()
        }
        groups.setdefault(json.dumps(start, sort_keys=True), []).append(run)
    return list(groups.values())


def names(group: list[Run], runs: list[Run]) -> list[Name]:
    """Titles, parted where all of a group share the words before a comma or colon.

    With the file for those that others have too.
    """
    taken = [title(run) for run in runs]
    titles = [
        title(run) if taken.count(title(run)) == 1 else f"{title(run)} ({run.path.stem})" for run in group
    ]
    parts = [re.split(r"(?<=[,:;])\s+", text) for text in titles]
    common = 0
    while common + 1 < min(map(len, parts)) and len({words[common] for words in parts}) == 1:
        common += 1
    return [Name(" ".join(words[:common]).rstrip(",:;"), " ".join(words[common:])) for words in parts]


def mean_field_energy(run: Run) -> np.ndarray | None:
    """The energy of the density, else of the nodes, at all output times; None without a mean field."""
    for group in ("eulerian", "characteristics"):
        if group in run.tree.children:
            return np.asarray(run.group(group)["energy"], dtype=float)
    return None


def shown_widths(run: Run) -> list[int]:
    """A few of its widths, the narrowest and the widest among them."""
    return [run.units[k] for k in evenly(len(run.units), WIDTHS)] if run.units else []


def curves(panel: Axes, run: Run, colour: str, lines: dict[int, Any]) -> None:
    """The energies of one run in its colour."""
    for units in shown_widths(run):
        energies = run.lagrangian(units)["energy"].values
        if energies.shape[1] > 1:
            panel.fill_between(
                run.times, *np.quantile(energies, COVERED, axis=1), color=colour, alpha=0.2, lw=0
            )
        panel.plot(run.times, energies.mean(axis=1), color=colour, ls=lines[units], lw=1.1)
    limit = mean_field_energy(run)
    if limit is not None:
        panel.plot(run.times, limit, color=colour, ls="-")


def _positive(panels: list[Axes]) -> bool:
    """Whether energies are positive but for rounding."""
    drawn = np.concatenate(
        [np.asarray(line.get_ydata(), dtype=float) for panel in panels for line in panel.get_lines()]
    )
    return bool(np.nanmin(drawn) > -1e-9 * np.nanmax(drawn))


def _legend(figure: Figure, panels: list[Axes], colours: dict[str, str], lines: dict[int, Any]) -> None:
    """Colours of runs in rows of their own, above the kinds of lines."""
    runs = [(Line2D([], [], color=colour, lw=3), label) for label, colour in colours.items()]
    kinds = [
        (Line2D([], [], color=style.DENSITY, ls=ls, lw=1.1), f"$n = {units}$: mean and middle 80 %")
        for units, ls in lines.items()
    ]
    if any(line.get_linestyle() == "-" for panel in panels for line in panel.get_lines()):
        kinds.insert(0, (Line2D([], [], color=style.DENSITY), r"mean field ($n = \infty$)"))
    columns = max(1, min(len(runs), min(110 // (6 + len(label)) for label in colours)))
    blank = (Line2D([], [], lw=0), "")
    cells = [entry for part in (runs, kinds) for entry in part + [blank] * (-len(part) % columns)]
    handles, labels = zip(
        *(cells[k] for column in range(columns) for k in range(column, len(cells), columns)), strict=True
    )
    figure.legend(
        handles, labels, loc="outside lower center", ncol=columns, columnspacing=1.5, handlelength=1.8
    )
