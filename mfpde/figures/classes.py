"""The classes that were learnt, at chosen times: how probable the mean field finds each."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mfpde.analysis.statistics import evenly
from mfpde.figures import class_panels, needs, style
from mfpde.results.run import Run

NEEDS = "classes"


def lacks(run: Run) -> str:
    """What the run lacks of what is shown."""
    return needs.classes(run)


def draw(run: Run) -> Figure | None:
    """One panel per time; see `panel`."""
    if lacks(run):
        return None
    stored = np.isin(run.times, run.mu["time"].values) if run.has_density else np.ones(len(run.times), bool)
    places = np.flatnonzero(stored)
    shown = places[evenly(len(places), 3)]
    figure, axes = style.figure(1, len(shown), 2.7, sharex=True, sharey=True)
    images = [panel(run, place, int(k)) for place, k in zip(axes[0], shown, strict=True)]
    for place, k in zip(axes[0], shown, strict=True):
        place.set_title(f"$t = {run.times[k]:g}$")
    if images[-1] is not None:
        class_panels.bar(run, figure, images[-1], axes[0])
    style.legend_below(figure, axes[0, 0])
    return figure


def panel(run: Run, place: Axes, k: int):
    """What is learnt at output k: over one input the probability of +1, or of every class; over two the
    plane; of more by how much the true class leads. Gives what a bar of colours explains, if anything.
    """
    shapes = {1: class_panels.line, 2: class_panels.plane}
    return shapes.get(run.data.sizes["input"], class_panels.leads)(run, place, k)
