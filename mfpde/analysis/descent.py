"""Descent by finite steps beside the flow: where gradient descent and SGD follow the mean field."""

from typing import Any

import numpy as np

from mfpde.analysis.limit import Scatter
from mfpde.results.run import Run


def descent_table(run: Run, scatters: list[Scatter]) -> dict[str, Any] | None:
    """For every step eta and batch B, at the last time; None if nothing descended.

    Stable keys: units, replicates, sampling_error (E|f_n - f|^2 of the flow's networks at this width, or
    None), entries: step, batch, flow_gap and function_gap ({mean, stderr}), loss, diverged (share of the
    replicates), follows (whether the gap from the flow is below the sampling error).
    """
    if "descent" not in run.tree.children:
        return None
    found, settings = run.group("descent"), run.case["descent"]
    units = settings["units"]
    sampling = sampling_error(run, scatters, units)
    entries = []
    for i, step in enumerate(settings["steps"]):
        for j, batch in enumerate(settings["batches"]):
            gap = found["flow_gap"].values[-1, i, j]
            mean, error = _mean(gap)
            diverged = float(np.mean(~np.isfinite(gap)))
            entry = {
                "step": step,
                "batch": batch,
                "flow_gap": {"mean": mean, "stderr": error},
                "loss": _mean(found["loss"].values[-1, i, j])[0],
                "diverged": diverged,
                "follows": (
                    None if sampling is None or mean is None else bool(mean <= sampling and not diverged)
                ),
            }
            if "function_gap" in found:
                mean, error = _mean(found["function_gap"].values[-1, i, j])
                entry["function_gap"] = {"mean": mean, "stderr": error}
            entries.append(entry)
    return {
        "units": units,
        "replicates": settings["replicates"],
        "time": float(run.times[-1]),
        "sampling_error": sampling,
        "entries": entries,
    }


def sampling_error(run: Run, scatters: list[Scatter], units: int) -> float | None:
    """E|f_n - f|^2 of the flow's networks at a width, at the last time.

    Observed at that width, else predicted, else scaled from the widest.
    """
    for s in scatters:
        if s.units == units:
            return float(s.gap.value[-1])
    if "fluctuations" in run.tree.children:
        return float(run.group("fluctuations")["predicted"].values[-1]) / units
    return float(scatters[-1].gap.value[-1]) * scatters[-1].units / units if scatters else None


def _mean(values: np.ndarray) -> tuple[float | None, float | None]:
    """Mean and standard error of the finite ones."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None, None
    return float(finite.mean()), float(finite.std(ddof=1) / np.sqrt(len(finite))) if len(finite) > 1 else None
