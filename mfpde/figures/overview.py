"""The run at a glance: what was learnt, where the units are, how the gap falls with the width."""

from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import density, function, gap_by_width, needs, style

NEEDS = "data and two widths"


def lacks(run) -> str:
    """What the run lacks of what is shown."""
    return needs.lacking(run, needs.data_points, needs.plane, needs.two_widths)


def draw(run) -> Figure | None:
    """Three panels at the last time, for data, at least two parameters and two widths."""
    if lacks(run):
        return None
    figure, axes = style.figure(1, 3, 2.8)
    learnt, cloud, gap = axes[0]
    function.panel(run, learnt, len(run.times) - 1)
    learnt.set_aspect("auto")  # to be as high as its neighbours
    density.plane(run, cloud, run.eulerian.sizes["fields_time"] - 1)
    gap_by_width.curves(run, gap, evenly(len(run.times), 3))
    learnt_as = "$f$" if function.is_curve(run) else "$f$ against $f^*$"
    titles = (
        f"(a) {learnt_as} at $t = {run.times[-1]:g}$",
        r"(b) $\mu_t$ and units",
        "(c) distance from the limit",
    )
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, loc="left")
    style.legend_below(figure, learnt, cloud)
    return figure
