"""One look for all figures: sizes for a two-column page, colours that everyone can tell apart."""

from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure

#: Okabe & Ito's palette; the density is black, the networks go from light to dark with width
DENSITY = "#000000"
DATA = "#999999"
ACCENT = "#D55E00"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
WIDTH = 6.9  #: inches, a full page width
LETTERS = 110  #: in a row of a legend

_RC: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.4,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}


def paper():
    """The settings with which all figures are drawn and saved: matplotlib's own and ours.

    Those of the user come back after.
    """
    return matplotlib.style.context(["default", _RC])


def figure(rows: int, columns: int, height: float, **options) -> tuple[Figure, np.ndarray]:
    """A figure of full width and its axes as a 2-D array; height in inches."""
    made = Figure(figsize=(WIDTH, height), layout="constrained")
    return made, made.subplots(rows, columns, squeeze=False, **options)


def width_colours(widths: list[int]) -> dict[int, tuple]:
    """A colour for every width of the ladder."""
    shades = matplotlib.colormaps["viridis_r"](np.linspace(0.15, 0.95, max(len(widths), 2)))
    return {units: tuple(shade) for units, shade in zip(widths, shades, strict=False)}


#: of the points of classes
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def class_colours(count: int) -> list[Any]:
    """A colour for every class."""
    if count <= len(PALETTE):
        return list(PALETTE[:count])
    return list(matplotlib.colormaps["turbo"](np.linspace(0.05, 0.95, count)))


def between(first: str, second: str) -> LinearSegmentedColormap:
    """Light colours from one through white to another."""
    ends = [to_hex(light(colour, 0.7)) for colour in (first, second)]
    return LinearSegmentedColormap.from_list("between", [ends[0], "white", ends[1]])


def light(colour: str, strength: float = 0.35) -> tuple[float, float, float]:
    """A colour mixed with white, on which points in the colour itself are seen."""
    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def time_colours(count: int) -> list[tuple]:
    """Colours for times, from early to late."""
    return [tuple(c) for c in matplotlib.colormaps["plasma"](np.linspace(0.05, 0.85, max(count, 2)))][:count]


def mark_unresolved(panel: Axes) -> None:
    """Say in a panel that shows a density that the mesh does not resolve it."""
    panel.text(
        0.98,
        0.98,
        "peaks narrower\nthan 2 cells",
        transform=panel.transAxes,
        ha="right",
        va="top",
        fontsize=6,
        color=ACCENT,
    )


def legend_below(figure: Figure, *panels: Axes) -> None:
    """One legend for all panels, under them, of what these show."""
    named = {
        label: handle
        for panel in panels
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    labels, handles = list(named), list(named.values())
    rows = -(-len("".join(labels)) // LETTERS)
    if labels:
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncol=-(-len(labels) // rows),
            columnspacing=1.5,
            handlelength=1.8,
            markerscale=2,
        )


def is_first_column(place: Axes) -> bool:
    """Whether a panel is the leftmost of its row, which bears the label of the axis."""
    spec = place.get_subplotspec()
    return spec is not None and spec.is_first_col()


def is_last_row(place: Axes) -> bool:
    """Whether a panel is the lowest of its column."""
    spec = place.get_subplotspec()
    return spec is not None and spec.is_last_row()
