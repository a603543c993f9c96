"""An optimum in words and tables."""

import io
import sys
from typing import Any

from rich import box
from rich.table import Table as RichTable

from mfpde.console import Console

SHOWN = 12  #: atoms


def optimum_text(table: dict[str, Any]) -> str:
    """As text, in letters that can be printed."""
    console = Console(getattr(sys.stdout, "encoding", None), file=io.StringIO(), width=100)
    print_optimum(table, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def print_optimum(table: dict[str, Any], console: Console) -> None:
    """E* with its proof, atoms, and what else was asked for."""
    if not table["attained"]:
        console.print(
            "no measure is best: E* is an infimum, the least loss of any function of the network, since"
            " nothing is paid for amplitudes, or they may shrink while z grows; atoms are the interpolant's"
        )
    console.print(
        f"[bold]E* = {table['energy']:.12g}[/bold]   by {table['method']}, {table['seconds']:.2g} s"
    )
    proof = "proven" if table["proven"] else "not proven: the search for the largest |h| was from many starts"
    within = "certified" if table["certified"] else f"not certified within {table['tolerance']:.0e}"
    console.print(f"lower bound {table['lower_bound']:.12g} ({proof}), gap {table['gap']:.1e}: {within}")
    dual = table["dual"]
    said = f"total variation {table['total_variation']:.6g}; max |h| = {dual['max']:.10g}"
    if dual["bound"] is not None:
        said += f", where an optimum has at most {dual['bound']:.10g}"
    console.print(said)
    _print_atoms(table["atoms"], console)
    if (found := table.get("interpolant")) is not None:
        console.print(
            f"interpolant: F1 norm {found['total_variation']:.8g}, proven at least {found['lower_bound']:.8g}"
            if found["certified"]
            else f"interpolant: F1 norm {found['total_variation']:.8g}, lower bound"
            f" {found['lower_bound']:.8g} by a search that proves nothing"
        )
        if found["loss"] > 0:
            console.print(
                f"  no function of the network meets all data: the loss is {found['loss']:.6g} at least"
            )
    if (found := table.get("grid")) is not None:
        cells = " x ".join(map(str, found["cells"]))
        console.print(
            f"mesh of {cells} cells: E_h* = {found['energy']:.12g}, gap {found['gap']:.1e};"
            f" E_h* - E* = {found['excess']:.3e}"
        )


def _print_atoms(atoms: list[dict[str, float]], console: Console) -> None:
    names = [name for name in atoms[0] if name != "mass"]
    rows = RichTable("mass", *names, title=f"{len(atoms)} atoms", box=box.SIMPLE_HEAD, title_justify="left")
    for atom in atoms[:SHOWN]:
        rows.add_row(f"{atom['mass']:.6f}", *[f"{atom[name]:.6g}" for name in names])
    if len(atoms) > SHOWN:
        rows.add_row("...", *["" for _ in names])
    console.print(rows)
