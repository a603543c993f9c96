"""The figures: the roofline of the transport stage, how times grow, and time to accuracy."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.machine import Machine
from benchmarks.ours import style
from benchmarks.roofline import work_per_cell
from benchmarks.rows import Part

#: labels of the panels of scaling
PANELS = {"cells": "cells (transport stage)", "data": "data L (potential)", "units": "units n (gradients)"}
MARKERS = "osD^vPX*"


def draw_roofline(machine: Machine, part: Part, path: Path) -> None:
    """Operations per second against operations per byte: both precisions, every mesh, and the peers on the
    mesh of the claim.

    Peers stand further left: they do without the guards, see `roofline`.
    """
    with style.paper():
        figure, axes = style.figure(1, 2, 3.0, sharey=True)
        for panel, precision in zip(axes[0], ("float32", "float64"), strict=True):
            _roof(panel, machine, precision)
            # what two meshes reach may coincide, so mfpde has an open marker for each
            limits = [limit for limit in part.numbers["limits"] if limit["precision"] == precision]
            for k, limit in enumerate(limits):
                x = limit["operations_per_cell"] / limit["bytes_per_cell"]
                look: dict[str, Any] = {"color": style.DENSITY, "mfc": "none", "ms": 6, "zorder": 3}
                panel.plot(
                    x,
                    limit["operations_per_second"] / 1e9,
                    MARKERS[k],
                    label=f"mfpde, {limit['mesh']}",
                    **look,
                )
                plain = work_per_cell(limit["axes"], precision, guards=False)
                peers = [
                    r
                    for r in part.rows
                    if r.case == limit["mesh"]
                    and r.precision == precision
                    and r.rate
                    and not r.who.startswith("mfpde")
                ]
                for number, row in enumerate(peers if k == 0 else []):
                    x, y = plain.operations / plain.bytes, row.rate * plain.operations / 1e9
                    panel.plot(x, y, "_", color=style.PALETTE[number % 6], ms=11, mew=2, label=row.who)
            panel.set(xscale="log", yscale="log", xlabel="operations per byte", title=precision)
        axes[0, 0].set_ylabel("Gop/s")
        _legend(figure, axes[0], 4)
        figure.savefig(path)


def _roof(panel: Axes, machine: Machine, precision: str) -> None:
    """The copy bandwidth, and the peaks of multiply-adds and of minima, maxima and additions."""
    intensity = np.geomspace(0.5, 100, 200)
    slope = intensity * machine.copy["field"] / 1e9
    for peak, label, line in (
        (2 * machine.fma[precision], "multiply-adds", "-"),
        (machine.minmax[precision], "min, max, add", "--"),
    ):
        panel.plot(intensity, np.minimum(slope, peak / 1e9), line, color=style.DATA, zorder=1)
        panel.annotate(
            f"{label} {peak / 1e9:.0f} Gop/s",
            (100, peak / 1e9),
            ha="right",
            va="bottom",
            fontsize=7,
            color="#555555",
        )
    panel.annotate(
        f"copy {machine.copy['field'] / 1e9:.0f} GB/s",
        (0.9, 0.75 * machine.copy["field"] / 1e9),
        fontsize=7,
        color="#555555",
        va="top",
    )


def _legend(figure: Figure, panels: Iterable[Axes], columns: int) -> None:
    """One legend for all panels, under them."""
    named = {
        label: handle
        for panel in panels
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        list(named.values()),
        list(named),
        loc="outside lower center",
        ncol=columns,
        columnspacing=1.5,
        handlelength=1.8,
    )


def draw_scaling(parts: Sequence[Part], path: Path) -> None:
    """A panel each for cells, data and units, as far as they were measured."""
    curves = [curve for part in parts for curve in part.scaling]
    shown = [name for name in PANELS if any(curve["panel"] == name for curve in curves)]
    with style.paper():
        figure, axes = style.figure(1, len(shown), 2.9)
        colours = {
            who: colour
            for who, colour in zip(
                dict.fromkeys(c["who"] for c in curves), (style.DENSITY, *style.PALETTE), strict=False
            )
        }
        for name, panel in zip(shown, axes[0], strict=True):
            for curve in (c for c in curves if c["panel"] == name):
                panel.plot(
                    curve["x"],
                    [1e3 * y for y in curve["y"]],
                    "o-",
                    ms=3.5,
                    color=colours[curve["who"]],
                    label=curve["who"],
                )
            own = next(c for c in curves if c["panel"] == name and c["who"] == "mfpde")
            xs = np.array(own["x"], dtype=float)
            panel.plot(
                xs, 1e3 * own["y"][-1] * xs / xs[-1], ":", color=style.DATA, lw=1, label="proportional"
            )
            panel.set(xscale="log", yscale="log", xlabel=PANELS[name])
        axes[0, 0].set_ylabel("time in ms")
        _legend(figure, axes[0], 5)
        figure.savefig(path)


def draw_accuracy(part: Part, path: Path) -> None:
    """Error against time; down and left is better."""
    with style.paper():
        figure, axes = style.figure(1, 1, 3.2)
        figure.set_figwidth(5.2)
        panel = axes[0, 0]
        curves: list[dict[str, Any]] = part.numbers["curves"]
        for number, (curve, colour, marker) in enumerate(
            zip(curves, (style.DENSITY, *style.PALETTE), MARKERS, strict=False)
        ):
            panel.plot(
                curve["seconds"], curve["errors"], f"{marker}-", ms=4, color=colour, label=curve["who"]
            )
            for which in (0, -1):
                spot = (curve["seconds"][which], curve["errors"][which])
                panel.annotate(
                    curve["levels"][which],
                    spot,
                    xytext=(4, (4, 4, -10)[number % 3]),
                    textcoords="offset points",
                    fontsize=6.5,
                    color=colour,
                )
        panel.axhline(
            part.numbers["doubt"],
            color=style.DATA,
            ls=":",
            lw=1,
            label="the reference, against half its nodes",
        )
        panel.set(
            xscale="log",
            yscale="log",
            xlabel="seconds",
            ylabel=rf"$\|f - f_\mathrm{{ref}}\|$ at $t = {part.numbers['until']:g}$",
        )
        figure.legend(loc="outside lower center", ncol=2)
        figure.savefig(path)
