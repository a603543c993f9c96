"""The potential: its share of a step, and one product with the features against a dense one."""

from functools import partial

import numpy as np

from benchmarks.cases import data_case, four_axes
from benchmarks.our_steps import step_shares
from benchmarks.ours import Device, load_case, potential_product
from benchmarks.rows import Part, Row
from benchmarks.timing import Candidate, best_times


def measure_potential(
    device: Device, quick: bool = False, counts: tuple[int, ...] = (128, 1024, 8192), cells: int = 24
) -> Part:
    """Shares on mcycle and on four axes, and time against the number of data."""
    part = Part()
    for name, case in {"mcycle": load_case("mcycle"), f"4-D, {cells}^4": four_axes(cells)}.items():
        shares = step_shares(case, device, 3 if quick else 40)
        part.numbers[name] = {
            "share": shares.potential,
            "step_seconds": shares.step,
            "seconds": shares.by_part,
        }
        note = f"potential and moments: {100 * shares.potential:.0f} % of it"
        part.rows.append(
            Row("potential", name, "mfpde, one step", case.eulerian.precision, shares.step, note=note)
        )
    curves: dict[str, tuple[list[int], list[float]]] = {}
    for count in counts[: 2 if quick else None]:
        ours, matrix = potential_product(data_case(count), "float64", device)
        dense = Candidate(
            "NumPy, dense", "float64", partial(np.dot, matrix, np.ones(count)), amount=ours.amount
        )
        for candidate, seconds in zip((ours, dense), best_times((ours, dense), 10, 1.0), strict=True):
            xs, ys = curves.setdefault(candidate.who, ([], []))
            xs.append(count)
            ys.append(seconds)
    for who, (xs, ys) in curves.items():
        part.scaling.append({"panel": "data", "who": who, "x": xs, "y": ys})
        times_ours = ys[-1] / curves["mfpde"][1][-1]
        part.rows.append(
            Row("potential", f"h on 32^2 cells, L = {xs[-1]}", who, "float64", ys[-1], times_ours=times_ours)
        )
    return part
