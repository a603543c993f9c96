"""One transport stage on meshes of 2, 3 and 4 axes: mfpde, array packages, packages for PDEs."""

from dataclasses import replace

import numpy as np

from benchmarks.cases import four_axes, mcycle_mesh, mixture_mesh
from benchmarks.machine import Machine
from benchmarks.ours import Case, Device, Stage, transport_stage
from benchmarks.pde_packages import PACKAGES
from benchmarks.roofline import fraction_reached
from benchmarks.rows import Part, Row, race
from benchmarks.timing import best_times, gather
from benchmarks.transport_peers import PEERS

PRECISIONS = ("float32", "float64")


def measure_transport(
    device: Device, machine: Machine, quick: bool = False, cells: int | None = None
) -> Part:
    """Races, fractions of the tighter limit, and time against the number of cells."""
    cells = cells or (64 if quick else 128)
    part = Part()
    meshes: dict[str, Case] = {f"{cells}^3": mcycle_mesh(cells)}
    if not quick:
        meshes |= {f"{8 * cells}^2": mixture_mesh(8 * cells), f"{cells // 4}^4": four_axes(cells // 4)}
    for name, case in meshes.items():
        _race(part, device, machine, name, case, quick)
    _packages(part, 24 if quick else 48, cells, quick)
    _initial_law(part, device, f"{cells}^3", meshes[f"{cells}^3"], quick)
    part.numbers["claimed_mesh"] = f"{cells}^3"
    part.numbers["times_faster"] = _summary(part, f"{cells}^3")
    part.scaling = _scaling(device, [cells // 8, cells // 4, cells // 2, cells], quick)
    return part


def _race(part: Part, device: Device, machine: Machine, name: str, case: Case, quick: bool) -> None:
    """Everybody who computes the same, on one mesh."""
    stage = Stage(case)
    reference = stage.reference()
    axes = len(stage.widths)
    for precision in PRECISIONS[: 1 if quick else 2]:
        ours, claimed = transport_stage(case, stage, precision, device), precision == "float32"
        # compilation takes half a minute per mesh and precision; the one on which the claim is made is enough
        candidates, absent = gather(
            PEERS if claimed or axes == 3 else {}, stage, precision, not quick and axes == 3 and claimed
        )
        rows = race(
            "transport",
            name,
            [*ours, *candidates],
            absent,
            reference,
            "cell",
            8 if quick else 15,
            0.5 if quick else 1.5,
        )
        part.rows += rows
        reached = fraction_reached(machine, axes, precision, rows[0].seconds / stage.rho.size)
        reached["without_guards"] = fraction_reached(
            machine, axes, precision, rows[0].seconds / stage.rho.size, guards=False
        )["fraction"]
        part.numbers.setdefault("limits", []).append(
            {"mesh": name, "axes": axes, "precision": precision} | reached
        )
        part.rows[-len(rows)] = replace(
            rows[0], note=f"{100 * reached['fraction']:.0f} % of the {reached['limit']} limit"
        )


def _initial_law(part: Part, device: Device, name: str, case: Case, quick: bool) -> None:
    """Ours from the initial law, which is 0 beyond its bounds.

    There work can be saved; peers work the same for every density.
    """
    stage = Stage(case, Stage(case).initial)
    ours = transport_stage(case, stage, "float32", device)
    rows = race(
        "transport", f"{name}, initial law", ours, [], stage.reference(), "cell", 8 if quick else 15, 3.0
    )
    note = f"{100 * float(np.mean(stage.rho == 0)):.0f} % of the cells are empty"
    part.rows += [replace(row, note=note) for row in rows]


def _packages(part: Part, fipy_cells: int, cells: int, quick: bool) -> None:
    """Packages for PDEs; FiPy on fewer cells, since its time per cell hardly depends on their number."""
    for who, (build, reference) in PACKAGES.items():
        side = min(fipy_cells, cells) if who == "FiPy" else cells
        case = mcycle_mesh(side)
        stage = Stage(case)
        candidates, absent = gather({who: build}, stage, not quick)
        rows = race(
            "transport",
            f"{side}^3, PDE package",
            candidates,
            absent,
            reference(stage),
            "cell",
            2 if who == "FiPy" else 8,
            2.0,
        )
        part.rows += [_against_ours(row, part.rows) for row in rows]


def _against_ours(row: Row, rows: list[Row]) -> Row:
    """The row that is claimed: time per cell over ours on the largest mesh of three axes, in float32."""
    ours = next(r for r in rows if r.who == "mfpde" and r.precision == "float32")
    if row.rate is None or ours.rate is None:
        return row
    return replace(row, times_ours=ours.rate / row.rate, note=f"{row.note}; x float32")


def _summary(part: Part, mesh: str) -> dict[str, float]:
    """Ratios of the claim: time per cell of each peer over ours in float32."""
    claimed = [
        row for row in part.rows if (row.case == mesh and row.precision == "float32") or "package" in row.case
    ]
    return {
        row.who: row.times_ours
        for row in claimed
        if row.times_ours is not None and not row.who.startswith("mfpde")
    }


def _scaling(device: Device, sides: list[int], quick: bool) -> list[dict]:
    """Seconds per stage against cells, in float32 and three axes."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for side in sides[-2:] if quick else sides:
        case = mcycle_mesh(side)
        stage = Stage(case)
        peers, _ = gather({who: build for who, build in PEERS.items() if who != "Torch"}, stage, "float32")
        candidates = [transport_stage(case, stage, "float32", device)[0], *peers]
        for candidate, seconds in zip(candidates, best_times(candidates, 8, 0.5), strict=True):
            xs, ys = curves.setdefault(candidate.who, ([], []))
            xs.append(stage.rho.size)
            ys.append(seconds)
    return [{"panel": "cells", "who": who, "x": xs, "y": ys} for who, (xs, ys) in curves.items()]
