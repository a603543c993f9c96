"""The law at the end against the Gibbs law of its own potential, and how their distance fell.

Networks on a circle without external potential find a phase of their own; they are turned to that of the
density.
"""

import numpy as np
from matplotlib.figure import Figure

from mfpde.analysis.gibbs import gibbs_law
from mfpde.figures import needs, style
from mfpde.figures.marginals import histogram, symbol

NEEDS = "a potential and diffusion"


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    states = (
        "stationary states exp(-V/tau)/Z: dynamics.diffusion > 0, no births, no plain reaction, and"
        " mobilities above 0"
    )
    return needs.lacking(run, needs.density, needs.potential) or (
        "" if gibbs_law(run) is not None else states
    )


def draw(run) -> Figure | None:
    """One panel per axis with the final marginals, and one with the L1 distance from the Gibbs law."""
    gibbs = gibbs_law(run)
    if gibbs is None:
        return None
    mu, names = run.mu[-1], [str(name) for name in gibbs.dims]
    figure, axes = style.figure(1, len(names) + 1, 2.5)
    units = next((n for n in reversed(run.units) if "particles" in run.lagrangian(n)), None)
    for panel, name in zip(axes[0], names, strict=False):
        others = [other for other in names if other != name]
        reached, law = (run.integrate(values, *others) if others else values for values in (mu, gibbs))
        visible = np.flatnonzero(law > 1e-4 * law.max())
        window = law[name].values[[visible[0], visible[-1]]]
        if units is not None:
            histogram(run, panel, units, name, -1, window, _turn(run, units, name))
        panel.plot(reached[name], reached, color=style.DENSITY, label=rf"$\mu_t$, $t = {run.times[-1]:g}$")
        panel.plot(law[name], law, color=style.ACCENT, ls=(0, (4, 3)), label=r"Gibbs law of $V[\mu_t]$")
        panel.set(xlabel=f"${symbol(name)}$", xlim=window, yticks=[])
        panel.set_ylim(bottom=0)
        panel.spines["left"].set_visible(False)
    residual = run.eulerian["gibbs_residual"]
    last = axes[0, -1]
    last.semilogy(residual.time, residual, color=style.DENSITY)
    last.set(xlabel="time $t$", ylabel=r"$\|\mu_t - e^{-V[\mu_t]/\tau}/Z\|_{L^1}$")
    style.legend_below(figure, axes[0, 0])
    return figure


def _turn(run, units: int, name: str) -> np.ndarray | float:
    """By how much each stored network is turned towards the density.

    On circles that nothing but an interaction acts on: there any phase is as good.
    """
    if run.case["model"].get("external") is not None or not run.case["parameters"][name]["periodic"]:
        return 0.0
    low, high = run.case["parameters"][name]["domain"]
    networks = run.lagrangian(units)
    directions = (
        networks["mean"]
        .isel(time=-1, parameter=run.parameters.index(name))
        .values[: networks["particles"].shape[1]]
    )
    away = float(run.mean(name)[-1]) - directions
    return away - (high - low) * np.rint(away / (high - low))
