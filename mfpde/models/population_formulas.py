"""Kernels of units for x ~ N(0, I), in closed form: E[sigma(X) sigma(X')] and its derivatives."""

from typing import NamedTuple

import numpy as np
from scipy.special import erf, ndtr

from mfpde.models.bivariate import density, means, quadrant, sign_product

#: lengths and biases of 0 are moved by this, so that angles exist
TINY = 1e-30
#: means of normal variables of standard deviation 1 are cut off here, far beyond where their tails are 0
FARTHEST = 1e4
#: sine of the angle between units below which they count as parallel
PARALLEL = 1e-14


class Pair(NamedTuple):
    """What a kernel needs of two units; arrays that broadcast together."""

    square: np.ndarray  #: |w|^2
    other: np.ndarray  #: |w'|^2
    product: np.ndarray  #: <w, w'>
    area: np.ndarray  #: of the parallelogram of w and w'
    b: np.ndarray
    c: np.ndarray  #: the other's bias b'


class Value(NamedTuple):
    """A kernel and its derivatives by |w|^2, <w, w'> and b."""

    value: np.ndarray
    by_square: np.ndarray
    by_product: np.ndarray
    by_bias: np.ndarray


def relu(p: Pair) -> Value:
    """E[X+ X'+]."""
    angle = np.pi - np.arctan2(p.area, p.product)
    zero = np.zeros(())
    value, by_square = p.area + angle * p.product, p.area / (2 * np.maximum(p.square, TINY))
    return Value(value / (2 * np.pi), by_square / (2 * np.pi), angle / (2 * np.pi), zero)


def relu_squared(p: Pair) -> Value:
    """E[X+^2 X'+^2]."""
    angle = np.pi - np.arctan2(p.area, p.product)
    value = 3 * p.product * p.area + angle * (p.square * p.other + 2 * p.product**2)
    by_square = p.product * p.area / np.maximum(p.square, TINY) + angle * p.other
    by_product = 4 * (p.area + angle * p.product)
    return Value(value / (2 * np.pi), by_square / (2 * np.pi), by_product / (2 * np.pi), np.zeros(()))


def relu_with_bias(p: Pair) -> Value:
    """E[X+ X'+] of X with mean b and variance |w|^2; given X = 0, X' has mean `mean` and standard deviation t
    q.
    """
    s, t = np.maximum(np.sqrt(p.square), TINY), np.maximum(np.sqrt(p.other), TINY)
    h, k = (np.clip((bias + TINY) / length, -FARTHEST, FARTHEST) for bias, length in ((p.b, s), (p.c, t)))
    along, q = p.product / s, np.maximum(p.area / s / t, PARALLEL)
    m = means(h, k, along / t, q)
    both, here, there = quadrant(m), density(h) * ndtr(m.g_h), density(k) * ndtr(m.g_k)
    value = (
        (p.b * p.c + p.product) * both
        + p.b * t * there
        + p.c * s * here
        + p.area * density(h) * density(m.g_h)
    )
    by_square = ((p.c - along * h) * here + t * q * density(h) * density(m.g_h)) / (2 * s)
    return Value(value, by_square, both, p.c * both + t * there + along * here)


def error_function(p: Pair) -> Value:
    """E[erf(X / sqrt 2) erf(X' / sqrt 2)] without bias."""
    d = 1 + p.square
    root = np.sqrt(d + p.other + p.area**2)
    slope = 2 / (np.pi * root)
    return Value(2 / np.pi * np.arctan2(p.product, root), -slope * p.product / (2 * d), slope, np.zeros(()))


def error_function_with_bias(p: Pair) -> Value:
    """E[sign(X + N) sign(X' + N')], N and N' standard normal and independent."""
    square, other = 1 + p.square, 1 + p.other
    s, t = np.sqrt(square), np.sqrt(other)
    root = np.sqrt(square + p.other + p.area**2)
    h, k = (np.clip((bias + TINY) / length, -FARTHEST, FARTHEST) for bias, length in ((p.b, s), (p.c, t)))
    m = means(h, k, p.product / s / t, root / s / t)
    by_product = 4 * density(h) * density(m.g_h) / root
    by_bias = 2 * density(h) * erf(m.g_h / np.sqrt(2)) / s
    return Value(
        sign_product(m), -(p.product * by_product + p.b * by_bias) / (2 * square), by_product, by_bias
    )


def cosine(p: Pair) -> Value:
    """E[cos X cos X']."""
    minus, plus = (np.exp(-(p.square + p.other) / 2 + sign * p.product) / 2 for sign in (1, -1))
    near, far = minus * np.cos(p.b - p.c), plus * np.cos(p.b + p.c)
    return Value(
        near + far, -(near + far) / 2, near - far, -minus * np.sin(p.b - p.c) - plus * np.sin(p.b + p.c)
    )


def quadratic(p: Pair) -> Value:
    """E[X^2 X'^2]."""
    other, crossed = p.other + p.c**2, p.product + p.b * p.c
    value = (p.square + p.b**2) * other + 2 * p.product * (crossed + p.b * p.c)
    return Value(value, other, 4 * crossed, 2 * p.b * other + 4 * p.c * p.product)


def linear(p: Pair) -> Value:
    """E[X X']."""
    return Value(p.product + p.b * p.c, np.zeros(()), np.ones(()), p.c + np.zeros(np.shape(p.product)))
