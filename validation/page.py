"""docs/validation.md and its figures, from what was measured."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfpde.figures import style
from validation.agreement import Agreement
from validation.check import Check
from validation.claim import Outcome
from validation.page_figures import draw_concentration, draw_orders

INTRODUCTION = """# Validation

Everything on this page was measured by one command from a checkout (about {minutes:.0f} minutes on two
cores):

```sh
python -m validation
```

Every row is a case in `cases/verification/`, which names its exact solution; `mfpde converge NAME` repeats
it. Rows V26 to V28 are optima and certificates of the cases `relu_optimum` and `stuck`. The tests
(`pytest -m slow tests/test_validation.py`) run the same claims on smaller meshes. Orders are least-squares
slopes of log error against log cells (or log step) over all levels.

`python -m validation.bits --write before.json`, and after a change of the code
`python -m validation.bits --against before.json`, tell whether the change changed a bit of what runs store:
every case, made small, and small cases of what those leave out, on NumPy and on OpenCL. It takes about two
minutes on two cores with nothing else to do, more where kernels must be compiled first. What was kept serves
the same machine and libraries alone.
"""


@dataclass
class Measured:
    """All that the page shows."""

    outcomes: list[Outcome] = field(default_factory=list)
    checks: list[tuple[Check, float]] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    budgets: list[dict[str, Any]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return (
            all(o.holds for o in self.outcomes)
            and all(v <= c.bound for c, v in self.checks)
            and all(a.holds for a in self.agreements)
        )


def write_page(folder: Path, measured: Measured, minutes: float) -> Path:
    """Write the page and its figures into a docs folder; returns the page."""
    outcomes = measured.outcomes
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    with style.paper():
        draw_orders(outcomes).savefig(folder / "figures" / "validation_orders.png")
        draw_concentration(outcomes).savefig(folder / "figures" / "validation_concentration.png")
    parts = [INTRODUCTION.format(minutes=max(1.0, minutes)), *_claims(outcomes), *_checks(measured.checks)]
    parts += [*_agreements(measured.agreements), *_budgets(measured.budgets)]
    page = folder / "validation.md"
    kept = section(page, "## Error bounds")  # measured apart, see `validation.audit`
    page.write_text("\n".join([*parts, *(["", *kept] if kept else [])]) + "\n", encoding="utf-8")
    return page


def section(page: Path, heading: str) -> list[str]:
    """Lines of a section of a page, from its heading to the next; none if there is no such section."""
    lines = page.read_text(encoding="utf-8").rstrip().split("\n") if page.exists() else []
    if heading not in lines:
        return []
    start = lines.index(heading)
    end = next((k for k in range(start + 1, len(lines)) if lines[k].startswith("## ")), len(lines))
    return "\n".join(lines[start:end]).rstrip().split("\n")


def keep_section(page: Path, lines: list[str]) -> None:
    """Put a section in the place of the one with the same heading, or at the end of a page."""
    text = page.read_text(encoding="utf-8").rstrip()
    old = "\n".join(section(page, lines[0]))
    new = "\n".join(lines).rstrip()
    page.write_text((text.replace(old, new) if old else f"{text}\n\n{new}") + "\n", encoding="utf-8")


def _mark(holds: bool) -> str:
    return "yes" if holds else "**no**"


def _claims(outcomes: list[Outcome]) -> list[str]:
    lines = ["## Orders of convergence", ""]
    lines += [
        (
            "| row | case | refined to | quantity | orders between levels | fitted | claimed | error | at"
            " most | holds |"
        ),
        "|" + "---|" * 10,
    ]
    for o in outcomes:
        c, levels = o.claim, o.table["levels"]
        orders = ", ".join(f"{p:.2f}" for p in o.table["orders"][c.quantity])
        finest = (
            f"{levels[-1]['value']:g} cells" if c.refine == "cells" else f"step {levels[-1]['value']:.2g}"
        )
        lines.append(
            f"| {c.row} | `{c.case}`, {c.what} | {finest} | {c.quantity} | {orders} | {o.fitted:.2f} |"
            f" {c.order[0]:g} to {c.order[1]:g} | {o.error:.1e} | {c.tolerance:.1e} | {_mark(o.holds)} |"
        )
    lines += ["", "![Errors against cells and steps](figures/validation_orders.png)", ""]
    lines += [
        (
            "Where the density gathers in less than a cell the order falls to 1; a mesh stretched towards the"
            " point restores it:"
        ),
        "",
    ]
    return [
        *lines,
        (
            "![Order while resolved, concentrated, and on a stretched"
            " mesh](figures/validation_concentration.png)"
        ),
        "",
    ]


def _checks(checks: list[tuple[Check, float]]) -> list[str]:
    lines = [
        "## Invariants, inequalities, spectra",
        "",
        "| row | what | measured | at most | holds |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {c.row} | {c.what} | {value:.1e} | {c.bound:.1e} | {_mark(value <= c.bound)} |"
        for c, value in checks
    ]
    return [*lines, ""]


def _agreements(agreements: list[Agreement]) -> list[str]:
    lines = ["## Against FiPy", ""]
    lines += [
        (
            "`--backend fipy` solves the same case with FiPy's own terms and SciPy's adaptive time steps;"
            " only V at the cells is shared."
        ),
        (
            "Each solver's error is its own Richardson estimate (the distance to its solution on half the"
            " cells, over 3)."
        ),
        "",
        (
            "| case | quantity | difference | error of FiPy | error of OpenCL | at most the sum | seconds,"
            " FiPy / OpenCL |"
        ),
        "|" + "---|" * 7,
    ]
    for a in agreements:
        for name, (difference, theirs, ours) in a.found.items():
            holds, seconds = _mark(difference <= theirs + ours), f"{a.seconds[0]:.1f} / {a.seconds[1]:.1f}"
            lines.append(
                f"| {a.pair.what} | {name} | {difference:.1e} | {theirs:.1e} | {ours:.1e} | {holds} |"
                f" {seconds} |"
            )
    return [*lines, ""]


def _budgets(budgets: list[dict[str, Any]]) -> list[str]:
    lines = ["## Error budgets", ""]
    lines += [
        (
            "What `mfpde compare` says of a run with `eulerian.error_estimate = true` (the shipped cases), at"
            " its last time:"
        ),
        "",
    ]
    lines += [
        "| case | bound of the grid error of f, squared | order | sampling error at the widest n | the"
        " comparison means something up to n about |"
    ]
    lines.append("|---|---|---|---|---|")
    for b in budgets:
        verdict = (
            f"{b['largest_n']:.1e}" if b["largest_n"] >= b["widest"] else "**the mesh is the larger error**"
        )
        sampling = f"{b['sampling_constant'] / b['widest']:.1e} (n = {b['widest']})"
        lines.append(f"| {b['case']} | {b['grid_error']:.1e} | {b['order']:.2f} | {sampling} | {verdict} |")
    return lines
