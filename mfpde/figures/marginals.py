"""Marginals of the density with histograms of the units over them, at several times."""

import numpy as np
from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import needs, style
from mfpde.measures.axis import Axis
from mfpde.metrics.resolution import MIN_CELLS, narrowest_blob

NEEDS = "a density"
COVERED = 1e-3  #: marginals are shown where all but this much of the mass lies


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.density(run)


def draw(run) -> Figure | None:
    """Rows: parameters; columns: times. Histograms pool the stored replicates of the widest networks."""
    if lacks(run):
        return None
    density = run.eulerian
    names = [
        name.removeprefix("marginal_") for name in map(str, density.data_vars) if name.startswith("marginal_")
    ]
    names = [name for name in run.parameters if name in names]
    times = density["fields_time"].values
    shown = evenly(len(times), 4)
    figure, axes = style.figure(len(names), len(shown), 0.6 + 1.35 * len(names), sharex="row")
    units = next((n for n in reversed(run.units) if "particles" in run.lagrangian(n)), None)
    for row, name in zip(axes, names, strict=True):
        bounds = run.tree[f"{name}_bounds"].values
        axis = Axis(name, np.append(bounds[:, 0], bounds[-1, 1]), periodic=f"wall_mass_{name}" not in density)
        marginals = density[f"marginal_{name}"].sel(time=times)
        visible = np.flatnonzero(marginals.max("time") > COVERED * marginals.max())
        window = density[name].values[[visible[0], visible[-1]]]
        for panel, k in zip(row, shown, strict=True):
            if units is not None:
                histogram(run, panel, units, name, k, window)
            panel.plot(density[name], marginals[k], color=style.DENSITY, lw=1.1, label=r"$\mu_t$")
            panel.set_xlim(*window)
            panel.set_ylim(bottom=0, top=1.15 * panel.get_ylim()[1])
            if narrowest_blob(axis, marginals[k].values) < MIN_CELLS:
                style.mark_unresolved(panel)
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
            panel.set_xlabel(f"${symbol(name)}$")
    for panel, k in zip(axes[0], shown, strict=True):
        panel.set_title(f"$t = {times[k]:g}$")
    style.legend_below(figure, axes[0, 0])
    return figure


def histogram(
    run, panel, units: int, name: str, k: int, window: np.ndarray, shift: np.ndarray | float = 0.0
) -> None:
    """Units of the stored networks of one width at stored time k, in 60 bins, moved by `shift`."""
    networks = run.lagrangian(units)
    component = run.parameters.index(name)
    values = (networks["particles"][k].values[..., component] + np.reshape(shift, (-1, 1))).ravel()
    weights = networks["weights"][k].values.ravel() / len(networks["weights"][k])
    bins = np.linspace(window[0], window[1], 61)
    label = f"units of {len(networks['weights'][k])} networks, $n={units}$"
    panel.hist(
        values,
        bins=bins,
        weights=weights / (bins[1] - bins[0]),
        color=style.width_colours(run.units)[units],
        alpha=0.45,
        label=label,
        histtype="stepfilled",
    )


def symbol(name: str) -> str:
    """A parameter's name as mathematics: w1 is w with index 1."""
    return f"{name[0]}_{{{name[1:]}}}" if len(name) > 1 else name
