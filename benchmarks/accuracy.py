"""Time to accuracy on mcycle: seconds against the error of f in L2(nu).

Of the density, of random units and of characteristics.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.ours import Case, Device, load_case, solve_characteristics, solve_density, solve_units
from benchmarks.rows import Part, Row

UNTIL = 5.0
TOLERANCE = 1e-6  #: of the steps in time of characteristics
#: shares of the cells of the shipped mesh; widths of random networks; nodes of characteristics, the last of
#: which are the reference
MESHES = (0.25, 0.35, 0.5, 0.71, 1.0, 1.25)
WIDTHS = (100, 400, 1600, 6400, 25600)
NODES = (256, 1024, 4096, 16384)
FINEST = 2**17
SEEDS = 4
#: seconds; what takes less is done twice, since drivers compile at the first use, and the shorter time counts
REPEATED = 6.0


@dataclass(frozen=True)
class Sizes:
    """What is measured."""

    meshes: tuple[float, ...] = MESHES
    widths: tuple[int, ...] = WIDTHS
    nodes: tuple[int, ...] = NODES
    finest: int = FINEST
    until: float = UNTIL


QUICK = Sizes((0.25, 0.5), (100, 1600), (256, 1024), 2**15, 1.0)


def measure_accuracy(device: Device, sizes: Sizes | None = None) -> Part:
    """One curve for each way to the mean field. The reference's own error is told by half its nodes."""
    sizes = sizes or Sizes()
    case = load_case("mcycle").replace({"eulerian.error_estimate": False}, time=sizes.until)
    _, reference = solve_characteristics(case, sizes.finest, TOLERANCE / 10, device)
    _, half = solve_characteristics(case, sizes.finest // 2, TOLERANCE / 10, device)
    part = Part()
    doubt = _distance(half, reference)
    part.numbers = {
        "until": sizes.until,
        "reference": f"characteristics of {sizes.finest} nodes",
        "doubt": doubt,
        "curves": [],
    }
    ways: dict[str, list[tuple[str, Callable[[], list[tuple[float, np.ndarray]]]]]] = {
        "density": [
            (_mesh_name(c), lambda c=c: [solve_density(c, device)])
            for c in (_coarser(case, share) for share in sizes.meshes)
        ],
        "random units": [
            (f"n = {n}", lambda n=n: [solve_units(case, n, seed, device) for seed in range(SEEDS)])
            for n in sizes.widths
        ],
        "characteristics": [
            (f"{n} nodes", lambda n=n: [solve_characteristics(case, n, TOLERANCE, device)])
            for n in sizes.nodes
        ],
    }
    for who, levels in ways.items():
        curve: dict[str, Any] = {"who": who, "levels": [], "seconds": [], "errors": []}
        for name, solve in levels:
            solved = solve()
            error = float(np.sqrt(np.mean([_distance(f, reference) ** 2 for _, f in solved])))
            seconds = min(s for s, _ in solved)
            if seconds < REPEATED and len(solved) == 1:
                seconds = min(seconds, solve()[0][0])
            curve["levels"].append(name)
            curve["seconds"].append(seconds)
            curve["errors"].append(error)
            part.rows.append(
                Row(
                    "accuracy",
                    f"mcycle to t = {sizes.until:g}",
                    f"{who}, {name}",
                    "float64",
                    seconds,
                    note=f"error of f {error:.1e}",
                )
            )
        part.numbers["curves"].append(curve)
    part.rows.append(
        Row(
            "accuracy",
            f"mcycle to t = {sizes.until:g}",
            "the reference",
            note=f"differs by {doubt:.1e} from half its nodes",
        )
    )
    return part


def _distance(f: np.ndarray, g: np.ndarray) -> float:
    """In L2(nu), where all data of mcycle weigh the same."""
    return float(np.sqrt(np.mean((f - g) ** 2)))


def _coarser(case: Case, share: float) -> Case:
    """Odd numbers of cells, as the shipped mesh has them."""
    cells = (
        {name: 2 * round(share * case.parameters[name].cells / 2) + 1 for name in "awb"} if share != 1 else {}
    )
    return case.replace({f"parameters.{name}.cells": number for name, number in cells.items()})


def _mesh_name(case: Case) -> str:
    return " x ".join(str(case.parameters[name].cells) for name in "awb")
