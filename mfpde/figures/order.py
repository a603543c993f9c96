"""The mean of every parameter in time, or |E exp(2 pi i x / length)| on circles, networks beside it."""

from matplotlib.figure import Figure

from mfpde.figures import needs, style
from mfpde.figures.marginals import symbol

NEEDS = "a potential"


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.lacking(run, needs.potential, needs.density_or_networks)


def draw(run) -> Figure | None:
    """One panel per axis of a potential; the density is dashed, bands are a standard deviation."""
    if lacks(run):
        return None
    parameters = run.case["parameters"]
    names = [name for name in run.parameters if parameters[name].get("fixed") is None]
    figure, axes = style.figure(1, len(names), 2.7)
    figure.set_figwidth(style.WIDTH if len(names) > 1 else 4.2)
    colours = style.width_colours(run.units)
    for panel, name in zip(axes[0], names, strict=True):
        on_circle = parameters[name]["periodic"]
        for units in run.units:
            values = run.lagrangian(units)["resultant" if on_circle else "mean"].isel(
                parameter=run.parameters.index(name)
            )
            replicate = f"replicate_{units}"
            centre = values.mean(replicate)
            panel.plot(values.time, centre, color=colours[units], label=f"$n = {units}$")
            if values.sizes[replicate] > 1:
                deviation = values.std(replicate, ddof=1)
                low, high = centre - deviation, centre + deviation
                if on_circle:
                    low, high = low.clip(min=0), high.clip(max=1)
                panel.fill_between(values.time, low, high, color=colours[units], alpha=0.2, lw=0)
        if run.has_density:
            series = run.resultant(name) if on_circle else run.mean(name)
            panel.plot(series.time, series, color=style.DENSITY, ls="--", label=r"$\mu_t$ ($n=\infty$)")
        panel.set(
            xlabel="time $t$",
            ylabel=f"order parameter of ${symbol(name)}$" if on_circle else f"mean of ${symbol(name)}$",
        )
        if on_circle:
            panel.set_ylim(bottom=0)
    style.legend_below(figure, axes[0, 0])
    return figure
