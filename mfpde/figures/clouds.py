"""Several runs side by side: the units of one network at the end, over the density of the mean field."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mfpde.figures import style
from mfpde.figures.energies import by_start
from mfpde.figures.fluctuation_panels import grid, title
from mfpde.figures.marginals import symbol
from mfpde.results.run import Run

NEEDS = "two parameters"
RUNS = "several"
#: densities below this share of the panel's largest are white
FLOOR = 1e-4
#: area of a unit of average weight, in square points
AREA = 4.0


def lacks(runs: list[Run]) -> str:
    """What the run lacks of what is shown."""
    seen = any(widest(run) is not None for run in runs)
    return (
        ""
        if seen
        else (
            "a density over two parameters with stored units (output.snapshot_replicates), which none of"
            " these runs has"
        )
    )


def draw(runs: list[Run]) -> Figure | None:
    """One panel per run with a density over two parameters and stored units.

    Runs over the same parameters share axes.
    """
    shown = [(run, units) for run in runs if (units := widest(run)) is not None]
    if not shown:
        return None
    rows, columns, places = arrange([run for run, _ in shown])
    alike = len({run.mu.dims for run, _ in shown}) == 1
    figure, axes = style.figure(rows, columns, 0.7 + 1.7 * rows, sharex=alike, sharey=alike)
    panels = [axes[place] for place in places]
    images = [cloud(panel, run, units) for panel, (run, units) in zip(panels, shown, strict=True)]
    for panel, place, (run, _) in zip(panels, places, shown, strict=True):
        time = f"$t={float(run.mu['time'][-1]):g}$"  # without spaces, at which the title may be broken
        panel.set_title(textwrap.fill(f"{title(run)}, {time}", width=108 // columns), loc="left", fontsize=8)
        if alike:
            panel.label_outer()
        # the last of its column, below which there may be no panel
        if (place[0] + 1, place[1]) not in places:
            panel.xaxis.set_tick_params(labelbottom=True)
            panel.set_xlabel(f"${symbol(str(run.mu.dims[-1]))}$")
    for panel in panels[:1] if alike else panels:  # room for a mark above what is seen
        low, high = panel.get_ylim()
        panel.set_ylim(low, high + 0.15 * (high - low))
    for panel in set(axes.flat) - set(panels):
        panel.set_visible(False)
    style.legend_below(figure, *panels)
    bar = figure.colorbar(images[0], ax=axes, label=r"$\mu_t\,/\,\max\mu_t$", aspect=12 * rows)
    bar.outline.set_visible(False)
    return figure


def arrange(runs: list[Run]) -> tuple[int, int, list[tuple[int, int]]]:
    """Rows, columns and the place of every run.

    There is a row for every start, where that needs no more rows than filling them would.
    """
    rows, columns = grid(len(runs))
    groups = by_start(runs)
    if len(groups) > rows or max(map(len, groups)) > 4:
        return rows, columns, [divmod(k, columns) for k in range(len(runs))]
    found = {id(run): (row, column) for row, group in enumerate(groups) for column, run in enumerate(group)}
    return len(groups), max(map(len, groups)), [found[id(run)] for run in runs]


def widest(run: Run) -> int | None:
    """The widest networks with stored units, of a density over two parameters; None if there are none."""
    if not run.has_density or run.mu.ndim != 3:
        return None
    return next((units for units in reversed(run.units) if "particles" in run.lagrangian(units)), None)


def cloud(panel: Axes, run: Run, units: int) -> QuadMesh:
    """The last stored density where it is visible, and the units of the first network.

    The second parameter runs across; areas of units are weights.
    """
    mu = run.mu[-1].load()
    up, across = map(str, mu.dims)
    share = mu.values / mu.values.max()
    rows, columns = (stretch((share > FLOOR).any(axis=other)) for other in (1, 0))
    x, y = _faces(run, across, columns), _faces(run, up, rows)
    image = panel.pcolormesh(
        x, y, share[rows, columns], cmap="Greys", norm=LogNorm(FLOOR, 1), rasterized=True
    )
    networks = run.lagrangian(units).isel({"fields_time": -1, f"snapshot_{units}": 0})
    theta, weights = networks["particles"].values, networks["weights"].values
    b, a = (theta[:, run.parameters.index(name)] for name in (across, up))
    panel.scatter(
        b,
        a,
        s=AREA * units * weights,
        color=style.ACCENT,
        lw=0,
        alpha=0.8,
        label=f"units of one network, $n = {units}$",
    )
    panel.set(xlabel=f"${symbol(across)}$", ylabel=f"${symbol(up)}$")
    panel.use_sticky_edges = False
    since = run.health.get("resolution_time")
    if since is not None and float(mu["time"]) >= since:
        style.mark_unresolved(panel)
    return image


def stretch(seen: np.ndarray) -> slice:
    """From the first to the last of those that are seen."""
    at = np.flatnonzero(seen)
    return slice(int(at[0]), int(at[-1]) + 1)


def _faces(run: Run, name: str, cells: slice) -> np.ndarray:
    bounds = np.asarray(run.tree[f"{name}_bounds"])[cells]
    return np.append(bounds[:, 0], bounds[-1, 1])
