"""A run that is killed between two checkpoints and resumed must equal one that nobody killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import h5py

from mfpde.case import Case
from mfpde.errors import MfpdeError
from mfpde.runs import resume, simulate
from mfpde.store.checkpoints import folder_of
from mfpde.store.checksums import count_good_frames

PATIENCE = 120.0  #: seconds until a run must have a checkpoint


def kill_and_resume(
    case: Case, folder: Path, device: str, check: Callable[..., Any]
) -> Generator[Any, None, tuple[Path | None, Path | None]]:
    """Checks of a kill, by `check(name, passed, found)`.

    Returns the files of the undisturbed run and of the killed one, if they came to be.
    """
    whole, killed = folder / "whole.h5", folder / "killed.h5"
    try:
        simulate(case, whole, device=device)
    except MfpdeError as error:
        yield check("a run reaches its end", False, str(error))
        return None, None
    yield check("a run reaches its end", True, f"{_frames(whole)} frames")
    frames, problem = _kill(case, killed, device)
    if problem:
        yield check("a killed run leaves a whole file", False, problem)
        return whole, None
    with h5py.File(killed) as file:
        good = count_good_frames(file)
    yield check(
        "a killed run leaves a whole file", good == frames, f"{good} of {frames} frames as they were written"
    )
    try:
        resume(killed, device=device)
    except MfpdeError as error:
        yield check("resumed, it equals one that was not killed", False, str(error))
        return whole, None
    different = differences(whole, killed)
    found = (
        f"every dataset, bit by bit, from frame {frames}"
        if not different
        else f"these differ: {', '.join(different[:5])}"
    )
    yield check("resumed, it equals one that was not killed", not different, found)
    return whole, killed


def _kill(case: Case, output: Path, device: str) -> tuple[int, str]:
    """Frames that a killed run left, and what went wrong."""
    file = output.with_suffix(".toml")
    file.write_text(case.text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mfpde",
        "run",
        file.name,
        "-o",
        output.name,
        "--quiet",
        "--device",
        device,
    ]
    process = subprocess.Popen(
        command, cwd=output.parent, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    )
    deadline = time.monotonic() + PATIENCE
    while (
        len(list(folder_of(output).glob("checkpoint-*.npz"))) < 3
        and process.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.002)
    process.kill()
    _, err = process.communicate()
    if not output.exists():
        return 0, err.strip().splitlines()[-1] if err.strip() else "no frame was written in time"
    return _frames(output), ""


def _frames(path: Path) -> int:
    with h5py.File(path) as file:
        return len(file["time"])


def differences(one: Path, other: Path) -> list[str]:
    """Paths of the datasets that differ in a bit, or are in one file alone."""
    found: list[dict[str, bytes]] = []
    for path in (one, other):
        datasets: dict[str, bytes] = {}
        with h5py.File(path) as file:
            file.visititems(
                lambda name, item, of=datasets: (
                    of.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
                )
            )
        found.append(datasets)
    return sorted(name for name in {*found[0], *found[1]} if found[0].get(name) != found[1].get(name))
