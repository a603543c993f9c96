"""Interactions of finite rank: even W with W(theta - theta') = sum_rs C_rs u_r(theta) u_s(theta'), so that W
* mu needs a few moments of mu.

A continuous function of differences has finite rank exactly if it is a sum of waves s^p exp(g.s) cos(w.s) and
s^p exp(g.s) sin(w.s). The features u are waves too, with the powers q <= p; derivatives of u are combinations
of u. So with the moments m_s = int u_s dmu

W * mu = u . C m,    d_k (W * mu) = u . D_k^T C m where d_k u = D_k u,    int int W dmu dmu = m . C m.

C does not depend on where the origin of a line is, for W sees differences alone; u and m are taken about the
mean of mu there. Then no digits are lost far from 0: the terms that |s|^p becomes, all taken positive, sum up
to at most 3^p int |theta - theta'|^p dmu (by Jensen's and Minkowski's inequalities). On circles features are
bounded, and nothing is gained.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse

from mfpde.measures.wave import Wave, addition_theorem, derivative
from mfpde.measures.wave_classes import Classes, classes_of


@dataclass(frozen=True)
class FiniteRank:
    """W by its features u, sorted such that those of the same growth and frequency are neighbours."""

    features: Sequence[Wave]
    matrix: scipy.sparse.csr_matrix  #: C, symmetric (r, r)
    periods: np.ndarray  #: length of the circle of every component, 0 for a line (d,)

    @property
    def rank(self) -> int:
        """Number of features."""
        return len(self.features)

    @cached_property
    def couple(self) -> scipy.sparse.csr_matrix:
        """From moments to coefficients of W * mu and its derivatives: C above D_k^T C, ((1 + d) r, r)."""
        where = {feature: r for r, feature in enumerate(self.features)}
        blocks = [self.matrix]
        for k in range(len(self.periods)):
            entries = [
                (r, where[other], value)
                for r, u in enumerate(self.features)
                for other, value in derivative(u, k)
            ]
            blocks.append(_sparse(entries, self.rank).T @ self.matrix)
        return scipy.sparse.csr_matrix(scipy.sparse.vstack(blocks))

    @cached_property
    def classes(self) -> Classes:
        """The growths and frequencies that occur."""
        return classes_of(self.features)

    def values(self, points: np.ndarray) -> np.ndarray:
        """u (r, ...) at points (d, ...) relative to the centre, in float64."""
        classes = self.classes
        result = np.empty((self.rank, *points.shape[1:]))
        step = _cosine_and_sine(_linear(classes.step, points)) if classes.follows.any() else None
        current, cosine, sine = -1, np.ones(1), np.zeros(1)
        for r, (u, number) in enumerate(zip(self.features, classes.of_feature, strict=True)):
            if number != current:
                current = number
                if step is not None and classes.follows[number]:
                    cosine, sine = cosine * step[0] - sine * step[1], sine * step[0] + cosine * step[1]
                else:
                    cosine, sine = _cosine_and_sine(_linear(classes.frequency[number], points))
                    size = _linear(classes.growth[number], points)
                    if size is not None:
                        cosine, sine = cosine * np.exp(size), sine * np.exp(size)
            result[r] = sine if u.sine else cosine
            for k, power in enumerate(u.powers):
                for _ in range(power):
                    result[r] *= points[k]
        return result

    @cached_property
    def lines(self) -> list[int]:
        """Components on lines that W depends on."""
        return [
            k
            for k, period in enumerate(self.periods)
            if not period and any(u.powers[k] or u.growth[k] or u.frequency[k] for u in self.features)
        ]

    def centre_sums(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """What the centre of weighted points follows from: sums over the last axis of weights (..., n), and
        of them times each of `lines`.

        Arguments:
            points: (d, ..., n).
        """
        return np.array(
            [np.sum(weights, axis=-1), *(np.sum(weights * points[k], axis=-1) for k in self.lines)]
        )

    def centre(self, sums: np.ndarray) -> np.ndarray:
        """The mean on lines, 0 on circles, (d, ...)."""
        centre = np.zeros((len(self.periods), *sums.shape[1:]))
        with np.errstate(invalid="ignore", divide="ignore"):
            centre[self.lines] = np.nan_to_num(sums[1:] / sums[0])
        return centre


def build_finite_rank(terms: Mapping[Wave, float], periods: Sequence[float]) -> FiniteRank:
    """The features and the matrix C of a sum of waves in the differences.

    Arguments:
        periods: length of the circle of every component, 0 for a line.
    """
    entries: dict[tuple[Wave, Wave], float] = {}
    d = len(periods)
    zero = Wave((0,) * d, (0.0,) * d, (0.0,) * d)
    for wave, coefficient in (terms or {zero: 0.0}).items():
        for powers in itertools.product(*(range(p + 1) for p in wave.powers)):
            rest = tuple(p - q for p, q in zip(wave.powers, powers, strict=True))
            factor = (
                coefficient
                * math.prod(math.comb(p, q) for p, q in zip(wave.powers, powers, strict=True))
                * (-1) ** sum(rest)
            )
            here = Wave(powers, wave.growth, wave.frequency)
            there = Wave(rest, tuple(-g if g else g for g in wave.growth), wave.frequency)
            for one, other, sign in addition_theorem(here, there, wave.sine):
                # W is even: C and its transpose stand for the same energy
                for pair in ((one, other), (other, one)):
                    entries[pair] = entries.get(pair, 0.0) + sign * factor / 2
    features = sorted(
        {wave for pair in entries for wave in pair}, key=lambda u: (u.growth, u.frequency, u.powers, u.sine)
    )
    where = {feature: r for r, feature in enumerate(features)}
    matrix = _sparse(
        [(where[one], where[other], value) for (one, other), value in entries.items()], len(features)
    )
    return FiniteRank(features, matrix, np.array(periods, dtype=float))


def _sparse(entries: Sequence[tuple[int, int, float]], size: int) -> scipy.sparse.csr_matrix:
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return scipy.sparse.csr_matrix(
        (np.array(values, dtype=float), (np.array(rows, dtype=int), np.array(columns, dtype=int))),
        (size, size),
    )


def _cosine_and_sine(phase: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine to rounding of 1, by the tangent of half the angle.

    One function takes the place of two, and NumPy may have it for vectors.
    """
    if phase is None:
        return np.ones(1), np.zeros(1)
    tangent = np.tan(phase / 2)
    square = tangent * tangent
    over = 1 / (1 + square)
    tangent *= 2
    tangent *= over
    np.subtract(1, square, out=square)
    square *= over
    return square, tangent


def _linear(slopes: np.ndarray, points: np.ndarray) -> np.ndarray | None:
    """slopes . points; None if all slopes are 0."""
    parts = [slope * points[k] for k, slope in enumerate(slopes) if slope]
    return sum(parts[1:], parts[0]) if parts else None
