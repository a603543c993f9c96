"""How far from the best measure: E - E*, the certified gap, and t (E - E*), on logarithmic axes.

E* is the optimum itself where that is found at once, else the best lower bound that the run has proven.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.certificate import certified
from mfpde.analysis.excess import known_optimum
from mfpde.figures import needs, style
from mfpde.results.run import Run

NEEDS = "certificates"
#: excesses below this share of the largest are rounding
SMALLEST = 1e-15


class _Curve(NamedTuple):
    label: str
    colour: object
    energy: np.ndarray
    gap: np.ndarray


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    if certified(run) is None:
        return needs.network(run) or "certified gaps, which this file does not hold"
    return needs.density_or_networks(run)


def draw(run: Run) -> Figure | None:
    """Left: E - E* (solid) and the gap (dashed). Right: t (E - E*)."""
    bounds = certified(run)
    if bounds is None or lacks(run):
        return None
    figure, axes = style.figure(1, 2, 2.9)
    times, optimum = run.times, known_optimum(run)
    least = bounds.best if optimum is None else optimum.energy
    at_most = ", at most" if optimum is None else ""
    for curve in _curves(run):
        excess = curve.energy - least
        _line(axes[0, 0], times, excess, color=curve.colour, label=curve.label)
        _line(axes[0, 0], times, curve.gap, color=curve.colour, ls="--", lw=1.0)
        _line(axes[0, 1], times, times * excess, color=curve.colour)
    word = "proven" if bounds.is_proven else "estimated"
    axes[0, 0].plot([], [], color=style.DATA, ls="--", lw=1.0, label=f"gap at $t$, {word}")
    axes[0, 0].set_ylabel(rf"$E-E^*${at_most}, and certified gap")
    axes[0, 1].set_ylabel(rf"$t\,(E-E^*)${at_most}")
    for panel in axes[0]:
        panel.set(xscale="log", yscale="log", xlabel="time $t$")
        panel.grid(True, which="major", lw=0.3, color="0.9")
    style.legend_below(figure, axes[0, 0])
    return figure


def _curves(run: Run) -> list[_Curve]:
    colours, found = style.width_colours(run.units), []
    for units in run.units:
        networks = run.lagrangian(units)
        if "gap" in networks:
            replicate = f"replicate_{units}"
            energy, gap = (networks[name].mean(replicate).values for name in ("energy", "gap"))
            found.append(_Curve(f"$n = {units}$", colours[units], energy, gap))
    if run.has_density and "gap" in run.eulerian and not run.case["dynamics"].get("diffusion"):
        values = run.eulerian
        label = r"$\mu_t$ ($n=\infty$)"
        found.append(_Curve(label, style.DENSITY, values["energy"].values, values["gap"].values))
    return found


def _line(panel: Axes, times: np.ndarray, values: np.ndarray, **options) -> None:
    """A curve where time and value can be shown on logarithmic axes."""
    shown = (times > 0) & (values > SMALLEST * np.nanmax(np.abs(values)))
    panel.plot(times[shown], values[shown], **options)
