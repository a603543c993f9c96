"""Fluctuations predicted and observed: n E|f_n - f|^2 against its limit.

With z-scores, the Monte-Carlo value, and the noise of jumps.
"""

from typing import Any

import numpy as np

from mfpde.analysis.limit import MeanField, Scatter
from mfpde.analysis.statistics import floats, mean_and_error
from mfpde.results.run import Run


def fluctuation_table(run: Run, limit: MeanField, scatters: list[Scatter]) -> dict[str, Any]:
    """Stable keys: process, predicted, node_error, rank_error, monte_carlo, initial, jump_noise, widths;
    lists run over output times.

    z is (observed - predicted) / standard error of the observed mean, without the numerical error of the
    prediction, which stands beside it.
    """
    nodes = run.group("characteristics") if "characteristics" in run.tree.children else None
    found = run.group("fluctuations") if "fluctuations" in run.tree.children else None
    predicted = None if found is None else found["predicted"].values
    table: dict[str, Any] = {"process": process_of(run)}
    for name in ("predicted", "node_error", "rank_error"):
        table[name] = None if found is None else floats(found[name].values)
    monte_carlo = None if nodes is None else nodes["monte_carlo"].values
    table["monte_carlo"] = None if monte_carlo is None else floats(monte_carlo)
    table["jump_noise"] = None
    if nodes is not None and "jump_noise" in nodes:
        rates = nodes["jump_noise"].values
        table["jump_noise"] = np.concatenate(
            [[0.0], np.cumsum((rates[1:] + rates[:-1]) / 2 * np.diff(run.times))]
        ).tolist()
    table["initial"] = [] if monte_carlo is None else [_initial(s, float(monte_carlo[0])) for s in scatters]
    table["widths"] = [_observed(s, predicted) for s in scatters]
    return table


def process_of(run: Run) -> str:
    """What moves units: "transport", "weights", "birth_death" (units jump) or "langevin" (noise)."""
    dynamics = run.case["dynamics"]
    if dynamics["diffusion"]:
        return "langevin"
    return run.case["lagrangian"]["reaction"] if dynamics["birth_death"] else "transport"


def z_scores(observed: np.ndarray, error: np.ndarray, expected: np.ndarray) -> list[float | None]:
    """(observed - expected) / error, None where the error is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (observed - expected) / error
    return [float(v) if np.isfinite(v) else None for v in z]


def _initial(s: Scatter, expected: float) -> dict[str, Any]:
    """n E|f_n - f|^2 at the start, which is the Monte-Carlo value exactly."""
    observed, error = (s.units * part for part in mean_and_error(s.gaps[:1]))
    return {
        "units": s.units,
        "expected": expected,
        "observed": float(observed[0]),
        "z": z_scores(observed, error, np.array([expected]))[0],
    }


def _observed(s: Scatter, predicted: np.ndarray | None) -> dict[str, Any]:
    observed, error = (s.units * part for part in mean_and_error(s.gaps))
    return {
        "units": s.units,
        "replicates": s.replicates,
        "observed": floats(observed),
        "stderr": [float(e) if np.isfinite(e) else None for e in error],
        "z": None if predicted is None else z_scores(observed, error, predicted),
    }
