"""Which runs leave a plateau: energies of mean fields in time, and the share of networks that have left it.

The level below which a network has escaped is `output.escape`; E* is subtracted from E where it is found at
once.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.escape import escaped, level_of
from mfpde.analysis.excess import known_optimum
from mfpde.analysis.statistics import evenly
from mfpde.figures import style
from mfpde.figures.energies import mean_field_energy, names
from mfpde.figures.fluctuation_panels import title
from mfpde.results.run import Run

NEEDS = "output.escape"
RUNS = "several"


#: columns of the legend of energies
COLUMNS = 3
#: times at which intervals of shares are drawn
INTERVALS = 6
#: of the time axis, the distance of intervals of two widths at one time
BESIDE = 0.012


def lacks(runs: list[Run]) -> str:
    """What the runs lack of what is shown."""
    if _level(runs) is None:
        return "a level below which a network has escaped, which no case states (output.escape)"
    return "" if any(mean_field_energy(run) is not None or run.units for run in runs) else "an energy"


def draw(runs: list[Run]) -> Figure | None:
    """Energies on the left; on the right shares with 95 % intervals, where there are networks."""
    level = _level(runs)
    if level is None or lacks(runs):
        return None
    with_networks = [run for run in runs if run.units]
    figure, axes = style.figure(1, 2 if with_networks else 1, 3.6)
    _energies(axes[0, 0], runs, level)
    if with_networks:
        _shares(axes[0, 1], with_networks, level)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    if labels:
        figure.legend(handles, labels, loc="outside lower center", ncol=min(COLUMNS, len(labels)))
    return figure


def _level(runs: list[Run]) -> float | None:
    """The level that the first of the cases states that states one."""
    return next((level for run in runs if (level := level_of(run)) is not None), None)


def _energies(panel: Axes, runs: list[Run], level: float) -> None:
    """E of every mean field, less the optimum, and the level."""
    optima = {str(run.path): _optimum(run) for run in runs}
    k = 0  # curves so far
    for run, name in zip(runs, names(runs, runs), strict=True):
        energy = mean_field_energy(run)
        alone = [_mean_field(other) for other in runs if not other.units]
        if energy is None or (run.units and _mean_field(run) in alone):  # it has a run of its own
            continue
        panel.plot(
            run.times[1:], energy[1:] - optima[str(run.path)], color=_colour(k), ls=_dash(k), label=name.label
        )
        k += 1
    panel.axhline(level - max(optima.values()), color=style.DATA, ls=":", lw=1)
    known = any(optima.values())
    panel.set(xscale="log", yscale="log", xlabel="time $t$", ylabel="$E - E^*$" if known else "energy $E$")
    panel.set_title("mean field", loc="left")


def _shares(panel: Axes, runs: list[Run], level: float) -> None:
    """Steps for networks of every width, with intervals at some times; a vertical line where the mean field
    passes the level.
    """
    widths = sorted({units for run in runs for units in run.units})
    colours = style.width_colours(widths)
    for run, ls in zip(runs, ("-", "--", ":", "-."), strict=False):
        for units in run.units:
            found, colour = escaped(run, units, level), colours[units]
            label = f"$n = {units}$ ({found.of} networks)" + (f", {title(run)}" if len(runs) > 1 else "")
            panel.step(found.times, found.share, where="post", color=colour, ls=ls, label=label)
            shown = [*evenly(len(found.times), INTERVALS)][1:]
            beside = found.times[-1] * BESIDE * (widths.index(units) - len(widths) / 2)
            at, low, high = found.times[shown] + beside, found.low[shown], found.high[shown]
            panel.vlines(at, low, high, colors=[colour], lw=2, alpha=0.6)
        energy = mean_field_energy(run)
        if energy is not None and np.any(energy < level):
            panel.axvline(run.times[np.argmax(energy < level)], color=style.DENSITY, lw=1, ls=ls)
    panel.set(xlabel="time $t$", ylabel="share that has escaped", ylim=(-0.03, 1.03))
    panel.set_title("networks (mean field: black)", loc="left")
    panel.legend(loc="lower right")


def _mean_field(run: Run) -> list[object]:
    """What makes its mean field, besides data and numerics."""
    return [run.case.get(table) for table in ("model", "parameters", "dynamics")]


def _optimum(run: Run) -> float:
    """What is subtracted from E."""
    found = known_optimum(run)
    return found.energy if found is not None else 0.0


def _colour(k: int) -> str:
    return style.PALETTE[k % len(style.PALETTE)]


def _dash(k: int) -> str:
    return ("-", "--", ":")[k // len(style.PALETTE) % 3]
