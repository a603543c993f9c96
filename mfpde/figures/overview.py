"""The run at a glance: what was learnt, where the units are, how the gap falls with the width."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import classes, density, function, gap_by_width, needs, style
from mfpde.results.run import Run

NEEDS = "data and two widths"


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    return needs.lacking(run, needs.data_points, needs.plane, needs.two_widths)


def draw(run: Run) -> Figure | None:
    """Three panels at the last time, for data, at least two parameters and two widths."""
    if lacks(run):
        return None
    figure, axes = style.figure(1, 3, 2.8)
    learnt, cloud, gap = axes[0]
    learnt_as = _learnt(run, learnt)
    learnt.set_aspect("auto")  # to be as high as its neighbours
    density.plane(run, cloud, run.eulerian.sizes["fields_time"] - 1)
    gap_by_width.curves(run, gap, evenly(len(run.times), 3))
    titles = (
        f"(a) {learnt_as} at $t = {run.times[-1]:g}$",
        r"(b) $\mu_t$ and units",
        "(c) distance from the limit",
    )
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, loc="left")
    style.legend_below(figure, learnt, cloud)
    return figure


def _learnt(run: Run, place: Axes) -> str:
    """Draw what is learnt at the last time; gives its title. Of several outputs it is the first."""
    if run.learns_classes:
        classes.panel(run, place, len(run.times) - 1)
        return "classes"
    function.panel(run, place, len(run.times) - 1)
    first = "_1" if function.outputs_of(run) > 1 else ""
    return f"$f{first}$" if function.is_curve(run) else f"$f{first}$ against $f^*{first}$"
