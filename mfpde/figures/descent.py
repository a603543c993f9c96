"""Descent by finite steps: how far step and batch take it from the flow, and where that matters.

It matters beyond the sampling error.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.descent import sampling_error
from mfpde.analysis.limit import mean_field, scatters_of
from mfpde.analysis.statistics import mean_and_error
from mfpde.figures import style
from mfpde.figures.fluctuations import logarithmic, time_axis
from mfpde.results.run import Run

NEEDS = "descent"
#: orders in eta of the square gap: explicit Euler is of first order, minibatches are noise of variance eta /
#: B
ORDERS = {True: (2, r"$\eta^2$"), False: (1, r"$\eta$")}


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    return (
        ""
        if "descent" in run.tree.children
        else "networks that descend, and this run has none (descent.steps = [])"
    )


def draw(run: Run) -> Figure | None:
    """Left: the gap from the flow against eta, one curve per batch.

    Right: the gap from the mean field in time, of the shortest and longest step.
    """
    if lacks(run):
        return None
    found = run.group("descent")
    steps, batches = (run.case["descent"][name] for name in ("steps", "batches"))
    sampling = sampling_error(run, scatters_of(run, mean_field(run)), run.case["descent"]["units"])
    both = "function_gap" in found
    figure, axes = style.figure(1, 1 + both, 3.0)
    if not both:
        figure.set_figwidth(4.2)
    colours = dict(zip(batches, style.PALETTE * len(batches), strict=False))
    _against_step(axes[0, 0], np.array(steps), found["flow_gap"].values[-1], colours, sampling)
    axes[0, 0].set_title(f"{'(a) ' if both else ''}from the flow, at $t = {run.times[-1]:g}$", loc="left")
    if both:
        _in_time(axes[0, 1], run.times, steps, found["function_gap"].values, colours)
        axes[0, 1].set_title("(b) from the mean field", loc="left")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncol=len(labels), columnspacing=1.5, handlelength=1.8
    )
    return figure


def batch_name(batch: int) -> str:
    """How a batch is called in a legend."""
    return f"$B = {batch}$" if batch else "all data"


def _against_step(
    panel: Axes, steps: np.ndarray, gaps: np.ndarray, colours: dict[int, str], sampling: float | None
) -> None:
    order = np.argsort(steps)
    for j, (batch, colour) in enumerate(colours.items()):
        mean, error = mean_and_error(gaps[order, j])  # NaN where a network has diverged
        eta, known = steps[order], np.isfinite(mean) & (mean > 0)
        panel.errorbar(
            eta[known],
            mean[known],
            np.nan_to_num(error[known]),
            fmt="o-",
            ms=3.5,
            lw=1,
            capsize=2,
            color=colour,
            label=batch_name(batch),
        )
        if known.any():
            power, label = ORDERS[batch == 0]
            guide = 0.45 * mean[known][0] * (eta / eta[known][0]) ** power
            panel.plot(eta, guide, color=colour, ls=":", lw=0.9)
            panel.text(eta[0], guide[0], f"{label} ", color=colour, ha="right", va="center", fontsize=8)
        for step in eta[~np.isfinite(mean)]:
            panel.plot(step, 0.97, "x", ms=5, color=colour, transform=panel.get_xaxis_transform())
    if not np.all(np.isfinite(gaps)):
        panel.plot([], [], "x", ms=5, color=style.DATA, ls="none", label="diverged")
    panel.set(
        xscale="log",
        yscale="log",
        xlabel=r"step $\eta$",
        ylabel=r"$\|f_{\mathrm{descent}}-f_{\mathrm{flow}}\|^2_\nu$",
    )
    if sampling is not None and sampling > 0:
        panel.axhline(
            sampling,
            color=style.DENSITY,
            ls="--",
            lw=1,
            label=r"sampling error $\mathbb{E}\,\|f_n-f\|^2_\nu$",
        )
    panel.set_xlim(steps.min() / 2.2, steps.max() * 1.4)


def _in_time(
    panel: Axes, times: np.ndarray, steps: list[float], gaps: np.ndarray, colours: dict[int, str]
) -> None:
    ends = {int(np.argmin(steps)): "-", int(np.argmax(steps)): "--"}
    for j, colour in enumerate(colours.values()):
        for i, line in ends.items():
            panel.plot(times, gaps[:, i, j].mean(axis=-1), color=colour, ls=line, lw=1.2)
    logarithmic(panel)
    for i, line in ends.items():
        panel.plot([], [], color=style.DATA, ls=line, label=rf"$\eta = {steps[i]:g}$")
    panel.set_ylabel(r"$\|f_{\mathrm{descent}}-f\|^2_\nu$")
    bottom, top = panel.get_ylim()
    # room for the legend
    panel.set_ylim(top=top * (top / bottom) ** 0.12 if panel.get_yscale() == "log" else 1.15 * top)
    panel.legend(loc="upper right", ncol=2, fontsize=7, columnspacing=1.2)
    time_axis(panel, times)
