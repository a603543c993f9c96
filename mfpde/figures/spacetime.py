"""The density in time: marginals over time and parameter."""

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from mfpde.figures import needs, style
from mfpde.figures.marginals import COVERED, symbol

NEEDS = "a density"
FEWEST = 8  #: output times that make a picture


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    few = (
        ""
        if len(run.times) >= FEWEST
        else f"{FEWEST} output times, and this run has {len(run.times)} (output.every)"
    )
    return needs.lacking(run, needs.potential, needs.density) or few


def draw(run) -> Figure | None:
    """One panel per axis of a potential's density: time across, the parameter up, linear between outputs."""
    if lacks(run):
        return None
    density = run.eulerian
    names = [name for name in run.parameters if f"marginal_{name}" in density]
    figure, axes = style.figure(1, len(names), 2.7)
    figure.set_figwidth(style.WIDTH if len(names) > 1 else 4.6)
    for panel, name in zip(axes[0], names, strict=True):
        marginal = density[f"marginal_{name}"]
        # early blobs are much higher than late ones, or late ones than early ones: the power shows both
        image = panel.pcolormesh(
            marginal["time"],
            marginal[name],
            marginal.T,
            cmap="magma_r",
            norm=PowerNorm(0.5, vmin=0),
            shading="gouraud",
            rasterized=True,
        )
        visible = np.flatnonzero((marginal > COVERED * marginal.max(name)).any("time"))
        panel.set_ylim(*marginal[name].values[[visible[0], visible[-1]]])
        panel.set(xlabel="time $t$", ylabel=f"${symbol(name)}$")
        figure.colorbar(image, ax=panel, label=rf"$\mu_t({symbol(name)})$").outline.set_visible(False)
    return figure
