"""The trial of one case: it is run, and every verb does its work on the output."""

import contextlib
import io
import json
import sys
import traceback
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mfpde.cli import entry
from mfpde.figures import FIGURES, lacking
from mfpde.kinds import PROBLEM_TABLES
from mfpde.results.opening import open_run
from validation.fuzz_text import to_toml

POINTS = "x,y,c\n" + "".join(
    f"{x},{y},{c}\n"
    for x, y, c in zip((-1, -0.4, 0.1, 0.7, 1.5), (0.2, -0.3, 0.5, 0.9, 0), (1, 2, 1, 0.5, 1), strict=True)
)
CLASSES = "-1;no;2\n-0,5;?;1\n0,2;yes;1,5\n99;no;1\n1,25;yes;3\n"
#: by how much a mass may differ from 1
MASS = {"float64": 1e-12, "float32": 2e-5}


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
    conserved = PROBLEM_TABLES[tables.get("model", {}).get("kind", PROBLEM_TABLES.first)].conserves_mass

    def look(name: str, item: Any) -> None:
        last = name.split("/")[-1]
        if isinstance(item, h5py.Dataset) and last in ("energy", "free_energy", "mass", "prediction"):
            values = item[()]
            if not np.all(np.isfinite(values)):
                wrong.append(f"{name} is not finite")
            elif (
                last == "mass"
                and conserved
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
