"""Whether output files are, frame by frame, what was written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mfpde.data.hdf5 import open_hdf5
from mfpde.results.opening import open_run
from mfpde.store.checksums import count_good_frames
from mfpde.store.layout import FRAMES


def verify_files(paths: Sequence[Path]) -> dict[str, Any]:
    """Checks of outputs: "checks" (name, passed, found) and "passed".

    Raises:
        InputError: one is no output of mfpde.
    """
    checks = [_check(path) for path in paths]
    return {"checks": checks, "passed": all(check["passed"] for check in checks)}


def _check(path: Path) -> dict[str, Any]:
    open_run(path).close()
    with open_hdf5(path, path) as file:
        if FRAMES not in file:
            return {
                "name": str(path),
                "passed": True,
                "found": "written before outputs had checksums: nothing to compare with",
            }
        frames, good = len(file["time"]), count_good_frames(file)
    found = (
        f"all {frames} frames as they were written"
        if good == frames
        else f"frame {good} of {frames} (from 0) is not what was written"
    )
    return {"name": str(path), "passed": good == frames, "found": found}
