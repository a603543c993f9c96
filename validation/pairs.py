"""Every key of a case with every other one: `python -m validation.pairs [--family network] [--every 1]`.

Runs small cases that hold, for any two keys, every pair of their options (a covering array of strength two).
Each run ends well: finite energies, mass 1, and all verbs do their work on its output; or it goes bad for a
stated reason (exit code 3). Pairs that are refused (`validation/pairs_refused.py`) are tried by themselves:
each gets one sentence and exit code 2. Fails where anything else happens.
"""

import argparse
import contextlib
import io
import itertools
import json
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mfpde.cli import entry
from mfpde.figures import FIGURES, lacking
from mfpde.results.opening import open_run
from validation.fuzz_text import to_toml
from validation.pairs_factors import FAMILIES, Family
from validation.pairs_refused import REFUSED

#: factors that are refused with others are chosen first
CONSTRAINED = {factor for refusals in REFUSED.values() for refusal, _ in refusals for factor in refusal}

Row = dict[str, str]
POINTS = "x,y,c\n" + "".join(
    f"{x},{y},{c}\n"
    for x, y, c in zip((-1, -0.4, 0.1, 0.7, 1.5), (0.2, -0.3, 0.5, 0.9, 0), (1, 2, 1, 0.5, 1), strict=True)
)
CLASSES = "-1;no;2\n-0,5;?;1\n0,2;yes;1,5\n99;no;1\n1,25;yes;3\n"
#: by how much a mass may differ from 1
MASS = {"float64": 1e-12, "float32": 2e-5}


def is_refused(family: Family, row: Row) -> bool:
    """Whether a row, whole or not, holds options that are known to be refused together."""
    return any(
        all(row.get(factor) in wanted for factor, wanted in refusal.items())
        for refusal, _ in REFUSED[family.name]
    )


def rows(family: Family) -> list[Row]:
    """The covering array: any two options that can be in one case are in one of its rows.

    Greedy, one row at a time: an uncovered pair, then for each factor the option that covers most others with
    what the row holds. (Generators that search for the best row, as allpairspy does, do not end when pairs
    are refused.)
    """
    left = dict.fromkeys(uncovered(family, []))
    found = []
    while left:
        seed = next(iter(left))
        del left[seed]
        # into a dead end, then by defaults
        row = _row(family, dict(seed), left) or _row(family, dict(seed), {})
        if row is not None:
            found.append(row)
            for pair in itertools.combinations(row.items(), 2):
                left.pop(pair, None)
    return found


def _row(family: Family, row: Row, left: dict[Any, None]) -> Row | None:
    """A row that holds this pair; None if every third factor is refused with it."""
    names = list(family.factors)
    place = {name: k for k, name in enumerate(names)}
    for name in sorted(names, key=lambda name: name not in CONSTRAINED):
        if name in row:
            continue
        best, most = None, -1
        for option in family.factors[name]:
            if is_refused(family, row | {name: option}):
                continue
            item = (name, option)
            gain = sum(
                ((item, other) if place[name] < place[other[0]] else (other, item)) in left
                for other in row.items()
            )
            if gain > most:
                best, most = option, gain
        if best is None:
            return None
        row = row | {name: best}
    return {name: row[name] for name in names}


def refusals(family: Family) -> list[tuple[Row, str]]:
    """For each refused combination a row that holds it, else defaults, and a word of its sentence."""
    return [
        ({factor: wanted[0] for factor, wanted in refusal.items()}, word)
        for refusal, word in REFUSED[family.name]
    ]


def uncovered(family: Family, found: list[Row]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs of options, not refused, that no row holds."""
    held = {pair for row in found for pair in itertools.combinations(row.items(), 2)}
    options = [[(name, option) for option in options] for name, options in family.factors.items()]
    pairs = (
        pair for one, other in itertools.combinations(options, 2) for pair in itertools.product(one, other)
    )
    return [pair for pair in pairs if pair not in held and not is_refused(family, dict(pair))]


def tell(*arguments: object) -> tuple[int, str, str]:
    """Exit code, output and messages of `mfpde` with these arguments, in this process.

    A crash is a code of 1 with its last lines.
    """
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["mfpde", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = entry.answer()
    except Exception:  # whatever it is, it is what we look for
        return 1, out.getvalue(), "".join(traceback.format_exc().splitlines(keepends=True)[-7:])
    finally:
        sys.argv = before
    return code, out.getvalue(), err.getvalue()


def write(tables: dict[str, Any], folder: Path) -> Path:
    """The case and its data as files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "points.csv").write_text(POINTS)
    (folder / "classes.txt").write_text(CLASSES)
    path = folder / "case.toml"
    path.write_text("".join(f"{key} = {to_toml(value)}\n" for key, value in tables.items()), encoding="utf-8")
    return path


def is_sentence(message: str) -> bool:
    """Whether a message is one line that says who speaks; warnings may stand before it."""
    lines = message.strip().splitlines()
    return (
        bool(lines)
        and lines[-1].startswith("mfpde: ")
        and sum(line.startswith("mfpde: ") for line in lines) == 1
    )


def try_case(tables: dict[str, Any], folder: Path, turn: int = 0) -> tuple[int, str]:
    """Run a case and use every verb on its output.

    Arguments:
        turn: chooses the figures that are drawn; `converge` is run at every fifth.
    Returns:
        The exit code of the run, and what is wrong; empty if nothing is. What a run that was refused or went
        bad says for itself is in `message.txt`.
    """
    case, output = write(tables, folder), folder / "out.h5"
    code, _, err = tell("run", case, "-o", output, "--quiet")
    (folder / "message.txt").write_text(err, encoding="utf-8")
    if code in (2, 3):
        return code, "" if is_sentence(err) else f"says {err[-600:]!r}"
    if code:
        return code, f"run: {err}"
    return 0, _wrong_numbers(output, tables) or _wrong_verbs(case, output, tables, turn)


def _wrong_numbers(output: Path, tables: dict[str, Any]) -> str:
    """What is not finite among energies, predictions and masses, or a mass that is not 1."""
    wrong = []

    def look(name: str, item: Any) -> None:
        last = name.split("/")[-1]
        if isinstance(item, h5py.Dataset) and last in ("energy", "free_energy", "mass", "prediction"):
            values = item[()]
            if not np.all(np.isfinite(values)):
                wrong.append(f"{name} is not finite")
            elif (
                last == "mass"
                and np.max(np.abs(values - 1)) > MASS[tables["eulerian"].get("precision", "float64")]
            ):
                wrong.append(f"{name} is off 1 by {np.max(np.abs(values - 1)):.1e}")

    with h5py.File(output) as file:
        file.visititems(look)
    return ", ".join(wrong)


def _wrong_verbs(case: Path, output: Path, tables: dict[str, Any], turn: int) -> str:
    variant = ("--variant", "other") if "variants" in tables else ()
    later = 0.2 if variant else tables["time"] + 0.05
    figures = [FIGURES[(turn + k) % len(FIGURES)] for k in (0, 5, 10)]
    shown = [name for name in figures if name not in lacking(open_run(output), figures)] or ["energy"]
    calls: list[tuple[Any, ...]] = [
        ("inspect", output, "--json"),
        ("inspect", output),
        ("compare", output, "--json"),
        ("compare", output),
        ("plot", output, "--format", "png", *(word for name in shown for word in ("--only", name))),
        ("resume", output, "--quiet"),
        ("resume", output, "--until", later, "--quiet"),
        ("compare", output, "--json"),
        ("verify", output),
    ]
    if turn % 5 == 0:
        calls.append(("converge", case, *variant, "--levels", "2", "--nodes", "64", "--json"))
    for call in calls:
        code, out, err = tell(*call)
        if code in (2, 3) and is_sentence(err) and call[0] in MAY_REFUSE:
            continue
        if code or "Traceback" in err:
            return f"{call[0]} {' '.join(map(str, call[2:]))}: code {code}: {err[-1500:]}"
        if "--json" in call:
            json.loads(out)
    return _wrong_numbers(output, tables)


#: verbs that may have nothing to say of a run: there is no density, nothing to refine, or nothing to draw
MAY_REFUSE = ("compare", "converge", "plot")


def main() -> None:
    """Run all rows, tell what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m validation.pairs", description=__doc__)
    parser.add_argument(
        "--family", choices=list(FAMILIES), action="append", help="only this kind of model; repeatable"
    )
    parser.add_argument("--every", type=int, default=1, help="only every so manieth row; default 1")
    options = parser.parse_args()
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    counts: Counter[str] = Counter()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        for family in [FAMILIES[kind] for kind in options.family or FAMILIES]:
            found = rows(family)
            trials = [(row, "") for row in found[:: options.every]] + refusals(family)[:: options.every]
            for turn, (row, word) in enumerate(trials):
                folder = Path(name, family.name, str(turn))
                code, problem = try_case(family.tables(row), folder, turn)
                said = (folder / "message.txt").read_text(encoding="utf-8").strip()
                if not problem and (code == 2) != bool(word):
                    problem = f"code {code}: {said}"
                if not problem and word not in said:
                    problem = f"{word!r} is not in {said!r}"
                counts["wrong" if problem else {0: "finished", 2: "refused", 3: "stopped"}[code]] += 1
                if problem or code == 3:
                    differs = {k: v for k, v in row.items() if v != next(iter(family.factors[k]))}
                    print(
                        f"--- {family.name} {turn} {'WRONG' if problem else 'stopped'}: {problem or said}\n  "
                        f"  {differs}",
                        flush=True,
                    )
            print(
                f"{family.name}: {len(found)} rows, {len(uncovered(family, found))} pairs that no row holds",
                flush=True,
            )
    print(
        ", ".join(f"{count} {what}" for what, count in counts.items()), f"in {time.monotonic() - begun:.0f} s"
    )
    sys.exit(1 if counts["wrong"] else 0)


if __name__ == "__main__":
    main()
