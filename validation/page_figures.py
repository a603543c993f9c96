"""Figures of docs/validation.md: errors of all claims, and orders where the density gathers in a point."""

import numpy as np

from mfpde.figures import style
from validation.claim import Outcome


def draw_orders(outcomes: list[Outcome]):
    """Errors against cells or steps, one panel for each row of the table."""
    rows = sorted({o.claim.row for o in outcomes}, key=lambda r: int(r[1:]))
    columns = 4
    height = -(-len(rows) // columns)
    figure, axes = style.figure(height, columns, 1.75 * height)
    for panel, row in zip(axes.ravel(), rows, strict=False):
        mine = [o for o in outcomes if o.claim.row == row]
        for colour, o in zip(style.PALETTE * 2, mine, strict=False):
            values, found = _points(o)
            panel.loglog(values, found, "o-", ms=3, lw=1, color=colour)
            _guide(panel, values, found, 2 if o.claim.order[0] > 1.5 else 1)
        panel.set_title(
            f"{row}: {', '.join(dict.fromkeys(o.claim.quantity for o in mine))}", loc="left", fontsize=8
        )
        _ticks(panel, mine)
    for panel in axes.ravel()[len(rows) :]:
        panel.remove()
    return figure


def _ticks(panel, outcomes: list[Outcome]) -> None:
    values = sorted({v for o in outcomes for v in _points(o)[0]})
    cells = outcomes[0].claim.refine == "cells"
    # meshes of nearly the same size share a tick
    kept = [v for k, v in enumerate(values) if k == 0 or v > 1.2 * values[k - 1]]
    panel.set_xticks(kept, [f"{v:g}" if cells else f"{v:.3f}".rstrip("0") for v in kept], fontsize=7)
    panel.set_xlabel("cells" if cells else "step")
    panel.xaxis.minorticks_off()


def _points(o: Outcome) -> tuple[np.ndarray, np.ndarray]:
    levels = o.table["levels"]
    return np.array([level["value"] for level in levels]), np.array(
        [level["errors"][o.claim.quantity] for level in levels]
    )


def _guide(panel, values: np.ndarray, found: np.ndarray, order: int) -> None:
    """A dashed line of the claimed order through the finest error."""
    sign = -order if values[-1] > values[0] else order
    panel.loglog(values, found[-1] * (values / values[-1]) ** sign, "--", lw=0.7, color=style.DATA)


def draw_concentration(outcomes: list[Outcome]):
    """Errors of densities that are resolved, that gather in less than a cell, and on stretched meshes."""
    figure, axes = style.figure(1, 2, 2.6)
    shown = [
        ("V1", "slopes mc", "resolved, t = 1"),
        ("V2", "narrower than a cell", "concentrated, t = 6"),
        ("V3", "sinh mesh", "stretched mesh, t = 6"),
    ]
    tanh = [("V19", what, what) for what in ("t = 2", "t = 10", "t = 40, gathered")]
    titles = ("(a) W1 of a normal law", "(b) f of a tanh network")
    for panel, lines, title in zip(axes[0], (shown, tanh), titles, strict=True):
        for colour, (row, what, label) in zip(style.PALETTE, lines, strict=False):
            for o in outcomes:
                if (o.claim.row, o.claim.what) == (row, what):
                    values, found = _points(o)
                    panel.loglog(values, found, "o-", ms=3, color=colour, label=f"{label}: {o.fitted:.2f}")
        panel.set_title(title, loc="left")
        _ticks(panel, [o for o in outcomes if (o.claim.row, o.claim.what) in [line[:2] for line in lines]])
        panel.legend(title="fitted order", fontsize=7, title_fontsize=7)
    axes[0, 0].set_ylabel("error")
    return figure
