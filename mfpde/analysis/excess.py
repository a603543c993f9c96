"""How far a run's energies are from the global minimum over all probability measures: E(t) - E*."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mfpde.analysis.model_of_run import model_of
from mfpde.analysis.report_tables import Table, number
from mfpde.analysis.statistics import evenly
from mfpde.case.load import case_from_tables
from mfpde.certificates.arrangement import vertices
from mfpde.certificates.region import region_of
from mfpde.console import Console
from mfpde.errors import about
from mfpde.models import build_model
from mfpde.optima import TOLERANCE
from mfpde.optima.nonnegative import NonnegativeOptimum
from mfpde.optima.of_problem import optimum_of
from mfpde.optima.optimum import Optimum, find_optimum

if TYPE_CHECKING:
    from mfpde.results.run import Run

KEPT = ("energy", "lower_bound", "gap", "total_variation", "certified", "seconds")


def excess_table(run: "Run") -> dict[str, Any]:
    """E* with its proof, and E - E* of the density and of networks (their mean) at every output.

    Raises:
        InputError: the run is that of a potential, or has no minimum that can be found.
    """
    with about(run.path):
        found = _optimum_of(run)
    density = run.eulerian["energy"].values - found.energy if run.has_density else None
    return {key: found.table[key] for key in KEPT} | {
        "times": run.times.tolist(),
        "eulerian": None if density is None else {"excess": density.tolist()},
        "lagrangian": [
            {
                "units": units,
                "excess": (
                    np.mean(run.lagrangian(units)["energy"].values, axis=1, dtype=float) - found.energy
                ).tolist(),
            }
            for units in run.units
        ],
    }


def _optimum_of(run: "Run") -> Optimum | NonnegativeOptimum:
    # what networks learnt is in the file; all else that a problem is, in its case
    problem = model_of(run) if run.has_function else build_model(case_from_tables(run.case, run.path))
    return optimum_of(problem, grid=False, interpolant=False, tolerance=TOLERANCE)


def known_optimum(run: "Run") -> Optimum | None:
    """E* of a network, where it is found in a second or so: all candidates can be listed, or z is on a line.
    None otherwise.
    """
    if not run.has_data:
        return None
    network = model_of(run)
    if network.strength is not None:  # E* changes in time with lambda
        return None
    region = region_of(network)
    lines = int(np.sum(region.high > region.low)) <= 1 and region.is_bounded
    if not lines and vertices(network, region) is None:
        return None
    return find_optimum(network)


def print_excess(table: dict[str, Any], console: Console) -> None:
    """E - E* at about five times."""
    shown = evenly(len(table["times"]), 5)
    title = f"Energy above the global minimum, E* = {table['energy']:.8g}"
    rows = Table("E - E*", *[f"t = {table['times'][k]:g}" for k in shown], title=title)
    subjects = [("density mu", table["eulerian"])] if table["eulerian"] is not None else []
    subjects += [(f"n = {entry['units']}", entry) for entry in table["lagrangian"]]
    for subject, entry in subjects:
        rows.add_row(subject, *[number(entry["excess"][k], ".2e") for k in shown])
    console.print(rows)
    if not table["certified"]:
        console.print(f"  E* is at least {table['lower_bound']:.8g}, {table['gap']:.1e} below what was found")
