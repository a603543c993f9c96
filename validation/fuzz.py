"""`python -m validation.fuzz`: hostile inputs for everything that reads what a stranger wrote; fails if one
does more than succeed or be refused.

Inputs are read in a child process with limited memory, which is watched: that it dies or hangs is put down to
the input it was reading. That takes fork, resource limits and /proc, so it runs on Linux. `--atheris ENTRY`
lets coverage guide the search instead (`pip install atheris`).
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

ENTRIES = ("case", "formula", "table", "hdf5")
#: seconds of computing one input may take; and how many times as long a process may wait for others, or for
#: what never comes
PATIENCE, WAITS = 5.0, 6
#: bytes that reading may need beyond what the libraries need
MEMORY = 1_500_000_000
#: inputs after which a fresh child takes over
BATCH = 2500
LONGEST_MESSAGE = 2000


class Finding(NamedTuple):
    """What must not happen, at which input."""

    number: int
    kind: str  #: crash, hang, or the name of an exception
    where: str  #: the line it is from, the same for all inputs of one cause
    message: str = ""


@dataclass
class Outcome:
    """The campaign of one entry point."""

    accepted: int = 0
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0


def campaign(entry: str, count: int, seed: int, folder: Path) -> Outcome:
    """Read `count` inputs and tell what came of them."""
    outcome, start, number = Outcome(), time.perf_counter(), 0
    while number < count:
        number = _batch(entry, seed, number, min(number + BATCH, count), folder, outcome)
    outcome.seconds = time.perf_counter() - start
    return outcome


def _batch(entry: str, seed: int, first: int, stop: int, folder: Path, outcome: Outcome) -> int:
    """Watch a child that reads inputs from `first` on; returns the first that it did not come to."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_read_all, args=(entry, seed, first, stop, folder, theirs), daemon=True)
    child.start()
    theirs.close()
    number, ended, waits, before = first, None, 0, 0.0
    while True:
        if not ours.poll(PATIENCE):
            waits += 1
            if waits < WAITS and _computed(child.pid) - before < PATIENCE:
                continue  # other programs had their turn
            ended = Finding(number, "hang", f"longer than {PATIENCE:g} s")
            break
        try:
            kind, *found = ours.recv()
        except EOFError:
            break
        if kind == "started":
            waits, before = 0, _computed(child.pid)
            continue
        outcome.accepted += kind == "accepted"
        outcome.refused += kind == "refused"
        if kind not in ("accepted", "refused"):
            outcome.findings.append(Finding(number, kind, *found))
        number += 1
    child.kill()
    child.join()
    if ended is None and number < stop:
        ended = Finding(number, "crash", f"the process ended with {child.exitcode}")
    if ended is not None:
        outcome.findings.append(ended)
    return number + (ended is not None)


def _computed(process: int | None) -> float:
    """Seconds of processor time that a process has had; 0 of one that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read_all(entry: str, seed: int, first: int, stop: int, folder: Path, pipe: Connection) -> None:
    """In the child: make each input, read it, tell."""
    from validation.fuzz_inputs import make_input
    from validation.fuzz_targets import TARGETS

    sys.addaudithook(_forbid)
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    for number in range(first, stop):
        suffix, content = make_input(entry, seed, number)
        path = folder / f"{entry}-{number}{suffix}"  # that of a finding stays
        path.write_bytes(content)
        pipe.send(("started",))
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
        result = _outcome_of(TARGETS[entry], path)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if len(result) == 1:
            path.unlink()
        pipe.send(result)


def _outcome_of(target, path: Path) -> tuple[str, ...]:
    """Whether it was accepted or refused, or the kind of a finding, where it is from, and its message."""
    from mfpde.errors import InputError

    result: tuple[str, ...] = ("accepted",)
    with warnings.catch_warnings(record=True, action="always") as noticed:
        try:
            target(path)
        except InputError as error:
            message = str(error)
            proper = message.isprintable() and 0 < len(message) <= LONGEST_MESSAGE
            result = ("refused",) if proper else ("message", _place(error), message)
        except BaseException as error:
            result = (type(error).__name__, _place(error), str(error))
    if noticed and len(result) == 1:
        result = ("warning", f"{Path(noticed[0].filename).name}:{noticed[0].lineno}", str(noticed[0].message))
    return result


def _place(error: BaseException) -> str:
    """The innermost line of mfpde."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/mfpde/" in frame.filename]
    return f"{frames[-1].filename.split('/mfpde/')[-1]}:{frames[-1].lineno}" if frames else "outside"


def _forbid(event: str, arguments) -> None:
    """Nothing that is read may start a program, call home or unpickle."""
    if event in (
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "subprocess.Popen",
        "socket.connect",
        "pickle.find_class",
    ):
        raise PermissionError(f"{event} {arguments}")


def _tell(entry: str, outcome: Outcome, count: int, folder: Path, keep: Path | None) -> None:
    print(
        f"{entry:8} {count:8} {outcome.accepted:9} {outcome.refused:9} {len(outcome.findings):9}"
        f" {outcome.seconds:8.0f}",
        flush=True,
    )
    causes = Counter((finding.kind, finding.where) for finding in outcome.findings)
    for (kind, where), times in causes.most_common():
        example = next(f for f in outcome.findings if (f.kind, f.where) == (kind, where))
        print(
            f"    {times:6} x {kind} at {where}, for example input {example.number}:"
            f" {example.message[:120]!r}"
        )
    if keep is not None and outcome.findings:
        keep.mkdir(parents=True, exist_ok=True)
        for finding in outcome.findings:
            for file in folder.glob(f"{entry}-{finding.number}.*"):
                shutil.copy(file, keep / f"{file.stem}-{finding.kind}{file.suffix}")


def main() -> None:
    """Run the campaign that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m validation.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=25_000, help="of each entry point; default 25000")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=ENTRIES, help="this entry point alone")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to write the inputs of findings")
    parser.add_argument("--atheris", choices=ENTRIES, help="search this entry point guided by coverage")
    parser.add_argument(
        "--seconds", type=int, default=60, help="how long to search with --atheris; default 60"
    )
    options = parser.parse_args()
    if options.atheris:
        from validation.fuzz_guided import search

        search(options.atheris, options.seconds, options.seed, options.keep)
    found = 0
    print("entry      inputs  accepted   refused  findings  seconds")
    with tempfile.TemporaryDirectory() as name:
        # libraries are loaded once, not by every child
        import validation.fuzz_targets  # noqa: F401
        from validation.fuzz_inputs import prepare

        folder = Path(name)
        prepare(folder)

        for entry in (options.only,) if options.only else ENTRIES:
            outcome = campaign(entry, options.inputs, options.seed, folder)
            _tell(entry, outcome, options.inputs, folder, options.keep)
            found += len(outcome.findings)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
