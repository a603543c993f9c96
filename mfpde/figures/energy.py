"""Energy and loss in time: the density and the networks of every width."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from mfpde.figures import needs, style

NEEDS = ""
#: whether it is the square -> what the loss is called
LOSSES = {True: r"loss $\|f-f^*\|^2_{\nu}$", False: r"loss $2\,\langle\ell(f,y)\rangle_{\nu}$"}


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.density_or_networks(run)


def draw(run) -> Figure | None:
    """Energy; with data the loss; with diffusion the free energy. Bands are one standard deviation over
    replicates, and of the density the bound of the mesh's error if the run has one; both are cut at 0.3 of
    the mean.
    """
    if lacks(run):
        return None
    has_free_energy = run.has_density and "free_energy" in run.eulerian
    titles = [("energy", r"energy $E$")] + (
        [("loss", LOSSES[run.case["model"].get("loss", "square") == "square"])] if run.has_function else []
    )
    titles += [("free_energy", r"free energy $E + 2\tau\int\mu\log\mu$")] if has_free_energy else []
    figure, axes = style.figure(1, len(titles), 2.7, sharex=True)
    figure.set_figwidth(style.WIDTH if len(titles) > 1 else 4.2)
    colours = style.width_colours(run.units)
    for axis, (name, label) in zip(axes[0], titles, strict=True):
        smallest = []
        for units in run.units if name != "free_energy" else []:  # units have no entropy
            values = run.lagrangian(units)[name]
            replicate = f"replicate_{units}"
            mean = values.mean(replicate)
            axis.plot(values.time, mean, color=colours[units], label=f"$n = {units}$")
            if values.sizes[replicate] > 1:
                deviation = values.std(replicate, ddof=1)
                # a band that reaches below zero would leave a logarithmic axis
                below = np.maximum(mean - deviation, 0.3 * mean)
                axis.fill_between(values.time, below, mean + deviation, color=colours[units], alpha=0.2, lw=0)
            smallest.append(float(mean.min()))
        if run.has_density:
            values = run.eulerian[name]
            axis.plot(values.time, values, color=style.DENSITY, ls="--", label=r"$\mu_t$ ($n=\infty$)")
            if name == "energy" and "grid_error_energy" in run.eulerian:  # how far the mesh may be off
                bound = np.nan_to_num(run.eulerian["grid_error_energy"].values)
                axis.fill_between(
                    values.time,
                    np.maximum(values - bound, 0.3 * values),
                    values + bound,
                    color=style.DENSITY,
                    alpha=0.15,
                    lw=0,
                )
            smallest.append(float(values.min()))
        if min(smallest) > 0:
            axis.set_yscale("log")
            low, high = axis.get_ylim()
            if high < 10 * low:  # less than a decade: plain numbers between the powers of ten
                axis.yaxis.set_major_formatter("{x:g}")
                axis.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 4, 6)))
                axis.yaxis.set_minor_formatter("{x:g}")
        axis.set(xlabel="time $t$", ylabel=label)
    style.legend_below(figure, axes[0, 0])
    return figure
