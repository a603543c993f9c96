"""`python -m validation.audit [-o DOCS] [--only WORD]`: bounds of the mesh's error against the error itself,
over many cases and times.

Every case runs on its mesh with the companions of `eulerian.error_estimate`; the truth is its exact solution,
characteristics from 2^16 Sobol points, or (with noise, or a pair interaction) a mesh 5 to 24 times as fine
with steps to match. Errors that the reference knows to less than a twentieth are left out. Exit code 3 if
bounds do not cover as they claim.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from mfpde.case import Case
from mfpde.eulerian.build import build_solver
from mfpde.eulerian.solver import Solver
from mfpde.exact import build_exact, errors
from mfpde.lagrangian.characteristics import observe, points_flow, why_none
from mfpde.models import build_model
from mfpde.monitors.bounds import COVERAGE
from mfpde.monitors.grid_error import build_companions
from mfpde.runs.times import output_times
from mfpde.studies.references import ExactSolution, Finest, Nodes, Reference
from validation.audit_cases import OTHERS, TUNED
from validation.nodes import wide_nodes

SURE = 20  #: times as exact as the error is the reference
LOST, RESOLVED = 1.0, 2.5  #: cells, of the narrowest blob
SHORTEST, TYPICAL = 0.5, 3.0  #: of reported over true: the least, and the largest median


class Entry(NamedTuple):
    """One bound of one case at one time."""

    case: str
    tuned: bool
    time: float
    quantity: str  #: "function", "energy" or "w1_NAME"
    blob: float
    reported: float
    true: float

    @property
    def ratio(self) -> float:
        """Reported over true."""
        return self.reported / self.true


@dataclass
class Truth:
    """What errors are measured against: a reference, and one of half the effort that tells its error."""

    case: Case

    def __post_init__(self) -> None:
        case, self.model = self.case, build_model(self.case)
        self.exact = ExactSolution(case) if case.exact is not None else None
        self.flows, self.fine = [], None
        if self.exact is not None:
            return
        axes = self.model.parameters.free
        if why_none(case) is None and getattr(case.model, "interaction", None) is None:
            penalty, activation = getattr(case.model, "penalty", None), getattr(case.model, "activation", "")
            kinks = (penalty is not None and penalty.power < 2) + (activation == "relu")
            laws, widen = [c.law for c in axes], 1.8 if case.dynamics.birth_death else 1.3
            # forces that jump at kinks leave no more than this to the integrator
            tolerance = (1e-7, 1e-6, 1e-5)[kinks]
            finest = 16 if len(axes) > 2 else 15
            self.flows = [
                points_flow(case, self.model, *wide_nodes(laws, 2**k, widen), None, tolerance)
                for k in (finest - 1, finest)
            ]
            return
        factor = 24 if not case.dynamics.diffusion else 8 if len(axes) == 1 else 5
        cells = {f"parameters.{c.name}.cells": factor * case.parameters[c.name].cells for c in axes}
        finer = case.replace(cells | {"eulerian.tolerance": 1e-7})
        self.fine = build_solver(finer, build_model(finer))

    def at(self, time: float, solver: Solver) -> tuple[dict[str, float], dict[str, float]]:
        """Errors of a solver at its time, and what the reference leaves open of each."""
        if self.exact is not None:
            found = errors(solver, build_exact(self.case, solver.model, solver.mesh).at(time))
            return found, dict.fromkeys(found, 0.0)
        references: list[Reference] = []
        if self.fine is not None:
            self.fine.advance(time)
            found = Finest(self.fine, "").errors(solver)
            return found, dict.fromkeys(found, 0.0)
        for flow in self.flows:
            flow.advance(time)
            references.append(Nodes(observe(self.model, flow), "", 0.0))
        half, whole = (reference.errors(solver) for reference in references)
        doubt = {name: abs(half[name] - value) for name, value in whole.items()}
        if "function" in whole:  # a direction may hide in the norm
            one, other = (reference.seen.prediction for reference in references)  # type: ignore[attr-defined]
            difference = one - other
            doubt["function"] = float(np.sqrt(self.model.square_norm(difference)))  # type: ignore[union-attr]
        return whole, doubt


def audit(name: str, case: Case, tuned: bool) -> tuple[list[Entry], int]:
    """Bounds and errors of a case at every output after the start, and how many were left out."""
    case = case.replace({"eulerian.backend": "numpy"})
    solver = build_solver(case, build_model(case))
    companions, truth, found, skipped = build_companions(case, like=solver), Truth(case), [], 0
    for time in output_times(case)[0]:
        if time > 0:
            solver.advance(float(time))
            companions.advance(float(time))
        bounds = companions.estimate(solver)
        if time == 0:
            continue
        blob = min(companions.blobs.values())
        true, doubt = truth.at(float(time), solver)
        reported = {"function": np.sqrt(bounds.get("grid_error", 0.0)), "energy": bounds["grid_error_energy"]}
        reported |= {f"w1_{axis.name}": bounds[f"grid_error_w1_{axis.name}"] for axis in solver.mesh.axes}
        for quantity, bound in reported.items():
            # half the nodes err twice as much or more, so that what is left of the doubt is half of it or
            # less
            if quantity in true and true[quantity] > 0 and true[quantity] >= SURE / 2 * doubt[quantity]:
                found.append(Entry(name, tuned, float(time), quantity, blob, float(bound), true[quantity]))
            elif quantity in true:
                skipped += 1
    return found, skipped


def summary(entries: Iterable[Entry]) -> tuple[int, int, float, float, float]:
    """Bounds, groups of case and time, share that covers, shortest and median of reported over true."""
    entries = list(entries)
    ratios = np.array([e.ratio for e in entries])
    groups = len({(e.case, e.time) for e in entries})
    return len(entries), groups, float(np.mean(ratios >= 1)), float(ratios.min()), float(np.median(ratios))


def holds(entries: list[Entry]) -> bool:
    """Whether bounds cover as they claim."""
    _, _, share, shortest, median = summary(entries)
    return share >= COVERAGE and shortest >= SHORTEST and median <= TYPICAL


def sections(entries: list[Entry]) -> dict[str, list[Entry]]:
    """Entries by what they have in common, and all."""
    of = {
        "all": lambda e: True,
        "cases that constants were chosen on": lambda e: e.tuned,
        "other cases": lambda e: not e.tuned,
        "function": lambda e: e.quantity == "function",
        "energy": lambda e: e.quantity == "energy",
        "W1 of marginals": lambda e: e.quantity.startswith("w1_"),
        f"blobs wider than {RESOLVED:g} cells": lambda e: e.blob > RESOLVED,
        f"blobs of {LOST:g} to {RESOLVED:g} cells": lambda e: LOST < e.blob <= RESOLVED,
        f"blobs narrower than {LOST:g} cell": lambda e: e.blob <= LOST,
    }
    found = {name: list(filter(test, entries)) for name, test in of.items()}
    return {name: chosen for name, chosen in found.items() if chosen}


def table(entries: list[Entry], skipped: int, minutes: float) -> list[str]:
    """The section of the validation page."""
    lines = ["## Error bounds", ""]
    lines += [
        (
            "Reported bounds (`eulerian.error_estimate`) over true errors: `python -m validation.audit`"
            f" (about {max(1, round(minutes))} minutes). Claimed: at least {COVERAGE:.0%} are no shorter than"
            f" the error, none is shorter than half of it, the median is at most {TYPICAL:g}. {skipped}"
            " errors that the reference does not know well enough are left out."
        ),
        "",
        "| | bounds | (case, time) | cover | shortest | median |",
        "|---|---|---|---|---|---|",
    ]
    for name, chosen in sections(entries).items():
        count, groups, share, shortest, median = summary(chosen)
        lines.append(f"| {name} | {count} | {groups} | {share:.1%} | {shortest:.2f} | {median:.2f} |")
    lines += [
        "",
        "Shortest and median by case (f, E, W1 together):",
        "",
        "| case | bounds | cover | shortest | median |",
        "|---|---|---|---|---|",
    ]
    for case in dict.fromkeys(e.case for e in entries):
        count, _, share, shortest, median = summary(e for e in entries if e.case == case)
        lines.append(f"| {case} | {count} | {share:.0%} | {shortest:.2f} | {median:.2f} |")
    return lines


def main() -> None:
    """Measure, write, tell."""
    parser = argparse.ArgumentParser(prog="python -m validation.audit", description=__doc__)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="folder of validation.md, whose section is written anew; only printed if not given",
    )
    parser.add_argument("--only", default="", help="cases whose names hold this")
    options, start = parser.parse_args(), perf_counter()
    entries: list[Entry] = []
    left_out = 0
    for tuned, cases in ((True, TUNED), (False, OTHERS)):
        for name, build in cases.items():
            if options.only not in name:
                continue
            begun = perf_counter()
            found, skipped = audit(name, build(name), tuned)
            entries, left_out = entries + found, left_out + skipped
            worst = min(found, key=lambda e: e.ratio)
            print(
                f"{name}: {len(found)} bounds, shortest {worst.ratio:.2f} ({worst.quantity} at t ="
                f" {worst.time:g}), median {np.median([e.ratio for e in found]):.2f};"
                f" {perf_counter() - begun:.0f} s",
                flush=True,
            )
    lines = table(entries, left_out, (perf_counter() - start) / 60)
    print("\n".join(lines))
    if options.output is not None:
        from validation.page import keep_section

        keep_section(options.output / "validation.md", lines)
    sys.exit(0 if holds(entries) else 3)


if __name__ == "__main__":
    main()
