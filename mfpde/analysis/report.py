"""Tables for people: what the reporting verbs print on a terminal."""

from pathlib import Path
from typing import Any

from rich.markup import escape

from mfpde.analysis.report_tables import Table, plain
from mfpde.console import Console
from mfpde.monitors.bounds import COVERAGE

WIDTH = 118


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
