"""Sparse spikes: the observed ones, trails and masses of the particles, the density, and how far all are from
the optimum.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from mfpde.figures import needs, style
from mfpde.figures.marginals import symbol

NEEDS = "spikes"
#: points across of a spike of the largest mass, and of those in the legend
LARGEST, SHOWN = 12.0, 3.0
#: of the largest mass at the end, below which a particle's is not drawn
FAINT = 1e-6


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    if run.case["model"]["kind"] != "spikes":
        return "spikes that are observed, and this run has none (model.kind)"
    few = "" if len(run.parameters) <= 2 else f"one parameter or two, and this run has {len(run.parameters)}"
    return few or needs.density_or_networks(run)


def draw(run) -> Figure | None:
    """Left the places, right the certified gap in time."""
    if lacks(run):
        return None
    figure, axes = style.figure(1, 2, 3.3, width_ratios=[1.1, 1])
    places, gaps = axes[0]
    observed = run.case["model"]["observed"]
    at = np.array([np.atleast_1d(spike["at"]) for spike in observed], dtype=float).T
    masses = np.array([spike["mass"] for spike in observed])
    plane = len(run.parameters) == 2
    if run.has_density:
        (_plane if plane else _line)(run, places)
    units = next((n for n in reversed(run.units) if "particles" in run.lagrangian(n)), None)
    if units is not None:
        _trails(run, places, units, masses.max(), plane)
    x, y = (at[0], at[1]) if plane else (at[0], np.full(len(masses), run.times[-1]))
    ring = {"mec": style.PALETTE[0], "mfc": "none", "mew": 1.3}
    for across, up, mass in zip(x, y, masses, strict=True):
        size = LARGEST * np.sqrt(mass / masses.max())
        places.plot(across, up, "o", ms=size, **ring, zorder=4, clip_on=False)
    places.plot([], [], "o", ms=SHOWN, **ring, label="observed spikes")
    places.set_xlabel(f"${symbol(run.parameters[0])}$")
    places.set_ylabel(f"${symbol(run.parameters[1])}$" if plane else "time $t$")
    if not plane:
        places.set_ylim(0, run.times[-1])
    _gaps(run, gaps)
    style.legend_below(figure, places, gaps)
    return figure


def _plane(run, panel: Axes) -> None:
    across, up = run.parameters
    mu = run.mu[-1].transpose(up, across)
    panel.pcolormesh(mu[across], mu[up], mu, cmap="Greys", norm=PowerNorm(0.4, vmin=0), rasterized=True)


def _line(run, panel: Axes) -> None:
    (name,) = run.parameters
    marginal = run.marginal(name)
    panel.pcolormesh(
        marginal[name],
        marginal["time"],
        marginal.transpose("time", name),
        cmap="Greys",
        norm=PowerNorm(0.4, vmin=0),
        rasterized=True,
    )


def _trails(run, panel: Axes, units: int, largest: float, plane: bool) -> None:
    """Paths of the particles of the first network, and their masses at the end."""
    networks = run.lagrangian(units)
    snapshot = networks.isel({f"snapshot_{units}": 0})
    theta, times = snapshot["particles"].values, snapshot["fields_time"].values
    mass = networks["mass"].isel({f"replicate_{units}": 0}).values[-1]
    masses = mass * snapshot["weights"].values[-1]
    names = [str(name) for name in run.parameters]
    rows = [_unbroken(run, name, theta[:, :, k]) for k, name in enumerate(names)]
    broken = np.any([np.isnan(row) for row in rows], axis=0)
    x = np.where(broken, np.nan, rows[0])
    between = np.insert(times, slice(1, None), (times[1:] + times[:-1]) / 2)
    y = np.where(broken, np.nan, rows[1]) if plane else np.tile(between[:, None], x.shape[1])
    panel.plot(x, y, color=style.ACCENT, lw=0.5, alpha=0.5)
    seen = masses > FAINT * masses.max()
    at_end = theta[-1, seen, 0], theta[-1, seen, 1] if plane else np.full(seen.sum(), times[-1])
    sizes = LARGEST**2 * masses[seen] / largest
    panel.scatter(*at_end, s=sizes, color=style.ACCENT, lw=0, alpha=0.8, zorder=3, clip_on=False)
    panel.plot([], [], "o", ms=SHOWN, color=style.ACCENT, label=f"particles, $n = {units}$")


def _unbroken(run, name: str, values: np.ndarray) -> np.ndarray:
    """Paths (2 times - 1, units) with NaN between two times where they cross the end of a circle."""
    path = np.repeat(values, 2, axis=0)[:-1]
    table = run.case["parameters"][name]
    path[1::2] = (values[1:] + values[:-1]) / 2
    if table["periodic"]:
        length = table["domain"][1] - table["domain"][0]
        path[1::2][np.abs(np.diff(values, axis=0)) > length / 2] = np.nan
    return path


def _gaps(run, panel: Axes) -> None:
    """The certified gaps of all widths and of the density; bands hold all replicates."""
    colours = style.width_colours(run.units)
    for units in run.units:
        gap = run.lagrangian(units)["gap"]
        replicate = f"replicate_{units}"
        panel.plot(gap["time"], gap.median(replicate), color=colours[units], label=f"gap, $n = {units}$")
        if gap.sizes[replicate] > 1:
            ends = gap.min(replicate), gap.max(replicate)
            panel.fill_between(gap["time"], *ends, color=colours[units], alpha=0.2, lw=0)
    if run.has_density:
        gap = run.eulerian["gap"]
        panel.plot(gap["time"], gap, color=style.DENSITY, ls="--", label=r"gap of $\mu_t$")
    panel.set(xlabel="time $t$", ylabel=r"certified bound of $J - J_*$", yscale="log")
