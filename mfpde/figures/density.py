"""The density over two parameters, with the units of one network on it, at several times."""

import numpy as np
import xarray as xr
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import needs, style
from mfpde.figures.marginals import symbol

NEEDS = "two parameters"


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.plane(run)


def draw(run) -> Figure | None:
    """Columns: times. The last parameter across and the first up, the others integrated out."""
    if lacks(run):
        return None
    times = run.mu["time"].values
    shown = evenly(len(times), 4)
    figure, axes = style.figure(1, len(shown), 2.5, sharex=True, sharey=True)
    for panel, k in zip(axes[0], shown, strict=True):
        image = plane(run, panel, k)
        panel.set_title(f"$t = {times[k]:g}$")
    for panel in axes[0, 1:]:
        panel.set_ylabel("")
    style.legend_below(figure, axes[0, 0])
    bar = figure.colorbar(image, ax=axes[0], label=r"$\mu_t^{0.4}$, scaled per panel", ticks=[])
    bar.outline.set_visible(False)
    return figure


def _names(run) -> list[str]:
    return [name for name in run.parameters if f"marginal_{name}" in run.eulerian]


def plane(run, panel, k: int):
    """The density over two parameters at stored time k, with the units of the narrowest networks on it."""
    names = _names(run)
    across, up = names[-1], names[0]
    mu = run.mu[k]
    others = [name for name in names if name not in (across, up)]
    for name in others:
        mu = mu * xr.DataArray(np.diff(run.tree[f"{name}_bounds"].values, axis=1)[:, 0], dims=name)
    flat = mu.sum(others).transpose(up, across)
    image = panel.pcolormesh(
        flat[across], flat[up], flat, cmap="Greys", norm=PowerNorm(0.4, vmin=0), rasterized=True
    )
    units = next((n for n in run.units if "particles" in run.lagrangian(n)), None)
    if units is not None:
        _units(run, panel, units, k, across, up)
    panel.set(xlabel=f"${symbol(across)}$", ylabel=f"${symbol(up)}$")
    panel.set(xlim=_limits(run, across), ylim=_limits(run, up))
    since = run.health.get("resolution_time")
    if since is not None and float(run.mu["time"][k]) >= since:
        style.mark_unresolved(panel)
    return image


def _units(run, panel, units: int, k: int, across: str, up: str) -> None:
    order = run.parameters
    cloud = run.lagrangian(units)["particles"][k].values[0]
    panel.plot(
        cloud[:, order.index(across)],
        cloud[:, order.index(up)],
        ".",
        color=style.ACCENT,
        ms=3.5,
        mew=0,
        alpha=0.9,
        label=f"units, $n = {units}$",
    )


def _limits(run, name: str) -> tuple[float, float]:
    """Where all but a little of the marginal lies, over all stored times."""
    marginals = run.eulerian[f"marginal_{name}"].sel(time=run.mu["time"]).values
    visible = np.flatnonzero((marginals > 1e-4 * marginals.max(axis=1, keepdims=True)).any(axis=0))
    centres = run.eulerian[name].values
    return float(centres[visible[0]]), float(centres[visible[-1]])
