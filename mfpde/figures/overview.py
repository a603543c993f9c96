"""The run at a glance: what was learnt, where the units are, how the gap falls with the width."""

from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import density, function, gap_by_width, style


def draw(run) -> Figure | None:
    """Three panels at the last time, for one input, at least two parameters and two widths."""
    enough = run.has_density and run.has_data and run.data.sizes["input"] == 1 and len(run.units) > 1 and run.eulerian["mu"].ndim > 2
    if not enough:
        return None
    figure, axes = style.figure(1, 3, 2.8)
    learnt, cloud, gap = axes[0]
    function.curve(run, learnt, len(run.times) - 1)
    density.plane(run, cloud, run.eulerian.sizes["fields_time"] - 1)
    gap_by_width.curves(run, gap, evenly(len(run.times), 3))
    titles = (f"(a) $f$ at $t = {run.times[-1]:g}$", r"(b) $\mu_t$ and units", "(c) distance from the limit")
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, loc="left")
    style.legend_below(figure, learnt, cloud)
    return figure
