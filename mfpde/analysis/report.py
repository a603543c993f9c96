"""Tables for people: what the reporting verbs print on a terminal."""

import io
import sys
from pathlib import Path
from typing import Any

from rich.markup import escape

from mfpde.analysis.report_limit import print_limit, print_plan
from mfpde.analysis.report_tables import Table, number, plain
from mfpde.analysis.statistics import evenly
from mfpde.console import Console
from mfpde.monitors.bounds import COVERAGE

WIDTH = 118


def comparison_text(table: dict[str, Any]) -> str:
    """The comparison as text, in letters that can be printed."""
    console = Console(getattr(sys.stdout, "encoding", None), file=io.StringIO(), width=WIDTH)
    print_comparison(table, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def print_comparison(table: dict[str, Any], console: Console) -> None:
    """Energies, gaps and distances at about five times, and the fitted rate."""
    times = table["times"]
    shown = evenly(len(times), 5)
    columns = [f"t = {times[k]:g}" for k in shown]
    energies = Table("energy E", *columns, title="Energy")
    density = table["eulerian"]
    if density is not None:
        energies.add_row("density mu", *(f"{density['energy'][k]:.5g}" for k in shown))
    for entry in table["lagrangian"]:
        mean, std = entry["energy"]["mean"], entry["energy"]["std"]
        energies.add_row(
            f"n = {entry['units']}",
            *(f"{mean[k]:.5g}" + (f" ± {std[k]:.1g}" if std[k] is not None else "") for k in shown),
        )
    console.print(energies)
    with_gap = [entry for entry in table["lagrangian"] if "function_gap" in entry]
    gaps = Table(
        "n",
        "replicates",
        *columns,
        title=(
            "Function gap |f_n - f|² in L²(ν), which is the square kernel distance in U; mean ± standard"
            " error"
        ),
    )
    for entry in with_gap:
        mean, error = entry["function_gap"]["mean"], entry["function_gap"]["stderr"]
        cells = [
            number(mean[k], ".2e") + (f" ± {error[k]:.0e}" if error[k] is not None else "") for k in shown
        ]
        gaps.add_row(str(entry["units"]), str(entry["replicates"]), *cells)
    if with_gap:
        console.print(gaps)
    if density is not None and table["lagrangian"]:
        _print_distances(table, shown, columns, console)
    if table["rate"]["function_gap"] is not None:
        _print_rate(table["rate"]["function_gap"], console)
    print_limit(table, console)
    if density is not None and table["lagrangian"]:
        _print_budget(table, console)
        print_health_of_density(density, console)
    if table["plan"] is not None:
        print_plan(table["plan"], console)


def _print_distances(table: dict[str, Any], shown: list[int], columns: list[str], console: Console) -> None:
    distances = Table("n", "distance", *columns, title="Distance of units from the density")
    for entry in table["lagrangian"]:
        for name, values in entry["w1"].items():
            distances.add_row(str(entry["units"]), f"W1({name})", *(number(values[k], ".2e") for k in shown))
        sliced = entry["sliced_w2"]
        distances.add_row("", "sliced W2", *(number(sliced[k], ".2e") for k in shown))
    console.print(distances)


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
    console.print(
        f"density: mass drift {density['mass_drift']:.1e}, smallest value {density['minimum_density']:.1e}, "
        f"wall mass {max(density['boundary_mass']):.1e}"
        + (
            f", narrower than two cells from t = {density['resolution_time']:g}"
            if density["resolution_time"] is not None
            else ""
        )
    )


def _listed(value: Any) -> str:
    """A fact as text, a table of facts on one line, a list of them one by one."""
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return "; ".join(map(_listed, value)) if isinstance(value, list) else str(value)


def print_inspection(facts: dict[str, Any], path: Path, console: Console) -> None:
    """Tree, provenance and health."""
    tree = Table("dataset", "shape", "type", "units", "meaning", title=str(path))
    for name, entry in facts["datasets"].items():
        tree.add_row(
            name,
            " x ".join(str(n) for n in entry["shape"]),
            entry["dtype"],
            entry["units"],
            entry["long_name"],
        )
    console.print(tree)
    if facts["added"]:
        console.print(plain(f"not of mfpde, and left alone: {', '.join(facts['added'])}"))
    origin = Table("provenance", "", show_header=False, title="Provenance")
    for name, value in facts["provenance"].items():
        if value != []:
            origin.add_row(name, _listed(value))
    console.print(origin)
    health = facts["health"]
    stationary = (
        f" (stationary at time {health['stationary_at']:g})" if health.get("ended_by") == "stationary" else ""
    )
    state = (
        f"finished{stationary}"
        if health["finished"]
        else f"not finished{': ' + health['failure'] if health['failure'] else ''}"
    )
    console.print(plain(f"health: {state}"))
    for warning in health["warnings"]:
        console.print(plain(f"  warning: {warning}"))
    for side in ("eulerian", "lagrangian"):
        if side in health:
            facts_of = ", ".join(
                f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in health[side].items()
            )
            console.print(plain(f"  {side}: {facts_of}"))


def print_convergence(table: dict[str, Any], console: Console) -> None:
    """Errors of every level with the observed order in brackets, and the seconds it took."""
    names = list(table["orders"])
    label = "cells (longest axis)" if table["refined"] == "cells" else table["refined"]
    shown = Table(
        label,
        *names,
        "seconds",
        title=f"Errors at t = {table['time']:g} against {table['reference']} (observed order)",
    )
    for k, level in enumerate(table["levels"]):
        cells = []
        for name in names:
            order = f" ({table['orders'][name][k - 1]:.2f})" if k else ""
            cells.append(f"{level['errors'][name]:.2e}{order}")
        shown.add_row(f"{level['value']:g}", *cells, f"{level['seconds']:.2f}")
    console.print(shown)
    fitted = ", ".join(
        f"{name} {order:.2f}" for name, order in table["fitted_orders"].items() if order == order
    )
    if fitted:
        console.print(f"orders fitted over all levels: {fitted}")
    if table["bounds"]:
        listed = ", ".join(f"{name} {bound:.1e}" for name, bound in table["bounds"].items())
        console.print(
            f"bounds of the case's own mesh, from coarser ones alone (they hold in {COVERAGE:.0%} of cases):"
            f" {listed}"
        )
    if table["reference_error"] > 0:
        finest = table["levels"][-1]["errors"][names[0]]
        doubt = "; the finest errors are partly its own" if table["reference_error"] > finest / 3 else ""
        how = "its bound" if table["reference"] == "finest level" else "by doubling the nodes"
        console.print(f"error of the reference ({names[0]}, {how}): {table['reference_error']:.1e}{doubt}")


def print_doctor(facts: dict[str, Any], console: Console) -> None:
    """Devices, extras and advice."""
    for d in facts["devices"]:
        mark = f"{d['number']}{' (default)' if d['default'] else ''}"
        console.print(
            f"OpenCL device {mark}: {d['name']} ({d['platform']}, driver {d['driver']})",
            markup=False,
            soft_wrap=True,
        )
        double = "float64" if d["fp64"] else "no float64"
        console.print(
            f"  {d['type']}, {double}; kernels: {d['kernels']}; {d['verdict']} ({', '.join(d['probed'])})",
            markup=False,
            soft_wrap=True,
        )
    if facts["default_reason"]:
        console.print(f"the default device is used without --device: {facts['default_reason']}")
    if facts["runtimes"]:
        console.print(
            "runtimes: " + ", ".join(f"{name} {version}" for name, version in facts["runtimes"].items())
        )
    for name, extra in facts["extras"].items():
        console.print(
            f"{name}: {'installed' if extra['installed'] else 'not installed'} ({extra['purpose']})"
        )
    for line in facts["advice"]:
        console.print(f"[yellow]advice:[/yellow] {escape(line)}", soft_wrap=True)
    if not facts["advice"]:
        console.print(f"all is well: runs are on {facts['default']}", markup=False)
    for line in facts["tips"]:
        console.print(line, markup=False)
