"""The width planner: how many units reach a given accuracy at a given time.

|f_n - f|^2 is about |g|^2 / n + |b|^2 / n^2: g Gaussian with the predicted covariance, b / n the bias that the ladder shows, if it does. Without a
prediction, and for units that jump, n |f_n - f|^2 of the widest networks stands for |g|^2.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from mfpde.analysis.fluctuations import process_of
from mfpde.analysis.limit import Scatter, mean_field_group
from mfpde.errors import InputError
from mfpde.randomness import generator

if TYPE_CHECKING:
    from mfpde.analysis.run import Run

DRAWS = 200_000
CONFIDENCE = 0.95
#: replicates from which a quantile may be read, and from which it has an upper limit: 0.95^72 < 0.025
FEWEST, FEWEST_LIMIT = 20, 72


def plan_width(run: "Run", scatters: list[Scatter], tolerance: float, time: float | None = None) -> dict[str, Any]:
    """Widths whose distance |f_n - f| from the mean field is at most `tolerance`: on average (root mean square), and with 95 % probability.

    Arguments:
        tolerance: a distance in L2(nu), in the units of the targets.
        time: an output time; the last if None.
    Returns:
        time, tolerance, constant ({value, low, high} of n E|f_n - f|^2), bias_constant (of n^2 bias^2), mean and confident ({units, low, high}),
        confidence, source ("predicted" or "observed"), mean_field_error (the mesh's own |f_h - f|^2; 0 if it is not known). `high` is None where
        there are too few replicates for an upper limit.
    Raises:
        InputError: neither a prediction nor replicates to go by, or no output at that time.
    """
    if not 0 < tolerance < np.inf:
        raise InputError(f"--tolerance {tolerance:g}: expected a positive distance")
    k = output_index(run, time)
    # the prediction is for units with weights: jumps add noise that it does not know
    if "fluctuations" in run.tree.children and process_of(run) != "birth_death":
        constant, quantiles = _predicted(run, k)
        source = "predicted"
    elif scatters and scatters[-1].replicates >= FEWEST:
        constant, quantiles = _observed(scatters[-1], k)
        source = "observed"
    else:
        raise InputError(
            f"{run.path}: holds no predicted fluctuations of such units (fluctuations.predict = true, without jumps) nor networks of "
            f"{FEWEST} replicates or more, from which to plan a width"
        )
    own = own_error(run, k)
    bias = _bias_constant(scatters, k, own, run.paired)
    if source == "observed":  # which has its share of the bias, and of the mesh's error, in it
        inside = bias / scatters[-1].units + own * scatters[-1].units
        constant, quantiles = (tuple(max(0.0, v - inside) for v in values) for values in (constant, quantiles))
    return {
        "time": float(run.times[k]),
        "tolerance": tolerance,
        "source": source,
        "mean_field_error": own,
        "constant": dict(zip(("value", "low", "high"), constant, strict=True)),
        "bias_constant": bias,
        "confidence": CONFIDENCE,
        "mean": {name: smallest_width(c, bias, tolerance) for name, c in zip(("units", "low", "high"), constant, strict=True)},
        "confident": {name: smallest_width(q, bias, tolerance) for name, q in zip(("units", "low", "high"), quantiles, strict=True)},
    }


def own_error(run: "Run", k: int) -> float:
    """The mesh's own |f_h - f|^2 at an output, where networks are compared with its f; 0 if it is not known."""
    if mean_field_group(run) != "eulerian" or "grid_error" not in run.eulerian:
        return 0.0
    return float(np.nan_to_num(run.eulerian["grid_error"].values[k]))


def smallest_width(constant: float, bias: float, tolerance: float) -> int | None:
    """The smallest n with constant / n + bias / n^2 <= tolerance^2; None for an infinite constant."""
    if not np.isfinite(constant):
        return None
    square = tolerance**2
    n = (constant + np.sqrt(constant**2 + 4 * bias * square)) / (2 * square)
    return max(1, int(np.ceil(n * (1 - 1e-12))))


def output_index(run: "Run", time: float | None) -> int:
    """Which output is at a time; the last if None.

    Raises:
        InputError: none is.
    """
    if time is None:
        return len(run.times) - 1
    k = int(np.argmin(np.abs(run.times - time)))
    if abs(run.times[k] - time) > 1e-6 * max(1.0, abs(time)):
        raise InputError(f"--at {time:g}: no output at that time; the nearest is {run.times[k]:g}")
    return k


def gaussian_quantile(spectrum: np.ndarray, total: float) -> float:
    """Quantile of |g|^2 for a Gaussian g with these largest eigenvalues and this trace; the rest of the trace is taken as its mean."""
    squares = generator(0, "bootstrap", len(spectrum), 1).standard_normal((DRAWS, len(spectrum))) ** 2
    return float(np.quantile(squares @ spectrum, CONFIDENCE) + max(0.0, total - spectrum.sum()))


def _predicted(run: "Run", k: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    found = run.group("fluctuations")
    value, error = (float(x[k]) for x in (found["predicted"].values, (found["node_error"] + found["rank_error"]).values))
    quantile = gaussian_quantile(found["spectrum"].values[k], value)
    spread = error / value if value else 0.0
    return (value, max(0.0, value - error), value + error), (quantile, max(0.0, quantile * (1 - spread)), quantile * (1 + spread))


def _observed(widest: Scatter, k: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    scaled = widest.units * widest.gaps[k]
    random = generator(0, "bootstrap", len(scaled), 2)
    picks = scaled[random.integers(len(scaled), size=(2000, len(scaled)))]
    quantiles = np.quantile(picks, CONFIDENCE, axis=1)
    means = picks.mean(axis=1)
    low, high = np.percentile(quantiles, [2.5, 97.5])
    return (
        (float(scaled.mean()), *(float(v) for v in np.percentile(means, [2.5, 97.5]))),
        (float(np.quantile(scaled, CONFIDENCE)), float(low), float(high) if len(scaled) >= FEWEST_LIMIT else np.inf),
    )


def _bias_constant(scatters: list[Scatter], k: int, own: float, paired: bool) -> float:
    """n^2 bias^2, averaged over widths by how well each knows it; 0 unless it is told from 0 by 95 % intervals.

    Arguments:
        own: the error of the mean field, which each bias^2 has in it.
        paired: whether widths share random numbers, so that only one of them counts.
    """
    known = [(s.units**2 * (s.bias_squared.value[k] - own), s.units**2 * (s.bias_squared.high[k] - s.bias_squared.low[k])) for s in scatters]
    known = [(value, width) for value, width in known if np.isfinite(width) and width > 0]
    if not known:
        return 0.0
    values, widths = np.array([min(known, key=lambda found: found[1])] if paired else known).T
    mean, half_width = np.average(values, weights=1 / widths**2), 0.5 / np.sqrt(np.sum(1 / widths**2))
    return float(mean) if mean > half_width else 0.0
