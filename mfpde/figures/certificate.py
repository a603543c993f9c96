"""How far from the best measure: E - E*, the certified gap, and t (E - E*), on logarithmic axes."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.certificate import certified
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
    """Left: the gap (dashed) and E minus the best lower bound of E* that the run has proven (solid). Right:
    that times t.
    """
    bounds = certified(run)
    if bounds is None or lacks(run):
        return None
    figure, axes = style.figure(1, 2, 2.9)
    times = run.times
    for curve in _curves(run):
        excess = curve.energy - bounds.best
        _line(axes[0, 0], times, excess, color=curve.colour, label=curve.label)
        _line(axes[0, 0], times, curve.gap, color=curve.colour, ls="--", lw=1.0)
        _line(axes[0, 1], times, times * excess, color=curve.colour)
    word = "proven" if bounds.is_proven else "estimated"
    axes[0, 0].plot([], [], color=style.DATA, ls="--", lw=1.0, label=f"gap at $t$, {word}")
    axes[0, 0].set_ylabel(r"at most this above $E^*$")
    axes[0, 1].set_ylabel(r"$t\,(E-E^*)$, at most")
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
