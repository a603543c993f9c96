"""Errors against refinement, from the table of `mfpde converge`."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mfpde.arithmetic import usual_arithmetic
from mfpde.errors import InputError
from mfpde.figures import style

LABELS = {
    "cells": "cells of the longest axis",
    "dt": "time step",
    "units": "width $n$",
    "nodes": "quadrature nodes",
}


def draw_convergence(table: dict[str, Any]) -> Figure:
    """One curve per error, with a line of slope 1 and one of slope 2 (1/2 for widths) for comparison."""
    figure, axes = style.figure(1, 1, 3.2)
    figure.set_figwidth(5.2)
    panel = axes[0, 0]
    values = [level["value"] for level in table["levels"]]
    for colour, name in zip(style.time_colours(len(table["orders"])), table["orders"], strict=True):
        panel.plot(
            values,
            [level["errors"][name] for level in table["levels"]],
            "o-",
            ms=3.5,
            color=colour,
            label=name,
        )
    first = max(level["errors"][name] for level in table["levels"][:1] for name in table["orders"])
    for slope in (0.5,) if table["refined"] == "units" else (1, 2):
        sign = 1 if table["refined"] == "dt" else -1
        guide = [first * (v / values[0]) ** (sign * slope) for v in values]
        panel.plot(
            values, guide, color=style.DATA, ls="--" if slope == 1 else ":", lw=1, label=f"order {slope:g}"
        )
    panel.set(
        xscale="log",
        yscale="log",
        xlabel=LABELS[table["refined"]],
        ylabel=f"error at $t = {table['time']:g}$",
    )
    panel.set_xticks(values, [f"{v:.3g}" for v in values])
    panel.minorticks_off()
    figure.legend(loc="outside right upper")
    return figure


@usual_arithmetic
def save_convergence(table: dict[str, Any], path: Path) -> None:
    """Draw and save; the ending of the name gives the format.

    Raises:
        InputError: an unknown format, or a file that cannot be written.
    """
    with style.paper():
        try:
            draw_convergence(table).savefig(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: the figure cannot be saved: {error}") from None
