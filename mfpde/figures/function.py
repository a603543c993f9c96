"""The function that was learnt, with the data, at chosen times."""

import numpy as np
from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import needs, style

NEEDS = "data"


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.data_points(run)


def draw(run) -> Figure | None:
    """One panel per time: f of the density and of single networks over x; for more inputs, f against f*."""
    if lacks(run):
        return None
    times = run.times
    shown = evenly(len(times), 3)
    figure, axes = style.figure(1, len(shown), 2.7, sharex=True, sharey=True)
    for place, k in zip(axes[0], shown, strict=True):
        panel(run, place, k)
        place.set_title(f"$t = {times[k]:g}$")
    style.legend_below(figure, axes[0, 0])
    return figure


def is_curve(run) -> bool:
    """Whether f is drawn over its one input, rather than against f*."""
    return run.data.sizes["input"] == 1


def panel(run, place, k: int) -> None:
    """f at output k."""
    (curve if is_curve(run) else _scatter)(run, place, k)


def curve(run, panel, k: int) -> None:
    """Data, f of the density, and the bands of the narrowest and the widest networks, at output k."""
    x, order = run.data["inputs"].values[:, 0], np.argsort(run.data["inputs"].values[:, 0], kind="stable")
    panel.plot(x, run.data["targets"], "o", color=style.DATA, ms=2.5, mew=0, label="data")
    colours = style.width_colours(run.units)
    for units in run.units[:1] + run.units[-1:] if len(run.units) > 1 else run.units:
        prediction = run.lagrangian(units)["prediction"][k].values
        low, high = prediction.min(axis=0), prediction.max(axis=0)
        label = f"$n = {units}$, range of {len(prediction)}" if len(prediction) > 1 else f"$n = {units}$"
        panel.fill_between(
            x[order], low[order], high[order], color=colours[units], alpha=0.45, lw=0, label=label
        )
    limit = _mean_field(run, k)
    if limit is not None:
        panel.plot(x[order], limit[order], color=style.DENSITY, lw=1.2, label=r"$f_{\mu_t}$")
    names = run.case["data"]
    panel.set_xlabel(_axis_label(names.get("x", ["x"])[0], names))
    if panel.get_subplotspec().is_first_col():
        panel.set_ylabel(_axis_label(names.get("y", "y"), names))


def _mean_field(run, k: int) -> np.ndarray | None:
    """f of the density, else of the nodes, at output k; None if the run has neither."""
    group = next((name for name in ("eulerian", "characteristics") if name in run.tree.children), None)
    return None if group is None else run.group(group)["prediction"][k].values


def _axis_label(name: str, data: dict) -> str:
    return f"{name} (standardised)" if data.get("standardize") else name


def _scatter(run, panel, k: int) -> None:
    targets = run.data["targets"].values
    limit = _mean_field(run, k)
    if limit is not None:
        panel.plot(targets, limit, "o", color=style.DENSITY, ms=4, mew=0, label=r"$f_{\mu_t}$")
    for units in run.units[-1:]:
        prediction = run.lagrangian(units)["prediction"][k].values[0]
        panel.plot(
            targets, prediction, ".", color=style.ACCENT, ms=3, mew=0, label=f"$n = {units}$, one network"
        )
    panel.set_aspect("equal", adjustable="box")
    panel.axline((0, 0), slope=1, color=style.DATA, lw=0.8, zorder=0)
    panel.set(xlabel="target $f^*(x_l)$")
    if panel.get_subplotspec().is_first_col():
        panel.set_ylabel("prediction $f(x_l)$")
