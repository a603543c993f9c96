"""The table of `mfpde compare --network`: a network trained elsewhere beside the run's own."""

from typing import Any

from rich.markup import escape

from mfpde.analysis.report_tables import Table
from mfpde.console import Console

LISTED = 8  #: skipped times that are named
RARE = 0.01  #: probability below which a gap is called rare; of several networks together, that any is


def spread(total: int, most: int) -> list[int]:
    """Indices of at most `most` of `total` items, even to rounding, as times of a user need not be even."""
    return sorted({round(k * (total - 1) / (most - 1)) for k in range(most)})


def print_outside(table: dict[str, Any], console: Console) -> None:
    """Energies, gaps and distances at about five times, the ladder's gaps beside them, and what they say."""
    shown = spread(len(table["times"]), 5)
    many, name = table["replicates"] > 1, escape(table["file"])
    columns = [f"t = {table['times'][k]:g}" for k in shown]
    what = (
        f"{table['replicates']} networks of {table['units']} units"
        if many
        else f"network of {table['units']} units"
    )
    title = f"{name}: {what}, scaling '{table['scaling']}'{', means over the networks' if many else ''}"
    outside, field = Table("", *columns, title=title), table["mean_field"]

    def row(label: str, values: list[float | None] | None, form: str = ".2e") -> None:
        if values is not None:
            outside.add_row(label, *("-" if values[k] is None else format(values[k], form) for k in shown))

    row("energy E", table["energy"]["mean"], ".5g")
    row(f"  of the {field['source']}", field["energy"], ".5g")
    row("loss", table["loss"]["mean"], ".5g")
    row(f"  of the {field['source']}", field["loss"], ".5g")
    row("function gap |f_n - f|²", table["function_gap"]["mean"])
    row("  predicted for random networks", table["predicted_gap"])
    if table["quantile"] is not None:
        row("  share of these with a gap as small", table["quantile"]["mean"], ".3f")
    row("  n times the gap", table["scaled_gap"]["mean"], ".3g")
    for axis, values in (table["w1"] or {}).items():
        row(f"W1({axis})", values["mean"])
    if table["sliced_w2"] is not None:
        row("sliced W2", table["sliced_w2"]["mean"])
    console.print(outside)
    if table["observed_ladder"]:
        console.print(_ladder(table, columns, shown))
    for line in remarks(table):
        console.print(line)


def _ladder(table: dict[str, Any], columns: list[str], shown: list[int]) -> Table:
    """n times the gap, which does not depend on n where fluctuations are those of the limit."""
    ladder = Table(
        "n",
        "networks",
        *columns,
        title="n times the function gap, beside the run's own networks: mean ± standard error",
    )
    entries = [
        (entry["units"], entry["replicates"], entry["function_gap"]["mean"], entry["function_gap"]["stderr"])
        for entry in table["observed_ladder"]
    ]
    for units, replicates, mean, error in entries:
        cells = [
            f"{units * mean[k]:.3g}" + (f" ± {units * error[k]:.1g}" if error[k] is not None else "")
            for k in shown
        ]
        ladder.add_row(str(units), str(replicates), *cells)
    ladder.add_row(
        str(table["units"]),
        escape(table["file"]),
        *(f"{table['scaled_gap']['mean'][k]:.3g}" for k in shown),
        style="bold",
    )
    return ladder


def remarks(table: dict[str, Any]) -> list[str]:
    """What a reader should not miss: an untypical draw, times left out, walls, the mesh's own error."""
    lines = []
    if table["quantile"] is not None:
        lines += _typical(table["quantile"]["replicates"][-1], table)
    skipped = table["skipped"]
    if skipped:
        listed = ", ".join(f"{t:g}" for t in skipped[:LISTED]) + (
            f" and {len(skipped) - LISTED} more" if len(skipped) > LISTED else ""
        )
        lines.append(f"skipped, since the run has no output at these times: t = {listed}")
    if table["scaling"] != "mean":
        lines.append(
            f"scaling '{table['scaling']}': with one learning rate for all parameters, a moves faster than in"
            " the flow; only with a rate of its own are both the same dynamics"
        )
    beyond = table["outside_domain"]
    if beyond is not None and max(beyond["mean"]) > 0:
        lines.append(
            f"up to {max(beyond['mean']):.1%} of its units lie beyond the walls of the mesh, where the"
            " density cannot follow"
        )
    errors, gap = table["mean_field"]["grid_error"], table["function_gap"]["mean"][-1]
    if errors is not None and errors[-1] is not None and errors[-1] > gap / 3:
        lines.append(
            f"the mesh's own error |f_h - f|² may be {errors[-1]:.1e} at the last time: refine it before"
            " reading more into this gap"
        )
    return lines


def _typical(shares: list[float | None], table: dict[str, Any]) -> list[str]:
    """Whether the networks are draws of the limit law at the last time."""
    known = [share for share in shares if share is not None]
    if not known:
        return []
    end = f"at t = {table['times'][-1]:g}"
    rare = RARE / len(known)
    far, near = sum(share > 1 - rare for share in known), sum(share < rare for share in known)
    of = f" for {far or near} of {len(known)} networks" if len(known) > 1 else ""
    if far:
        return [
            f"{end}, a share of less than {rare:.1g} of all random networks of this width is as far from the"
            f" limit{of}: check the time per step, the scaling, the learning rates and the start"
        ]
    if near:
        return [
            f"{end}, a share of less than {rare:.1g} of all random networks of this width is as near to the"
            f" limit{of}"
        ]
    low, high = min(known), max(known)
    between = f"{low:.0%}" if len(known) == 1 else f"between {low:.0%} and {high:.0%}"
    return [
        f"{end}, {between} of random networks of this width are at least as near to the limit: a typical draw"
    ]
