"""How many units an accuracy takes: the planned error against the width, beside networks that were run."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binom

from mfpde.analysis.limit import Scatter, mean_field, scatters_of
from mfpde.analysis.planner import CONFIDENCE, FEWEST, FEWEST_LIMIT, plan_width
from mfpde.errors import InputError
from mfpde.figures import needs, style
from mfpde.results.run import Run

NEEDS = "a prediction"
#: planned distances from one marked tolerance to the next
BETWEEN = 3
#: (key of the plan, name, colour, mark of networks)
KINDS = (
    ("mean", "root mean square (rms)", style.PALETTE[0], "o"),
    ("confident", "95 % quantile", style.PALETTE[1], "^"),
)


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    if said := needs.mean_field(run):
        return said
    try:
        _plans(run, scatters_of(run, mean_field(run)))
    except InputError as error:
        return f"a ladder to plan by ({error})"
    return ""


def _plans(run: Run, scatters: list[Scatter]) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Tolerances of half decades, and the plan for each.

    Raises:
        InputError: the ladder does not tell.
    """
    if not scatters or min(s.gap.value[-1] for s in scatters) <= 0:
        raise InputError("networks do not differ from the mean field")
    tolerances = half_decades(scatters)
    return tolerances, [plan_width(run, scatters, tolerance) for tolerance in tolerances]


def draw(run: Run) -> Figure | None:
    """At the last time; beside the panel: units for tolerances of half decades."""
    scatters = scatters_of(run, mean_field(run))
    try:
        tolerances, plans = _plans(run, scatters)
    except InputError:
        return None
    marked = range(0, len(tolerances), BETWEEN)
    figure, axes = style.figure(1, 2, 3.6, sharey=True, width_ratios=[2.9, 1])
    figure.set_figwidth(5.0)
    panel = axes[0, 0]
    for key, name, colour, mark in KINDS:
        units, low, high = (
            np.array([plan[key][part] for plan in plans], dtype=float) for part in ("units", "low", "high")
        )
        panel.fill_betweenx(tolerances, low, high, color=colour, alpha=0.2, lw=0)
        panel.plot(units, tolerances, color=colour, label=f"planned, {name}")
        _networks(panel, scatters, key, f"networks, {name}", colour, mark)
    panel.set(
        xscale="log", yscale="log", xlabel="width $n$", ylabel=r"distance from the limit $\|f_n-f\|_\nu$"
    )
    panel.set_yticks(tolerances[marked], [f"$10^{{{np.log10(t):.3g}}}$" for t in tolerances[marked]])
    panel.minorticks_off()
    _table(axes[0, 1], tolerances[marked], [plans[k] for k in marked])
    for k in marked:
        panel.axhline(tolerances[k], color=style.DATA, lw=0.6, ls=":", zorder=0)
    source = "predicted" if plans[0]["source"] == "predicted" else f"observed at $n = {scatters[-1].units}$"
    panel.set_title(f"$t = {run.times[-1]:g}$, constant {source}", loc="left")
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=2, columnspacing=1.5, handlelength=1.8)
    return figure


def _table(panel: Axes, tolerances: np.ndarray, plans: list[dict[str, Any]]) -> None:
    """Units needed for every marked tolerance, beside it."""
    panel.axis("off")
    panel.set_title("units needed", loc="right", pad=18)
    for place, head, (key, _, colour, _) in zip((0.45, 1.0), ("rms", "95 %"), KINDS, strict=True):
        panel.text(
            place, 1.02, head, transform=panel.transAxes, color=colour, ha="right", va="bottom", fontsize=8
        )
        for tolerance, plan in zip(tolerances, plans, strict=True):
            units = plan[key]["units"]
            # the mesh's own error may hide the rest
            shown = "none" if units is None else f"{units:,}" if units < 1e6 else f"{units:.1e}"
            panel.text(
                place,
                tolerance,
                shown,
                transform=panel.get_yaxis_transform(),
                color=colour,
                ha="right",
                va="center",
                fontsize=8,
            )


def half_decades(scatters: list[Scatter]) -> np.ndarray:
    """Distances from above those of the narrowest networks to a decade below those of the widest.

    Every `BETWEEN`-th is 10^(k/2).
    """
    largest, smallest = (
        np.quantile(np.sqrt(scatters[0].gaps[-1]), CONFIDENCE),
        np.sqrt(scatters[-1].gap.value[-1]),
    )
    top, bottom = np.ceil(2 * np.log10(largest)), np.floor(2 * np.log10(smallest)) - 2
    return 10 ** (np.linspace(top, bottom, BETWEEN * int(top - bottom) + 1) / 2)


def _networks(panel: Axes, scatters: list[Scatter], key: str, label: str, colour: str, mark: str) -> None:
    if key == "mean":
        found = [(s.units, *(float(np.sqrt(part[-1])) for part in s.gap)) for s in scatters]
    else:
        found = [(s.units, *quantile(np.sqrt(s.gaps[-1]))) for s in scatters if s.replicates >= FEWEST]
    if not found:
        return
    units, value, low, high = np.array(found).T
    panel.vlines(units, low, high, color=colour, lw=1)
    panel.plot(units, value, mark, ms=4.5, color=colour, mec="white", mew=0.6, label=label)


def quantile(errors: np.ndarray) -> tuple[float, float, float]:
    """The quantile of the planner's confidence and its 95 % interval, from order statistics.

    Too few have no upper limit (NaN).
    """
    ordered = np.sort(errors)
    below, above = binom.interval(0.95, len(ordered), CONFIDENCE)
    last = len(ordered) - 1
    high = float(ordered[min(int(above), last)]) if len(ordered) >= FEWEST_LIMIT else np.nan
    return float(np.quantile(ordered, CONFIDENCE)), float(ordered[min(max(int(below) - 1, 0), last)]), high
