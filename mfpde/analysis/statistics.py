"""Statistics over replicates, with honest uncertainty."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mfpde.randomness import generator

RESAMPLES = 2000


class Slope(NamedTuple):
    """A fitted exponent and its 95 % bootstrap interval."""

    slope: float
    low: float
    high: float


def evenly(total: int, most: int) -> list[int]:
    """Indices 0 ... total - 1 of at most `most` evenly spaced items, the first and the last among them.

    Of many items they are even to rounding; of few they are exactly even, if need be fewer.
    """
    if total > 3 * most:
        return sorted({round(k * (total - 1) / (most - 1)) for k in range(most)})
    for count in range(min(most, total), 2, -1):
        if (total - 1) % (count - 1) == 0:
            return list(range(0, total, (total - 1) // (count - 1)))
    return sorted({0, total - 1})


def floats(values: np.ndarray) -> list[float]:
    """Plain numbers; unlike `tolist` it refuses values of two axes, which a damaged file may hold."""
    return [float(value) for value in values]


def mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the last axis and its standard error; the error is NaN for a single replicate."""
    count = values.shape[-1]
    error = values.std(axis=-1, ddof=1) / np.sqrt(count) if count > 1 else np.full(values.shape[:-1], np.nan)
    return values.mean(axis=-1), error


def power_law(samples: Mapping[int, np.ndarray], paired: bool = False) -> Slope:
    """Fit log(mean) = slope log(n) + constant over widths n, by least squares; interval by resampling
    replicates.

    Arguments:
        samples: for each width its values, one per replicate.
        paired: whether replicates of the same number share random numbers over widths, and are resampled
            together; the first ones of each width, as many as all have.
    Returns:
        NaNs if there are fewer than two widths or a mean is not positive; no interval if a width has a single
        replicate.
    """
    widths = sorted(samples)
    if paired:
        shared = min(map(len, samples.values()), default=0)
        samples = {n: values[:shared] for n, values in samples.items()}
    nothing = Slope(np.nan, np.nan, np.nan)
    if len(widths) < 2:
        return nothing
    means = np.array([[samples[n].mean() for n in widths]])
    if not np.all(means > 0):
        return nothing
    random = generator(0, "bootstrap")
    picks: np.ndarray = np.empty(0, dtype=np.int64)
    resampled = []
    for n in widths:
        if not (paired and len(picks)):
            picks = random.integers(len(samples[n]), size=(RESAMPLES, len(samples[n])))
        resampled.append(samples[n][picks].mean(axis=1))
    slopes = _slopes(np.log(widths), np.log(np.column_stack(resampled)))
    low, high = (
        np.percentile(slopes, [2.5, 97.5]) if min(map(len, samples.values())) > 1 else (np.nan, np.nan)
    )
    return Slope(float(_slopes(np.log(widths), np.log(means))[0]), float(low), float(high))


def _slopes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    centred = x - x.mean()
    return (y - y.mean(axis=1, keepdims=True)) @ centred / (centred @ centred)


class Interval(NamedTuple):
    """An estimate at every time and its 95 % bootstrap interval (times,); NaN for a single replicate."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def resamples(count: int) -> np.ndarray:
    """How often each of `count` replicates is drawn, as shares (RESAMPLES, count).

    The same for every quantity, so that they can be combined.
    """
    picks = generator(0, "bootstrap", count).integers(count, size=(RESAMPLES, count))
    shares = np.zeros((RESAMPLES, count))
    np.add.at(shares, (np.arange(RESAMPLES)[:, None], picks), 1 / count)
    return shares


def bootstrap_mean(values: np.ndarray) -> Interval:
    """Mean over replicates of values (times, replicates)."""
    return interval(values.mean(axis=1), resamples(values.shape[1]) @ values.T, values.shape[1])


def interval(value: np.ndarray, resampled: np.ndarray, replicates: int) -> Interval:
    """The percentile interval of resampled estimates (RESAMPLES, times)."""
    if replicates < 2:
        missing = np.full(len(value), np.nan)
        return Interval(value, missing, missing)
    return Interval(value, *np.percentile(resampled, [2.5, 97.5], axis=0))
