"""What checkpoints cost: `python -m benchmarks.checkpoints`.

A run waits while its state is copied to the host; the disk is written to while it goes on. Shown: the share
of a run's time for which it waited, on the shipped case mcycle and on a mesh of 200^3 cells, and that of
checkpoints alone were there one a minute.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from mfpde.case import load_case
from mfpde.runs import simulate
from mfpde.runs.loop import Loop

LARGE: dict[str, Any] = {
    **{f"parameters.{name}.cells": 200 for name in "awb"},
    "eulerian.error_estimate": False,
    "lagrangian.units": [100],
    "lagrangian.replicates": 4,
    "time": 60.0,
    "output.every": 10.0,
    "output.fields_every": 20.0,
    "output.checkpoint_every": 10.0,
}
RUNS: dict[str, dict[str, Any]] = {"mcycle as shipped": {}, "mcycle on 200^3 cells": LARGE}


def main() -> None:
    """Print seconds and shares."""
    saves: list[tuple[float, float, Loop]] = []
    original = Loop.save

    def save(self: Loop) -> None:
        before = self.checkpoints.seconds
        original(self)
        saves.append((self.cost, before, self))

    Loop.save = save  # type: ignore[method-assign]
    for name, changes in RUNS.items():
        saves.clear()
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            simulate(load_case("mcycle").replace(changes), Path(folder) / "run.h5")
            seconds = time.perf_counter() - begun
            loop = saves[-1][2]
            size = max(path.stat().st_size for path in loop.checkpoints.paths()) / 1e6
        each = sum(cost for cost, *_ in saves) / len(saves)
        print(
            f"{name}: {seconds:.1f} s, {len(saves)} checkpoints of {size:.0f} MB, each keeps the run"
            f" {each * 1e3:.0f} ms and the disk {loop.checkpoints.seconds * 1e3:.0f} ms; the run waited"
            f" {loop.waited:.2f} s = {100 * loop.waited / seconds:.2f} %; one a minute would be"
            f" {100 * each / 60:.2f} %"
        )


if __name__ == "__main__":
    main()
