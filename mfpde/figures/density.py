"""The density over two parameters, with the units of one network on it, at several times."""

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from mfpde.figures import style
from mfpde.figures.marginals import symbol


def draw(run) -> Figure | None:
    """Columns: times. The last parameter across and the first up, the others integrated out."""
    if not run.has_density or len(_names(run)) < 2:
        return None
    times = run.mu["time"].values
    shown = style.some(times, 4)
    figure, axes = style.figure(1, len(shown), 2.2, sharex=True, sharey=True)
    for panel, k in zip(axes[0], shown, strict=True):
        image = plane(run, panel, k)
        panel.set_title(f"$t = {times[k]:g}$")
    for panel in axes[0, 1:]:
        panel.set_ylabel("")
    bar = figure.colorbar(image, ax=axes[0], label=r"$\mu_t$ (scaled per panel)", ticks=[])
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
    cell = np.prod([float(mu[name][1] - mu[name][0]) for name in others])
    flat = (mu.sum(others) * cell).transpose(up, across)
    image = panel.pcolormesh(flat[across], flat[up], flat, cmap="Greys", norm=PowerNorm(0.4, vmin=0), rasterized=True)
    units = next((n for n in run.units if "particles" in run.lagrangian(n)), None)
    if units is not None:
        _units(run, panel, units, k, across, up)
    panel.set(xlabel=f"${symbol(across)}$", ylabel=f"${symbol(up)}$")
    _zoom(panel, flat, across, up)
    return image


def _units(run, panel, units: int, k: int, across: str, up: str) -> None:
    order = run.parameters
    cloud = run.lagrangian(units)["particles"][k].values[0]
    panel.plot(
        cloud[:, order.index(across)], cloud[:, order.index(up)], ".", color=style.ACCENT, ms=2.5, mew=0, alpha=0.8, label=f"units, $n = {units}$"
    )


def _zoom(panel, plane, across: str, up: str) -> None:
    for name, set_limits in ((across, panel.set_xlim), (up, panel.set_ylim)):
        other = up if name == across else across
        marginal = plane.sum(other)
        visible = np.flatnonzero(marginal > 1e-3 * marginal.max())
        low, high = float(plane[name][visible[0]]), float(plane[name][visible[-1]])
        current = panel.get_xlim() if name == across else panel.get_ylim()
        # panels share their axes: the widest view wins
        if getattr(panel.figure, f"_zoomed_{name}", False):
            low, high = min(low, current[0]), max(high, current[1])
        setattr(panel.figure, f"_zoomed_{name}", True)
        set_limits(low, high)
