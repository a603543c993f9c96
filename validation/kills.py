"""Kill runs at random times and resume them: `python -m validation.kills [--kills 200] [--seed 0]`.

Every run is a process that SIGKILL ends at a random moment. Then its file must open, hold every frame that
was published before, as it was written, and the run, resumed (and often killed again on the way), must end as
one that was never killed: every dataset equal, bit by bit.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import xarray as xr

from mfpde.case import Case
from mfpde.case.load import case_from_tables
from mfpde.errors import MfpdeError
from mfpde.runs import resume, simulate
from mfpde.store.checksums import count_good_frames
from mfpde.store.writer import Writer
from mfpde.verify.killing import differences

AXIS = {"domain": [-4, 4], "initial": {"law": "normal", "within": [-3, 3]}}
TABLES: dict[str, Any] = {
    "time": 3.0,
    "model": {"penalty": {"lambda": 0.01, "power": 2}},
    "data": {"teacher": "sin(1.5*x0)", "inputs": {"law": "grid", "low": -2, "high": 2, "points": 20}},
    "parameters": {"a": AXIS | {"cells": 17}, "w": AXIS | {"cells": 16}, "b": AXIS | {"cells": 15}},
    "lagrangian": {"units": [20, 60], "replicates": 3},
    "output": {"every": 0.1, "fields_every": 0.5, "checkpoint_every": 0.05},
}
BIRTHS = {"a": {"law": "normal", "std": 0.5, "within": [-3, 3]}}
#: everything that acts on the measure besides transport
REACTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "birth-death": {"dynamics.birth_death": 1.0},
    "births from a law": {"dynamics.birth_death": 1.0, "dynamics.births": BIRTHS},
    "weights": {"dynamics.birth_death": 1.0, "lagrangian.reaction": "weights"},
    "birth-death and noise": {"dynamics.birth_death": 1.0, "dynamics.diffusion": 0.02},
    "entropic, density alone": {
        "dynamics.birth_death": 1.0,
        "dynamics.diffusion": 0.02,
        "dynamics.reaction": "entropic",
        "lagrangian.units": [],
    },
}
PRECISIONS = ("float64", "float32")
AGAIN = 0.5  #: of the resumed runs that are killed again


def cases() -> dict[str, Case]:
    """All reactions in both precisions."""
    case = case_from_tables(TABLES, Path("kills.toml"))
    found = {}
    for name, changes in REACTIONS.items():
        for precision in PRECISIONS:
            found[f"{name}, {precision}"] = case.replace(
                {**changes, "eulerian.precision": precision, "lagrangian.precision": precision}
            )
    return found


def start(work: Any, log: Path) -> int:
    """A process that does some work and notes in a file how many frames it has published; its number."""
    child = os.fork()
    if child:
        return child
    original = Writer.write_frame
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def write_frame(self: Writer, *arguments: Any) -> None:
        original(self, *arguments)
        os.pwrite(handle, f"{len(self.file['time']):6d}".encode(), 0)

    Writer.write_frame = write_frame  # type: ignore[method-assign]
    code = 1
    try:
        code = 0 if work() else 130
    except MfpdeError as error:
        print(f"  {error}", file=sys.stderr)
        code = error.exit_code
    finally:
        os._exit(code)


def problem_of(path: Path, published: int) -> str:
    """What is wrong with the file of a killed run; empty if nothing is."""
    if not path.exists():
        return "" if published == 0 else "no file, though a frame was published"
    try:
        with h5py.File(path) as file:
            frames, good = len(file["time"]), count_good_frames(file)
        xr.open_datatree(path, engine="h5netcdf", phony_dims="sort").close()
    except Exception as error:  # whatever it is, it is what we look for
        return f"unreadable: {str(error).splitlines()[0]}"
    if good < frames:
        return f"frame {good} of {frames} differs from what was written"
    return f"{published} frames were published, {frames} are there" if frames < published else ""


def main() -> None:
    """Kill, look, resume, compare, count."""
    parser = argparse.ArgumentParser(prog="python -m validation.kills", description=__doc__)
    parser.add_argument(
        "--kills", type=int, default=200, help="how many SIGKILLs, and runs that are resumed; default 200"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random times; default 0")
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        sys.exit(
            "python -m validation.kills: this system cannot fork a process, by which runs are made here;"
            " mfpde verify kills one anywhere"
        )
    # of forks of a process with threads; this one only waits, and looks at files
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*multi-threaded.*")
    chance, counts = random.Random(options.seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder, references, seconds = Path(name), {}, {}
        for kind, case in cases().items():
            whole, log = folder / f"{kind}.h5", folder / "log"
            for path in (whole, folder / "again.h5"):  # the first run also builds the kernels
                begun = time.monotonic()
                os.waitpid(start(lambda case=case, path=path: simulate(case, path, overwrite=True), log), 0)
                seconds[kind] = time.monotonic() - begun
            references[kind] = whole
            if different := differences(whole, folder / "again.h5"):
                sys.exit(f"{kind}: two runs that nobody killed differ in {different}")
            print(f"{kind}: {seconds[kind]:.1f} s undisturbed", flush=True)
        kinds = list(references)
        while min(counts["kills"], counts["equal"] + counts["unequal"]) < options.kills:
            kind = kinds[counts["runs"] % len(kinds)]
            counts["runs"] += 1
            _one(
                kind,
                cases()[kind],
                references[kind],
                seconds[kind],
                folder / f"run-{counts['runs']}",
                chance,
                counts,
            )
            if counts["runs"] % 12 == 0:
                print(_line(counts), flush=True)
    print(_line(counts))
    sys.exit(0 if counts["bad files"] == counts["unequal"] == 0 else 1)


def _line(counts: Counter[str]) -> str:
    names = ("kills", "killed runs", "resumes", "killed before a checkpoint", "bad files", "equal", "unequal")
    return ", ".join(f"{counts[name]} {name}" for name in names)


def _one(
    kind: str,
    case: Case,
    reference: Path,
    seconds: float,
    folder: Path,
    chance: random.Random,
    counts: Counter[str],
) -> None:
    """One run, killed at least once if it does not end before."""
    folder.mkdir()
    output, log = folder / "out.h5", folder / "log"
    work, killed = (lambda: simulate(case, output)), False
    while True:
        log.write_bytes(b"")
        child = start(work, log)
        code = None
        if not killed or chance.random() < AGAIN:
            time.sleep(chance.uniform(0.05, 1.0) * seconds)
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            code = None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            if code is None:
                counts["killed runs"] += not killed
                killed = True
                counts["kills"] += 1
                counts["killed before a checkpoint"] += not any(
                    "000000" not in path.name for path in folder.glob("*.checkpoints/checkpoint-*.npz")
                )
        else:
            code = os.WEXITSTATUS(os.waitpid(child, 0)[1])
        problem = problem_of(output, int(log.read_bytes() or 0))
        if problem:
            counts["bad files"] += 1
            print(f"{kind}: {problem}", file=sys.stderr)
        if code is not None:
            break
        work = _resume_or_begin(case, output)
        counts["resumes"] += 1
    if not killed:
        return  # it was done before its time had come
    same = code == 0 and not differences(reference, output)
    counts["equal" if same else "unequal"] += 1
    if not same:
        print(f"{kind}: exit code {code}, the file differs from that of the undisturbed run", file=sys.stderr)


def _resume_or_begin(case: Case, output: Path) -> Any:
    """As a user would: resume, unless the run was killed before it left anything to resume."""

    def go_on() -> bool:
        begun = list(output.parent.glob("*.checkpoints/*.npz"))
        return resume(output) if begun else simulate(case, output, overwrite=True)

    return go_on


if __name__ == "__main__":
    main()
