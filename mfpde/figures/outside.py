"""A network trained elsewhere: its function over that of the mean field, and its gap in time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.model_of_run import functions, model_of
from mfpde.analysis.outside import mean_field_of, shared_times
from mfpde.analysis.outside_report import spread
from mfpde.arithmetic import usual_arithmetic
from mfpde.data.saved_network import SavedNetwork
from mfpde.errors import InputError
from mfpde.figures import FORMATS, style
from mfpde.results.run import Run

GAP = r"function gap $\|f_n-f\|^2_{\nu}$"
MARKED = 40  #: times up to which each has a marker


def draw_outside(run: Run, network: SavedNetwork, table: dict[str, Any]) -> Figure:
    """Left, for one input, f at up to three times; right the gap in time.

    Arguments:
        table: that of `compare_network` for this run and network.
    """
    has_curves = run.has_data and run.data.sizes["input"] == 1 and "output" not in run.data.sizes
    frames, outputs = shared_times(run, network)
    shown = spread(len(frames), 3)
    count = len(shown) if has_curves else 0
    widths = [1.0] * count + [1.5]
    figure = Figure(figsize=(style.WIDTH if has_curves else 4.2, 2.7), layout="constrained")
    panels = figure.subplots(1, count + 1, squeeze=False, width_ratios=widths)[0]
    for panel, k in zip(panels[:count], shown, strict=False):
        _curve(run, network, panel, frames[k], outputs[k])
        panel.sharex(panels[0])
        panel.sharey(panels[0])
    for panel in panels[1:count]:
        panel.tick_params(labelleft=False)
    if count:
        panels[0].set_ylabel("$f(x)$")
    (gaps_in_time if len(shown) > 1 else gap_by_width)(panels[-1], table)
    _legend(figure, panels)
    return figure


def _legend(figure: Figure, panels: np.ndarray) -> None:
    """One legend under all panels; the first panel that shows a thing gives its look."""
    named: dict[str, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    most = 5 if len(panels) > 1 else 3
    rows = -(-len(named) // most)
    figure.legend(
        named.values(),
        named.keys(),
        loc="outside lower center",
        ncol=-(-len(named) // rows),
        columnspacing=1.5,
        handlelength=1.8,
    )


def _curve(run: Run, network: SavedNetwork, panel: Axes, frame: int, output: int) -> None:
    """Data, f of the mean field, and f of the network (of several the range) at one time."""
    x = run.data["inputs"].values[:, 0]
    order = np.argsort(x, kind="stable")
    found = functions(model_of(run), network.state[frame], network.weights[frame])[:, order]
    panel.plot(x, run.data["targets"], "o", color=style.DATA, ms=2.5, mew=0, label="data")
    label = _label(network.units, len(found))
    if len(found) > 1:
        panel.fill_between(
            x[order], found.min(axis=0), found.max(axis=0), color=style.ACCENT, alpha=0.35, lw=0, label=label
        )
    panel.plot(
        x[order],
        mean_field_of(run)[1][output][order],
        color=style.DENSITY,
        lw=1.2,
        label=r"$f_{\mu_t}$ ($n = \infty$)",
    )
    if len(found) == 1:
        panel.plot(x[order], found[0], color=style.ACCENT, ls="--", lw=1.2, label=label)
    panel.set(xlabel="$x$", title=f"$t = {run.times[output]:g}$")


def _label(units: int, networks: int) -> str:
    return f"trained elsewhere, $n = {units}$" if networks == 1 else f"{networks} elsewhere, $n = {units}$"


def gaps_in_time(panel: Axes, table: dict[str, Any]) -> None:
    """Mean gap against time, with a band from the smallest to the largest of several networks."""
    times = np.array(table["times"])
    ladder = {entry["units"]: entry["function_gap"]["mean"] for entry in table["observed_ladder"]}
    colours = style.width_colours(list(ladder))
    for units, mean in ladder.items():
        panel.plot(times, mean, color=colours[units], lw=1, label=f"run, $n = {units}$")
    if table["predicted_gap"] is not None:
        predicted = np.array(table["predicted_gap"], dtype=float)
        panel.plot(times, predicted, ":", color=style.ACCENT, label=f"predicted, $n = {table['units']}$")
    every = np.array(table["function_gap"]["replicates"])
    label = _label(table["units"], every.shape[1])
    if every.shape[1] > 1:
        panel.fill_between(
            times, every.min(axis=1), every.max(axis=1), color=style.ACCENT, alpha=0.35, lw=0, label=label
        )
    form = "o--" if len(times) <= MARKED else "--"
    panel.plot(
        times,
        every.mean(axis=1),
        form,
        ms=2.5,
        color=style.ACCENT,
        lw=1.2,
        label=label if every.shape[1] == 1 else None,
    )
    panel.set(xlabel="time $t$", ylabel=GAP, title="distance from the limit")
    if np.all(every > 0):
        panel.set_yscale("log")


def gap_by_width(panel: Axes, table: dict[str, Any]) -> None:
    """With one time, the mean gap of the run's networks against their width, and every other network."""
    gaps = [
        (entry["units"], entry["function_gap"]["mean"][0], entry["function_gap"]["stderr"][0] or 0.0)
        for entry in table["observed_ladder"]
    ]
    if gaps:
        widths, mean, error = np.array(gaps).T
        panel.errorbar(
            widths,
            mean,
            yerr=error,
            fmt="o-",
            ms=3.5,
            lw=1,
            capsize=2,
            color=style.PALETTE[0],
            label="networks of the run",
        )
    every = table["function_gap"]["replicates"][0]
    panel.plot(
        [table["units"]] * len(every),
        every,
        "D",
        ms=4,
        mew=0,
        color=style.ACCENT,
        label=_label(table["units"], len(every)),
    )
    if table["predicted_gap"] is not None:
        panel.plot(
            table["units"],
            table["predicted_gap"][0] or np.nan,
            "k_",
            ms=12,
            label=f"predicted, $n = {table['units']}$",
        )
    panel.set(xlabel="width $n$", ylabel=GAP, title=f"distance from the limit, $t = {table['times'][0]:g}$")
    if min(every) > 0:
        panel.set(xscale="log", yscale="log")
        ticks = sorted({table["units"], *(units for units, *_ in gaps)})
        panel.set_xticks(ticks, [f"{n:g}" for n in ticks])
        panel.minorticks_off()


@usual_arithmetic
def save_outside(
    run: Run,
    network: SavedNetwork,
    table: dict[str, Any],
    folder: str | Path,
    formats: Iterable[str] = FORMATS,
) -> list[Path]:
    """Draw into a folder, which is made if needed; returns the files written.

    Raises:
        InputError: a folder or a file that cannot be made.
    """
    files = [Path(folder) / f"outside.{suffix}" for suffix in formats]
    with style.paper():
        figure = draw_outside(run, network, table)
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            for file in files:
                figure.savefig(file)
        except OSError as error:
            raise InputError(f"{folder}: the figure cannot be saved: {error.strerror or error}") from None
    return files
