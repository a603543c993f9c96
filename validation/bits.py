"""`python -m validation.bits --write FILE`, later `--against FILE`: did a change of the code change a bit?

Every shipped case, made small, and small cases of what those leave out run on NumPy and on OpenCL. The first
call keeps a SHA-256 of all numbers that they store, and the numbers themselves in an NPZ file beside it; the
second runs all anew and tells what differs.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import h5py
import numpy as np

from mfpde.case import Case
from mfpde.errors import MfpdeError
from mfpde.runs import simulate
from mfpde.store.layout import FRAMES
from validation.bits_cases import all_runs

WORKERS = 2
Arrays = dict[str, np.ndarray]
Digests = dict[str, dict[str, str]]
Row = tuple[str, str, str]  #: run, dataset, how it differs


def run_one(case: Case) -> tuple[Arrays, str, float]:
    """What a run stores, by paths; what went wrong, if anything did; and its seconds."""
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.h5"
        try:
            whole = simulate(case, path)
        except MfpdeError as error:
            return {}, str(error), perf_counter() - start
        if not whole:
            raise SystemExit("stopped")
        return stored(path), "", perf_counter() - start


def end_with_parent() -> None:
    """A worker whose parent was killed goes too."""

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def stored(path: Path) -> Arrays:
    """Every numeric dataset of an output, and the numbers of its health.

    Without the checksums of frames, which tell of all datasets at once, also of new ones.
    """
    found: Arrays = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf" and name != FRAMES:
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
        health = json.loads(file.attrs["health"])
    return found | {f"health/{key}": np.asarray(value) for key, value in numbers("", health)}


def numbers(key: str, value: Any) -> Iterator[tuple[str, float]]:
    """The numbers in nested tables, by paths."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from numbers(f"{key}/{name}" if key else name, inner)
    elif isinstance(value, bool | int | float):
        yield key, value


def digest(array: np.ndarray) -> str:
    """SHA-256 of the type, the shape and the bytes."""
    head = f"{array.dtype.str} {array.shape} "
    return hashlib.sha256(head.encode() + np.ascontiguousarray(array).tobytes()).hexdigest()


def run_all(cases: dict[str, Case]) -> tuple[dict[str, Arrays], list[str]]:
    """What all runs store, by names of runs, and the names of those that went wrong; tells how far it is."""
    found: dict[str, Arrays] = {}
    wrong = []
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        names = {pool.submit(run_one, case): name for name, case in cases.items()}
        try:
            for done, future in enumerate(as_completed(names), 1):
                name = names[future]
                found[name], problem, seconds = future.result()
                told = problem or f"{seconds:.1f} s"
                print(f"[{done}/{len(names)}] {name}: {told}", file=sys.stderr, flush=True)
                wrong += [name] if problem else []
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {name: found[name] for name in cases if name not in wrong}, wrong


def write(file: Path, found: dict[str, Arrays]) -> None:
    """Keep digests in a JSON file, and the arrays beside it."""
    digests: Digests = {}
    flat: dict[str, Any] = {}
    for name, arrays in found.items():
        digests[name] = {path: digest(array) for path, array in sorted(arrays.items())}
        flat |= {f"{name}/{path}": array for path, array in arrays.items()}
    file.write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    np.savez_compressed(file.with_suffix(".npz"), **flat)


def change(old: np.ndarray, new: np.ndarray) -> str:
    """How far an array is from what it was, relative to the largest number it held."""
    if (old.dtype, old.shape) != (new.dtype, new.shape):
        return f"{old.dtype} {old.shape} became {new.dtype} {new.shape}"
    one, other = np.atleast_1d(old.astype(float)), np.atleast_1d(new.astype(float))
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        return "other values are not finite"
    scale = np.max(np.abs(one[finite]), initial=0.0)
    largest = np.max(np.abs(one[finite] - other[finite]), initial=0.0)
    return f"{largest / scale:.1e}" if scale else f"{largest:.1e}, all were 0"


def compare(reference: Digests, arrays: Any, found: dict[str, Arrays]) -> tuple[list[Row], list[str]]:
    """What differs or is missing, and the names of what is new.

    Arguments:
        arrays: the old ones, by run/dataset.
    """
    rows: list[Row] = []
    new = [name for name in found if name not in reference]
    for name, digests in reference.items():
        now = found.get(name)
        if now is None:
            rows.append((name, "*", "missing"))
            continue
        for path, old in digests.items():
            if path not in now:
                rows.append((name, path, "missing"))
            elif digest(now[path]) != old:
                rows.append((name, path, change(arrays[f"{name}/{path}"], now[path])))
        new += [f"{name}: {path}" for path in sorted(now) if path not in digests]
    return rows, new


def tell(rows: list[Row], new: list[str], datasets: int, runs: int) -> None:
    """Print the table of differences."""
    for line in new:
        print(f"new: {line}")
    table = [("run", "dataset", "largest relative difference"), *rows] if rows else []
    first, second = (max((len(row[k]) for row in table), default=0) for k in (0, 1))
    for name, path, how in table:
        print(f"{name:{first}}  {path:{second}}  {how}")
    verdict = f"{len(rows)} differ or are missing, in {len({row[0] for row in rows})} runs"
    print(f"{datasets} datasets of {runs} runs: {verdict if rows else 'every bit is the same'}")


def main() -> None:
    """Run, then keep or compare."""
    parser = argparse.ArgumentParser(prog="python -m validation.bits", description=__doc__)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--write", type=Path, metavar="FILE", help="keep digests in this JSON file")
    asked.add_argument("--against", type=Path, metavar="FILE", help="tell what differs from such a file")
    parser.add_argument("--only", default="", metavar="PATTERN", help="runs whose names hold this")
    options = parser.parse_args()
    cases = {name: case for name, case in all_runs().items() if options.only in name}
    found, wrong = run_all(cases)
    if options.write:
        write(options.write, found)
        print(f"{sum(map(len, found.values()))} datasets of {len(found)} runs kept")
        sys.exit(1 if wrong else 0)
    kept = json.loads(options.against.read_text(encoding="utf-8"))
    reference: Digests = {name: digests for name, digests in kept.items() if options.only in name}
    with np.load(options.against.with_suffix(".npz")) as arrays:
        rows, new = compare(reference, arrays, found)
    tell(rows, new, sum(map(len, reference.values())), len(reference))
    sys.exit(1 if rows or wrong else 0)


if __name__ == "__main__":
    main()
