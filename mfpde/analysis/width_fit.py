"""How the mean gap of networks falls with their width, fitted over the whole ladder.

Against the mean field that a run has, E|f_n - f|^2 = variance + bias^2, with variance C/n + D/n^2 and bias^2
= b/n^2 + F: C is lim n E|f_n - f|^2, and F >= 0 is the square of the mean field's own error. bias^2 is known
much better than the gap is, and so tells F and b apart from C. D, b and F are taken up only where the ladder
shows them; how sure that is, replicates drawn anew tell, which choose anew each time.
"""

import itertools
from typing import NamedTuple

import numpy as np

from mfpde.analysis.limit import Scatter
from mfpde.randomness import generator

RESAMPLES = 2000
#: what chi^2 must fall by for a term to be taken up: chance alone does less in 95 % of cases
TELLS = 3.84
C, D, BIAS, F = range(4)


class WidthFit(NamedTuple):
    """Coefficients C, D, b and F (resamples + 1, 4): fitted as observed, then to replicates drawn anew."""

    coefficients: np.ndarray
    floor: float  #: 95 % limit of F, whether it was taken up or not

    @property
    def gap(self) -> np.ndarray:
        """Coefficients of 1/n, 1/n^2 and 1 in the mean gap (resamples + 1, 3)."""
        found = self.coefficients
        return np.column_stack([found[:, C], found[:, D] + found[:, BIAS], found[:, F]])

    def mean_square(self, units: float) -> np.ndarray:
        """E|f_n - f|^2 at a width (resamples + 1,)."""
        return self.gap @ np.array([1 / units, 1 / units**2, 1.0])


def fit_widths(
    scatters: list[Scatter], k: int, known: tuple[float, float] | None, most: float, paired: bool
) -> WidthFit:
    """The fit at an output.

    Arguments:
        k: index of the output.
        known: C and its error, if it was predicted.
        most: F is at most this.
        paired: whether replicates share random numbers over widths, and are drawn anew together.
    """
    random = generator(0, "bootstrap", len(scatters), 2)
    rows, errors, observed = [], [], []
    gaps, spread = _means(scatters, k, paired, random), _relative_spread(scatters, k)
    level = float(np.average(gaps[0], weights=[s.replicates for s in scatters])) if scatters else 0.0
    for s, gap, error in zip(scatters, gaps.T, _bias_errors(scatters, k, spread, level), strict=True):
        bias = np.zeros(RESAMPLES + 1)
        if s.replicates > 1 and error > 0:
            value = float(s.bias_squared.value[k])
            bias = np.concatenate([[value], value + error * random.standard_normal(RESAMPLES)])
            rows.append([0, 0, 1 / s.units**2, 1])
            errors.append(error)
            observed.append(bias)
        rows.append([1, 1 / s.units, 0, 0])
        errors.append(max(spread * level / np.sqrt(s.replicates), 1e-300))
        observed.append(gap - s.units * bias)
    if known is not None:
        value, error = known
        rows.append([1, 0, 0, 0])
        errors.append(max(error, 1e-3 * abs(value), 1e-300))
        observed.append(np.concatenate([[value], value + error * random.standard_normal(RESAMPLES)]))
    scaled, lines = np.array(rows) / np.array(errors)[:, None], np.column_stack(observed) / np.array(errors)
    found = _select(scaled, lines, most)
    return WidthFit(found, _floor(scaled, lines[0], most, found[0]))


def _means(scatters: list[Scatter], k: int, paired: bool, random: np.random.Generator) -> np.ndarray:
    """Means of n |f_n - f|^2, as observed and as drawn anew (resamples + 1, widths)."""
    found, picks = np.zeros((RESAMPLES + 1, len(scatters))), np.empty((0, 0), dtype=np.int64)
    for column, s in zip(found.T, scatters, strict=True):
        scaled = s.units * s.gaps[k]
        if not (paired and picks.size and picks.shape[1] == len(scaled)):
            picks = random.integers(len(scaled), size=(RESAMPLES, len(scaled)))
        column[:] = np.concatenate([[scaled.mean()], scaled[picks].mean(axis=1)])
    return found


def _relative_spread(scatters: list[Scatter], k: int) -> float:
    """Standard deviation of a gap over its mean, by all widths together: it is nearly the same for all, and a
    width whose few replicates happen to be near each other, and near 0, would else count too much.
    """
    means = [float(s.gaps[k].mean()) for s in scatters]
    squares = sum(
        float(np.sum((s.gaps[k] / m - 1) ** 2)) for s, m in zip(scatters, means, strict=True) if m > 0
    )
    return float(np.sqrt(squares / max(1, sum(s.replicates - 1 for s in scatters)))) or 1e-3


def _bias_errors(scatters: list[Scatter], k: int, spread: float, level: float) -> np.ndarray:
    """Standard errors of bias^2 of every width, were it the same for all.

    2 S/K^2 + 4 bias^2 (S/v)/K is the variance of its estimate from K networks of variance v, S the trace of
    the square of their covariance, which the spread of gaps tells. An interval by the width itself is too
    short where bias^2 came out small.
    """
    counts, variances = (
        np.array([s.replicates for s in scatters]),
        np.array([level / s.units for s in scatters]),
    )
    share = min(1.0, spread**2 / 2)  # S / v^2, since a gap's variance is 2 S
    alone = 2 * share * variances**2 / counts**2
    if not np.all(alone > 0):
        return np.zeros(len(scatters))
    common = max(0.0, float(np.average([s.bias_squared.value[k] for s in scatters], weights=1 / alone)))
    return np.sqrt(alone + 4 * common * share * variances / counts)


def _select(rows: np.ndarray, observed: np.ndarray, most: float) -> np.ndarray:
    """Coefficients of the simplest model that nothing more tells against, per line (lines, rows)."""
    best, missed = np.zeros((len(observed), 4)), np.full(len(observed), np.inf)
    for more in range(4):
        for terms in itertools.combinations((D, BIAS, F), more):
            used = [C, *terms]
            if np.linalg.matrix_rank(rows[:, used]) < len(used):
                continue  # one width cannot tell these apart
            found = np.zeros((len(observed), 4))
            found[:, used] = observed @ np.linalg.pinv(rows[:, used]).T
            allowed = np.all(found[:, [C, BIAS, F]] >= 0, axis=1) & (found[:, F] <= most)
            squares = np.sum((observed - found @ rows.T) ** 2, axis=1) + TELLS * more
            better = (squares < missed) & (allowed | (more == 0))
            best[better], missed[better] = found[better], squares[better]
    return best


def _floor(rows: np.ndarray, observed: np.ndarray, most: float, taken: np.ndarray) -> float:
    """The largest F, at 95 %, that the rows allow beside the terms taken up; `most` if they tell nothing."""
    used = [*(term for term in (C, D, BIAS) if term == C or taken[term]), F]
    if np.linalg.matrix_rank(rows[:, used]) < len(used):
        return most
    inverse = np.linalg.inv(rows[:, used].T @ rows[:, used])
    value = (inverse @ (rows[:, used].T @ observed))[-1]
    return float(np.clip(value + 1.645 * np.sqrt(inverse[-1, -1]), 0.0, most))
