"""The tables of `mfpde compare` on a terminal: what metrics declare, the rate in n, the budget of errors."""

import io
import sys
from typing import Any

from mfpde.analysis.combine import in_table
from mfpde.analysis.report_limit import print_limit, print_plan
from mfpde.analysis.report_tables import Table, number, plain
from mfpde.analysis.statistics import evenly
from mfpde.console import Console
from mfpde.metrics.declaration import NAME, Compared
from mfpde.monitors.bounds import COVERAGE

WIDTH = 118
#: formats of errors beside numbers of these kinds
OF_ERRORS = {"g": ".1g", "e": ".0e"}


def comparison_text(table: dict[str, Any]) -> str:
    """The comparison as text, in letters that can be printed."""
    console = Console(getattr(sys.stdout, "encoding", None), file=io.StringIO(), width=WIDTH)
    print_comparison(table, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def print_comparison(table: dict[str, Any], console: Console) -> None:
    """Energies, gaps and distances at about five times, and the fitted rate."""
    shown = evenly(len(table["times"]), 5)
    columns = [f"t = {table['times'][k]:g}" for k in shown]
    density, networks = table["eulerian"], table["lagrangian"]
    tables = [_own(table, compared, shown, columns) for compared in in_table("own")]
    tables += [_gaps(networks, compared, shown, columns) for compared in in_table("gap")]
    tables.append(_distances(networks, shown, columns))
    for found in tables:
        if found.row_count:
            console.print(found)
    if table["rate"]["function_gap"] is not None:
        _print_rate(table["rate"]["function_gap"], console)
    print_limit(table, console)
    if density is not None and networks:
        _print_budget(table, console)
        print_health_of_density(density, console)
    if table["plan"] is not None:
        print_plan(table["plan"], console)
    if table.get("optimum") is not None:
        from mfpde.analysis.excess import print_excess

        print_excess(table["optimum"], console)


def _own(table: dict[str, Any], compared: Compared, shown: list[int], columns: list[str]) -> Table:
    """A quantity of the density, and of networks of every width."""
    rows = Table(compared.label, *columns, title=compared.title)
    subjects = [("density mu", table["eulerian"] or {})]
    subjects += [(f"n = {entry['units']}", entry) for entry in table["lagrangian"]]
    for subject, entry in subjects:
        if (found := entry.get(compared.key)) is not None:
            rows.add_row(subject, *_cells(found, compared.form, shown))
    return rows


def _gaps(networks: list[dict[str, Any]], compared: Compared, shown: list[int], columns: list[str]) -> Table:
    """A quantity of networks of every width, with their replicates."""
    rows = Table("n", "replicates", *columns, title=compared.title)
    for entry in networks:
        if (found := entry.get(compared.key)) is not None:
            cells = _cells(found, compared.form, shown)
            rows.add_row(str(entry["units"]), str(entry["replicates"]), *cells)
    return rows


def _distances(networks: list[dict[str, Any]], shown: list[int], columns: list[str]) -> Table:
    """All distances of networks of every width from the density."""
    rows = Table("n", "distance", *columns, title="Distance of units from the density")
    for entry in networks:
        for compared in in_table("distances"):
            found = entry.get(compared.key)
            if isinstance(found, dict) and NAME in compared.label:
                for name, values in found.items():
                    label = compared.label.replace(NAME, name)
                    rows.add_row(str(entry["units"]), label, *_cells(values, compared.form, shown))
            elif found is not None:
                rows.add_row("", compared.label, *_cells(found, compared.form, shown))
    return rows


def _cells(found: Any, form: str, shown: list[int]) -> list[str]:
    """Numbers at some times, with their spread or error if that is known."""
    if isinstance(found, list):
        return [number(found[k], form) for k in shown]
    errors = found.get("std", found.get("stderr"))
    return [
        number(found["mean"][k], form)
        + (f" ± {errors[k]:{OF_ERRORS[form[-1]]}}" if errors[k] is not None else "")
        for k in shown
    ]


def _print_rate(rate: dict[str, Any], console: Console) -> None:
    if rate["slope"] is None:
        console.print("rate: not fitted (it needs at least two widths)")
        return
    interval = (
        "no interval (single replicates)"
        if rate["low"] is None
        else f"95 % interval [{rate['low']:.3f}, {rate['high']:.3f}]"
    )
    console.print(
        f"rate: function gap ~ n^{rate['slope']:.3f} at t = {rate['time']:g}, {interval}; theory: -1, for"
        " fixed t as n grows"
    )
    if rate["low"] is not None and not rate["low"] <= -1 <= rate["high"]:
        console.print(
            "  the interval excludes -1: these widths are not yet in the regime of the theory, or the error"
            " of the mesh or nodes is felt"
        )


def _print_budget(table: dict[str, Any], console: Console) -> None:
    budget, density = table["budget"], table["eulerian"]
    errors = density["grid_error_energy"]
    if errors is not None:
        marginals = ", ".join(
            f"W1({plain(name)}) {number(values[-1], '.1e')}"
            for name, values in density["grid_error_w1"].items()
        )
        order = number(density["observed_order"][-1], ".1f")
        console.print(
            f"grid error, bounds: |E_h - E| up to {number(errors[-1], '.1e')}, {marginals} (order {order};"
            f" they hold in {COVERAGE:.0%} of cases)"
        )
    if budget is None and errors is None:
        console.print(
            "grid error: not estimated (eulerian.error_estimate = true carries coarser meshes along)"
        )
    if budget is None:
        return
    grid, largest = budget["grid_error"], budget["largest_n"]
    widest = table["lagrangian"][-1]["units"]
    console.print(
        f"grid error: |f_h - f|² up to {grid:.1e}; sampling error {budget['sampling_constant'] / widest:.1e}"
        f" at n = {widest}"
    )
    if largest is not None and largest < widest:
        console.print(
            f"  [bold]the mesh may be the larger error from n = {largest:.2g} on[/bold]: refine it before"
            " reading anything into wider networks"
        )
    elif largest is not None:
        console.print(f"  the comparison is meaningful up to n about {largest:.1e}")


def print_health_of_density(density: dict[str, Any], console: Console) -> None:
    """Mass, positivity and walls of the Eulerian side."""
    drift = density["mass_drift"]
    walls = max((mass for mass in density["boundary_mass"] if mass is not None), default=None)
    console.print(
        ("density: of any mass" if drift is None else f"density: mass drift {number(drift, '.1e')}")
        + ", smallest value"
        f" {number(density['minimum_density'], '.1e')}, wall mass {number(walls, '.1e')}"
        + (
            f", narrower than two cells from t = {density['resolution_time']:g}"
            if density["resolution_time"] is not None
            else ""
        )
    )
