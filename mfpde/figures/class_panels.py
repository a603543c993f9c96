"""Panels of the classes that were learnt: over one input, on the plane of two, and of any number."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from scipy.interpolate import griddata
from scipy.spatial import QhullError

from mfpde.analysis.anywhere import function_at
from mfpde.figures import style
from mfpde.figures.function import axis_label, mean_field_at
from mfpde.models.classes import margins, probabilities
from mfpde.results.predictions import by_output
from mfpde.results.run import Run

#: points along the edges of the grid on which f of the density is drawn, and what it leaves around the data
FINE, MARGIN = 101, 0.08
#: probabilities between which colours change
LEVELS = (0, 0.05, 0.1, 0.25, 0.4, 0.6, 0.75, 0.9, 0.95, 1)
BINS = 24
#: heights of the marks of data of two classes, and of the first of more
BELOW, ABOVE = -0.06, 1.06


def names(run: Run) -> list[str]:
    """Of the classes, as figures show them: of -1 and +1, or of every output."""
    if run.classes == ["-1", "1"]:
        return ["$-1$", "$+1$"]
    called = run.classes or [str(k + 1) for k in range(run.data.sizes.get("output", 2))]
    # a number alone says little; legends leave out what begins with an underscore
    return [
        (f"class {name}" if name.isdigit() or name[:1] == "_" else name).replace("$", r"\$")
        for name in called
    ]


def truth(run: Run) -> np.ndarray:
    """The class of every datum, by its place among the names."""
    targets = run.data["targets"].values
    return targets.argmax(axis=0) if targets.ndim == 2 else (targets > 0).astype(int)


def told(f: np.ndarray) -> dict[int, np.ndarray]:
    """Probabilities (..., points) by class, of +1 alone where one output tells two, from f (..., outputs,
    points).
    """
    found = probabilities(f)
    return {1: found[..., 0, :]} if found.shape[-2] == 1 else dict(enumerate(np.moveaxis(found, -2, 0)))


def known(run: Run, k: int) -> np.ndarray:
    """f of the mean field at the data (outputs, L) at output k, else that of one of the widest networks."""
    limit = mean_field_at(run, k)
    return by_output(run.lagrangian(run.units[-1]))[k, 0] if limit is None else limit


def line(run: Run, place: Axes, k: int) -> None:
    """Probabilities over the one input: of the mean field, and the range of the narrowest networks; marks of
    the data above and below, or all above where every class has an output.
    """
    x, called = run.data["inputs"].values[:, 0], names(run)
    colours, order = style.class_colours(len(called)), np.argsort(x, kind="stable")
    if run.units:
        every = told(by_output(run.lagrangian(run.units[0]))[k])
        of_one = style.ACCENT if len(every) == 1 else ""
        for c, p in every.items():
            low, high = p.min(axis=0)[order], p.max(axis=0)[order]
            place.fill_between(x[order], low, high, color=of_one or colours[c], alpha=0.3, lw=0)
        label = f"$n = {run.units[0]}$, range of {len(every[1])}"
        place.fill([], [], color=of_one or style.DATA, alpha=0.3, lw=0, label=label)
    if (limit := mean_field_at(run, k)) is not None:
        every = told(limit)
        for c, p in every.items():
            place.plot(x[order], p[order], color=style.DENSITY if len(every) == 1 else colours[c], lw=1.2)
        place.plot([], [], color=style.DENSITY, lw=1.2, label=r"mean field $\mu_t$")
    _marks(run, place, x, colours)
    place.set_xlabel(axis_label(run, "x"))
    if style.is_first_column(place):
        place.set_ylabel("probability" if run.data["targets"].ndim == 2 else f"probability of {called[1]}")


def _marks(run: Run, place: Axes, x: np.ndarray, colours: list[str]) -> None:
    one_output, classes = run.data["targets"].ndim == 1, truth(run)
    for c, name in enumerate(names(run)):
        here = x[classes == c]
        height = (BELOW, ABOVE)[c] if one_output else ABOVE + c * (ABOVE - 1)
        place.plot(here, np.full(len(here), height), "|", color=colours[c], ms=5, mew=0.7, label=name)


def plane(run: Run, place: Axes, k: int):
    """What the mean field tells on the plane of two inputs, and the data by their class: the probability of
    +1 with a line where it is 1/2, or where every class is the most probable.
    """
    x, classes, called, image = run.data["inputs"].values, truth(run), names(run), None
    colours = style.class_colours(len(called))
    grid, f = _on_plane(run, k)
    if len(f) == 1:
        p, colour_map = told(f)[1].reshape(FINE, FINE), style.between(colours[0], colours[1])
        image = place.contourf(*grid, p, levels=LEVELS, cmap=colour_map)
        if np.nanmin(p) < 0.49 and np.nanmax(p) > 0.51:  # else the line would follow rounding
            place.contour(*grid, p, levels=[0.5], colors=style.DENSITY, linewidths=1)
    else:
        for c, colour in enumerate(colours):
            lead = (f[c] - np.delete(f, c, axis=0).max(axis=0)).reshape(FINE, FINE)
            if (most := np.nanmax(lead)) > 0:
                place.contourf(*grid, lead, levels=[0, most], colors=[style.light(colour)])
    for c, name in enumerate(called):
        look = {"color": colours[c], "marker": style.MARKERS[c % len(style.MARKERS)], "ls": ""}
        place.plot(*x[classes == c].T, **look, ms=3.5, mec="white", mew=0.4, label=name)
    place.set_xlabel(axis_label(run, "x"))
    if style.is_first_column(place):
        place.set_ylabel(axis_label(run, "x", 1))
    return image


def _on_plane(run: Run, k: int) -> tuple[Sequence[np.ndarray], np.ndarray]:
    """A grid around the data, and f on it (outputs, FINE^2): of the density if it is stored at output k,
    else from the data, linear between them.
    """
    x = run.data["inputs"].values
    low, high = x.min(axis=0), x.max(axis=0)
    margin = np.where(high > low, MARGIN * (high - low), 1.0)  # a constant input has no width
    edges = np.linspace(low - margin, high + margin, FINE)
    grid = np.meshgrid(*edges.T)
    points = np.stack(grid, axis=-1).reshape(-1, 2)
    stored: Sequence[int] | np.ndarray = (
        np.flatnonzero(run.mu["time"].values == run.times[k]) if run.has_density else []
    )
    return grid, (
        function_at(run, points, int(stored[0])) if len(stored) else _between(x, known(run, k), points)
    )


def _between(x: np.ndarray, f: np.ndarray, points: np.ndarray) -> np.ndarray:
    """f (outputs, n) at points (n, 2) between data; NaN outside of them."""
    try:
        return griddata(x, f.T, points).T
    except QhullError:  # all data on a line
        return griddata(x, f.T, points, method="nearest").T


def leads(run: Run, place: Axes, k: int) -> None:
    """Histograms over the data of each class of what the true class leads by."""
    classes, called = truth(run), names(run)
    lead = margins(known(run, k), np.atleast_2d(run.data["targets"].values))
    edges = np.linspace(min(lead.min(), 0), max(lead.max(), 0), BINS + 1).tolist()
    for c, (name, colour) in enumerate(zip(called, style.class_colours(len(called)), strict=True)):
        fill = (*to_rgb(colour), 0.3)
        place.hist(lead[classes == c], edges, histtype="stepfilled", fc=fill, ec=colour, label=name)
    place.axvline(0, color=style.DENSITY, lw=0.8, ls="--")
    place.set_xlabel("lead of the true class")
    if style.is_first_column(place):
        place.set_ylabel("number of data")


def bar(run: Run, figure: Figure, image, panels) -> None:
    """The colours of probabilities."""
    made = figure.colorbar(image, ax=panels, label=f"probability of {names(run)[1]}")
    made.outline.set_visible(False)
