"""Fourier series of formulas on circles, to rounding: exact for trigonometric polynomials, short for every
analytic function.

Coefficients are those of the FFT of samples; that all beyond the first half of them vanish shows that the
samples suffice.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import scipy.fft
import sympy

from mfpde.expressions import evaluate
from mfpde.measures.wave import Wave

#: a coefficient smaller than this share of the function's largest value is rounding
TOLERANCE = 1e-15
#: samples along every circle, by the number of circles that a function depends on; harmonics of up to a
#: quarter of them may occur
SAMPLES = {1: 512, 2: 96, 3: 32, 4: 16}
#: coefficients of a series at most, of both signs
MOST_HARMONICS = 2048

#: what a symbol stands for: which component it is, and the length of its circle
Circles = Mapping[sympy.Symbol, tuple[int, float]]
#: coefficients of exp(i sum_k 2 pi h_k s_k / L_k), by the whole numbers h of all components
Harmonics = dict[tuple[int, ...], complex]


class NoSeries(Exception):
    """The series is too long, or the function is not finite or one of too many circles at once."""


def fourier_series(formula: sympy.Expr, circles: Circles, d: int) -> dict[Wave, float]:
    """Waves of d components whose sum is a function of differences on circles, taken from minus to plus half
    a turn.

    Sums are taken term by term, and factors that have no circle in common one by one.

    Raises:
        NoSeries: there is none that is short enough.
    """
    total: Harmonics = {}
    for term in sympy.Add.make_args(formula):
        parts: Harmonics = {(0,) * d: 1.0}
        for factor in _apart(term):
            series = _harmonics(factor, circles, d)
            if len(parts) * len(series) > MOST_HARMONICS:
                raise NoSeries
            pairs = itertools.product(parts.items(), series.items())
            parts = {
                tuple(h + k for h, k in zip(one, other, strict=True)): a * b for (one, a), (other, b) in pairs
            }
            least = TOLERANCE * max(map(abs, parts.values()), default=0.0)
            parts = {h: value for h, value in parts.items() if abs(value) > least}
        for h, value in parts.items():
            total[h] = total.get(h, 0.0) + value
    lengths = {k: length for k, length in circles.values()}
    return _real_waves(total, [2 * np.pi / lengths[k] if k in lengths else 0.0 for k in range(d)])


def _apart(term: sympy.Expr) -> list[sympy.Expr]:
    """Factors of a product, those that share a symbol taken together."""
    groups: list[sympy.Expr] = []
    for factor in sympy.Mul.make_args(term):
        shared = [g for g in groups if g.free_symbols & factor.free_symbols]
        groups = [g for g in groups if g not in shared] + [sympy.Mul(*shared, factor)]
    return groups


def _harmonics(function: sympy.Expr, circles: Circles, d: int) -> Harmonics:
    """The coefficients that are not rounding."""
    found = sorted((circles[symbol], symbol.name) for symbol in function.free_symbols)
    if not found:
        return {(0,) * d: float(evaluate(function, {}))}
    if len(found) not in SAMPLES:
        raise NoSeries
    count = SAMPLES[len(found)]
    turns = scipy.fft.fftfreq(count)  # also the differences, in turns, and harmonics over their number
    grid = np.meshgrid(*(length * turns for (_, length), _ in found), indexing="ij", sparse=True)
    values = evaluate(function, {name: points for (_, name), points in zip(found, grid, strict=True)})
    size = np.max(np.abs(values))
    if not np.isfinite(size):
        raise NoSeries
    coefficients = scipy.fft.fftn(values) / values.size
    for part in (coefficients.real, coefficients.imag):
        part[np.abs(part) <= TOLERANCE * size] = 0
    kept = np.argwhere(coefficients != 0)
    harmonics = np.rint(count * turns).astype(int)[kept]
    if len(kept) > MOST_HARMONICS or np.any(np.abs(harmonics) > count // 4):
        raise NoSeries
    result: Harmonics = {}
    for h, place in zip(harmonics, kept, strict=True):
        key = [0] * d
        for ((k, _), _), number in zip(found, h, strict=True):
            key[k] = int(number)
        result[tuple(key)] = complex(coefficients[tuple(place)])
    return result


def _real_waves(harmonics: Harmonics, base: Sequence[float]) -> dict[Wave, float]:
    """The real part, each harmonic with its opposite: cosines and sines, the first frequency that is not 0
    positive.
    """
    flat = Wave((0,) * len(base), (0.0,) * len(base), (0.0,) * len(base))
    waves: dict[Wave, float] = {}
    for h, value in harmonics.items():
        sign = next((np.sign(k) for k in h if k), 0)
        cosine = flat._replace(
            frequency=tuple(float(sign * k * w) if k else 0.0 for k, w in zip(h, base, strict=True))
        )
        waves[cosine] = waves.get(cosine, 0.0) + value.real
        if sign:
            sine = cosine._replace(sine=True)
            waves[sine] = waves.get(sine, 0.0) - sign * value.imag
    return waves
