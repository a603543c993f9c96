"""`python -m validation [-o DOCS]`: measure every claim, write the page, and fail if one does not hold."""

import argparse
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import mfpde
from mfpde.analysis.compare import compare
from mfpde.case import load_case
from mfpde.device.choice import choose_device
from validation.agreement import PAIRS, agree
from validation.checks import CHECKS
from validation.claim import measure
from validation.claims import CLAIMS
from validation.page import Measured, write_page

#: shipped runs whose error budget is shown, and one made too coarse on purpose
COARSE = {"parameters.a.cells": 13, "parameters.w.cells": 25, "parameters.b.cells": 33}
BUDGETS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("mcycle", "mcycle", {}),
    ("gaussian_mixture", "gaussian_mixture", {}),
    ("mcycle on a mesh made too coarse (13 x 25 x 33)", "mcycle", COARSE),
)


def budget(title: str, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The error budget of a run."""
    with tempfile.TemporaryDirectory() as folder:
        run = mfpde.run(load_case(name).replace(changes), Path(folder) / "out.h5")
        table = compare(run).table
        run.close()
    return {
        "case": title,
        "widest": table["lagrangian"][-1]["units"],
        "order": table["eulerian"]["observed_order"][-1],
        **table["budget"],
    }


def main() -> None:
    """Measure, write, tell."""
    parser = argparse.ArgumentParser(prog="python -m validation", description=__doc__)
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("docs"), help="folder of validation.md; default docs"
    )
    folder, start, device = parser.parse_args().output, perf_counter(), choose_device()
    measured = Measured()
    for claim in CLAIMS:
        outcome = measure(claim, device)
        measured.outcomes.append(outcome)
        _tell(
            f"{claim.name}: {claim.quantity} order {outcome.fitted:.2f}, error {outcome.error:.1e}",
            outcome.holds,
        )
    for check in CHECKS:
        value = check.measure(device, False)
        measured.checks.append((check, value))
        _tell(f"{check.row} {check.what}: {value:.1e}", value <= check.bound)
    for pair in PAIRS:
        measured.agreements.append(agree(pair, device))
        _tell(f"FiPy and OpenCL, {pair.what}", measured.agreements[-1].holds)
    for title, name, changes in BUDGETS:
        measured.budgets.append(budget(title, name, changes))
        _tell(f"budget of {title}: up to n about {measured.budgets[-1]['largest_n']:.1e}", True)
    page = write_page(folder, measured, (perf_counter() - start) / 60)
    print(f"wrote {page}; " + ("every claim holds" if measured.holds else "NOT every claim holds"))
    sys.exit(0 if measured.holds else 3)


def _tell(line: str, holds: bool) -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {line}", flush=True)


if __name__ == "__main__":
    main()
