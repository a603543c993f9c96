"""The width planner: how many units reach a given accuracy at a given time.

E|f_n - f|^2 against the mean field of the run is fitted over the whole ladder (`analysis.width_fit`), with
the limit of n E|f_n - f|^2 where it was predicted. What is planned is what such a run will measure: the mean
field's own error, if the ladder shows it, is in it. A single network scatters about the mean as |g|^2 does, g
Gaussian with the predicted covariance; without one, as those of all widths do, each over its mean.
"""

from typing import Any

import numpy as np

from mfpde.analysis.fluctuations import process_of
from mfpde.analysis.limit import Scatter, mean_field_group
from mfpde.analysis.width_fit import RESAMPLES, WidthFit, fit_widths
from mfpde.errors import InputError
from mfpde.randomness import generator
from mfpde.results.run import Run

DRAWS = 200_000
CONFIDENCE = 0.95
#: replicates from which a quantile may be read, and from which it has an upper limit: 0.95^72 < 0.025
FEWEST, FEWEST_LIMIT = 20, 72
DECIDED = 0.1  #: of the tolerance, to which a plan should be known


def plan_width(
    run: Run, scatters: list[Scatter], tolerance: float, time: float | None = None
) -> dict[str, Any]:
    """Widths whose distance |f_n - f| from the mean field is at most `tolerance`: on average (root mean
    square), and with 95 % probability.

    Arguments:
        tolerance: a distance in L2(nu), in the units of the targets.
        time: an output time; the last if None.
    Returns:
        time, tolerance, constant ({value, low, high} of lim n E|f_n - f|^2), bias_constant (of n^-2; of
        either sign), floor (the mean field's own |f_h - f|^2 as far as the ladder shows it), mean and
        confident ({units, low, high}), confidence, source ("predicted" or "observed"), uncertainty (of the
        distance at the planned mean width, relative; 95 %), decided (whether that is at most 10 %),
        mean_field_error (the bound of the mesh's own |f_h - f|^2; 0 if there is none). `units` is None if no
        width reaches the tolerance; `high` if an upper limit is not known.
    Raises:
        InputError: neither a prediction nor replicates to go by, or no output at that time.
    """
    if not 0 < tolerance < np.inf:
        raise InputError(f"--tolerance {tolerance:g}: expected a positive distance")
    k = output_index(run, time)
    # the prediction is for units with weights: jumps add noise that it does not know
    predicted = "fluctuations" in run.tree.children and process_of(run) != "birth_death"
    replicates = sum(s.replicates for s in scatters)
    if not predicted and replicates < FEWEST:
        raise InputError(
            f"{run.path}: holds no predicted fluctuations of such units (fluctuations.predict = true, without"
            f" jumps) nor networks of {FEWEST} replicates or more, from which to plan a width"
        )
    own = own_error(run, k)
    most = np.inf if own is None else own
    limit, ratio = _predicted(run, k) if predicted else (None, None)
    fit = fit_widths(scatters, k, limit, most, run.paired)
    ratios = np.full(len(fit.coefficients), ratio) if ratio is not None else _ratios(scatters, k)
    square = tolerance**2
    mean = [smallest_width(c[0], c[1], tolerance, c[2]) for c in fit.gap]
    confident = [
        smallest_width(c[0] * q, c[1] * q, tolerance, c[2]) for c, q in zip(fit.gap, ratios, strict=True)
    ]
    uncertainty = _uncertainty(fit, mean[0], square)
    return {
        "time": float(run.times[k]),
        "tolerance": tolerance,
        "source": "predicted" if predicted else "observed",
        "mean_field_error": own or 0.0,
        "constant": _with_interval(fit.coefficients[:, 0]),
        "bias_constant": float(fit.gap[0, 1]),
        "floor": float(fit.gap[0, 2]),
        "confidence": CONFIDENCE,
        "mean": _widths(mean),
        "confident": _widths(confident, upper=predicted or replicates >= FEWEST_LIMIT),
        "uncertainty": uncertainty,
        "decided": uncertainty is not None and uncertainty <= DECIDED,
    }


def _with_interval(found: np.ndarray) -> dict[str, float]:
    """An estimate, the first of some numbers, and the interval that holds 95 % of the others."""
    low, high = np.percentile(found[1:], [2.5, 97.5])
    return {"value": float(found[0]), "low": float(low), "high": float(high)}


def own_error(run: Run, k: int) -> float | None:
    """The bound of the mesh's own |f_h - f|^2 at an output where networks are compared with its f.

    0 at the start, None if it is not known.
    """
    if mean_field_group(run) != "eulerian" or "grid_error" not in run.eulerian:
        return None
    found = float(run.eulerian["grid_error"].values[k])
    return found if np.isfinite(found) else None


def smallest_width(constant: float, second: float, tolerance: float, floor: float = 0.0) -> int | None:
    """The smallest n from which on constant / n + second / n^2 + floor <= tolerance^2, or None."""
    room = tolerance**2 - floor
    if not room > 0:
        return None
    n = (constant + np.sqrt(max(0.0, constant**2 + 4 * second * room))) / (2 * room)
    return max(1, int(np.ceil(n * (1 - 1e-12))))


def _widths(found: list[int | None], upper: bool = True) -> dict[str, int | None]:
    """The width of the fit, and the 95 % interval of widths of replicates drawn anew.

    That no width suffices counts as an infinite one.
    """
    drawn = np.array([np.inf if n is None else n for n in found[1:]])
    low, high = np.percentile(drawn, [2.5, 97.5], method="nearest")
    return {
        "units": found[0],
        "low": int(low) if np.isfinite(low) else None,
        "high": int(high) if upper and np.isfinite(high) else None,
    }


def _uncertainty(fit: WidthFit, units: int | None, square: float) -> float | None:
    """Half the 95 % interval of the distance at the planned width, over the tolerance.

    With a floor of the mean field that may be there unseen.
    """
    if units is None:
        return None
    found = np.maximum(fit.mean_square(units), 0.0)
    low, high = np.percentile(found[1:], [2.5, 97.5])
    # a floor that was not taken up may still be there, and then 1/n counts for less
    unseen = fit.floor if fit.gap[0, 2] == 0 else 0.0
    high = max(high, found[0] + unseen) if np.isfinite(unseen) else high
    return float((np.sqrt(high) - np.sqrt(low)) / (2 * np.sqrt(square)))


def output_index(run: Run, time: float | None) -> int:
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
    """Quantile of |g|^2 for a Gaussian g with these largest eigenvalues and this trace.

    The rest of the trace is taken as its mean.
    """
    squares = generator(0, "bootstrap", len(spectrum), 1).standard_normal((DRAWS, len(spectrum))) ** 2
    return float(np.quantile(squares @ spectrum, CONFIDENCE) + max(0.0, total - spectrum.sum()))


def _predicted(run: Run, k: int) -> tuple[tuple[float, float], float]:
    """lim n E|f_n - f|^2 with its error, and the quantile of n |f_n - f|^2 over it."""
    found = run.group("fluctuations")
    value, error = (
        float(x[k]) for x in (found["predicted"].values, (found["node_error"] + found["rank_error"]).values)
    )
    return (value, error), gaussian_quantile(found["spectrum"].values[k], value) / value if value else 1.0


def _ratios(scatters: list[Scatter], k: int) -> np.ndarray:
    """Quantiles of |f_n - f|^2 over its mean, networks of all widths together (resamples + 1,).

    The first as observed, the others as drawn anew.
    """
    ratios = np.concatenate(
        [s.gaps[k] / s.gaps[k].mean() if s.gaps[k].mean() > 0 else np.ones(s.replicates) for s in scatters]
    )
    random = generator(0, "bootstrap", len(ratios), 4)
    picks = ratios[random.integers(len(ratios), size=(RESAMPLES, len(ratios)))]
    return np.concatenate([[np.quantile(ratios, CONFIDENCE)], np.quantile(picks, CONFIDENCE, axis=1)])
