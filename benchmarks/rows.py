"""One row per measurement; a part of the benchmarks is a list of rows and a few named numbers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from rich import box
from rich.table import Table

from benchmarks.timing import Absent, Candidate, best_times
from mfpde.console import Console

#: a peer whose result differs by more, relative to the largest value, does not compute the same
ROUNDING = {"float32": 2e-5, "float64": 1e-11}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    part: str
    case: str
    who: str
    precision: str = ""
    seconds: float | None = None
    rate: float | None = None  #: amount of work per second
    unit: str = ""  #: of the rate
    #: time per work over that of mfpde in the same precision; above 1 we are faster
    times_ours: float | None = None
    difference: float | None = None  #: from the reference, largest, over the largest value
    note: str = ""


@dataclass
class Part:
    """What one part of the benchmarks found."""

    rows: list[Row] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)  #: JSON types
    scaling: list[dict[str, Any]] = field(default_factory=list)  #: {"panel", "who", "x": [...], "y": [...]}


def difference(found: np.ndarray, reference: np.ndarray) -> float:
    """Largest difference over the largest value."""
    return float(np.abs(np.asarray(found, dtype=np.float64) - reference).max() / np.abs(reference).max())


def race(
    part: str,
    case: str,
    candidates: Sequence[Candidate],
    absent: Sequence[Absent],
    reference: np.ndarray,
    unit: str,
    rounds: int,
    budget: float,
) -> list[Row]:
    """Check and time every candidate, and compare it with ours.

    Ours is the first of the same precision; those that disagree are not timed.
    """
    differences = [None if c.result is None else difference(c.result(), reference) for c in candidates]
    fits = [d is None or d <= ROUNDING[c.precision] for c, d in zip(candidates, differences, strict=True)]
    timed = [c for c, good in zip(candidates, fits, strict=True) if good]
    seconds = {id(c): s for c, s in zip(timed, best_times(timed, rounds, budget), strict=True)}
    ours: dict[str, float] = {}
    rows = []
    for c, d, good in zip(candidates, differences, fits, strict=True):
        if not good:
            rows.append(
                Row(part, case, c.who, c.precision, difference=d, note="NOT TIMED: its result differs")
            )
            continue
        per_work = seconds[id(c)] / c.amount
        own = ours.setdefault(c.precision, per_work)
        rows.append(
            Row(part, case, c.who, c.precision, seconds[id(c)], 1 / per_work, unit, per_work / own, d, c.note)
        )
    return rows + [Row(part, case, a.who, note=a.why) for a in absent]


def as_json(part: Part) -> dict[str, Any]:
    """Plain data."""
    return {"rows": [asdict(row) for row in part.rows], "numbers": part.numbers, "scaling": part.scaling}


def print_table(rows: Sequence[Row], console: Console) -> None:
    """All rows, a rule between parts and cases."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in (
        ("", "left"),
        ("case", "left"),
        ("who", "left"),
        ("", "left"),
        ("time", "right"),
        ("rate", "right"),
        ("x ours", "right"),
        ("differs", "right"),
        ("", "left"),
    ):
        table.add_column(name, justify=justify, overflow="fold")
    before: Row | None = None
    for row in rows:
        same = before is not None and (before.part, before.case) == (row.part, row.case)
        if before is not None and not same:
            table.add_section()
        place = ("", "") if same else (row.part, row.case)
        rate = "" if row.rate is None else f"{_prefixed(row.rate)}{row.unit}/s"
        ratio = "" if row.times_ours is None else f"{row.times_ours:.3g}"
        apart = "" if row.difference is None else f"{row.difference:.0e}"
        table.add_row(
            *place,
            row.who,
            row.precision,
            "" if row.seconds is None else format_seconds(row.seconds),
            rate,
            ratio,
            apart,
            row.note,
        )
        before = row
    console.print(table)


def format_seconds(seconds: float) -> str:
    """With three digits and the unit that suits."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _prefixed(value: float) -> str:
    for scale, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g} {prefix}"
    return f"{value:.3g} "
