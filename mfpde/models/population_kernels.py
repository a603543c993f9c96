"""Inner products of two features over all inputs, k(z, z') = E[sigma(<w, x> + b) sigma(<w', x> + b')], in
closed form.

For x ~ N(0, I_d), k depends on |w|^2, |w'|^2, <w, w'>, b and b' alone, so that three derivatives give the
gradient in any dimension: dk/dw = 2 k_square w + k_product w', dk/db = k_bias. By Price's theorem these are
E[sigma''(X) sigma(X')] / 2, E[sigma'(X) sigma'(X')] and E[sigma'(X) sigma(X')], X = <w, x> + b. On the
sphere, features of degree m without bias have the kernel of N(0, I_d) over E|x|^(2m).

Sources: relu and relu_squared without bias: Cho & Saul, NIPS 22 (2009), arc-cosine kernels k_1 / 2 and k_2 /
2; erf without bias: Williams, NIPS 9 (1996), Saad & Solla, Phys. Rev. Lett. 74 (1995) 4337; with biases the
same integrals over a shifted quadrant (`bivariate`). kernels/population_units.cl holds the same formulas for
devices; tests hold both together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import erf, ndtr

from mfpde.errors import InputError
from mfpde.models.bivariate import density, means, quadrant, sign_product
from mfpde.threads import each, product

#: lengths and biases of 0 are moved by this, so that angles exist
TINY = 1e-30
#: means of normal variables of standard deviation 1 are cut off here, far beyond where their tails are 0
FARTHEST = 1e4
#: sine of the angle between units below which they count as parallel
PARALLEL = 1e-14
#: squared sine of the angle between units below which the distance of one from the line of the other is found
#: component by component
CLOSE = 0.01
#: dimension up to which that is done for all pairs
FEW = 4
#: pairs formed at once: a megabyte
BLOCK = 1 << 17


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


Formula = Callable[[Pair], Value]
#: (activation, whether there is a bias) -> the kernel over N(0, I_d); a function of that name is in
#: kernels/population_units.cl
FORMULAS: dict[tuple[str, bool], Formula] = {
    ("relu", False): relu,
    ("relu", True): relu_with_bias,
    ("relu_squared", False): relu_squared,
    ("erf", False): error_function,
    ("erf", True): error_function_with_bias,
    **{("cos", bias): cosine for bias in (False, True)},
    **{("quadratic", bias): quadratic for bias in (False, True)},
    **{("linear", bias): linear for bias in (False, True)},
}
#: activations with sigma(r t) = r^m sigma(t), r > 0, and their degree m
DEGREES = {"linear": 1, "relu": 1, "relu_squared": 2, "quadratic": 2}


@dataclass(frozen=True)
class PopulationKernel:
    """k of units z = (w1, ..., wd[, b])."""

    formula: Formula
    dimension: int  #: d
    factor: float  #: 1 for N(0, I_d), 1 / E|x|^(2m) on the sphere
    law: str = "gaussian"  #: of x: "gaussian" or "sphere"

    def inputs(self, random: np.random.Generator, count: int) -> np.ndarray:
        """Independent x of the law, shape (count, d)."""
        x = random.standard_normal((count, self.dimension))
        return x / np.linalg.norm(x, axis=1, keepdims=True) if self.law == "sphere" else x

    def _pair(self, z: np.ndarray, others: np.ndarray) -> Pair:
        d = self.dimension
        w, v = z[:, :d], others[:, :d]
        square, other, inner = np.sum(w**2, axis=1)[:, None], np.sum(v**2, axis=1), product(w, v.T)
        rest = _orthogonal_square(w, v, inner / np.maximum(square, TINY), inner, other)
        biases = (
            (z[:, d:], others[:, d]) if z.shape[1] > d else (np.zeros((), z.dtype), np.zeros((), z.dtype))
        )
        rest *= square
        return Pair(square, other, inner, np.sqrt(rest, out=rest), *biases)

    def __call__(self, z: np.ndarray, others: np.ndarray) -> np.ndarray:
        """k of every z (N, components) with every other (M, components), shape (N, M)."""
        rows = max(1, BLOCK // max(len(others), 1))
        blocks = [self.formula(self._pair(z[i : i + rows], others)).value for i in range(0, len(z), rows)]
        return self.factor * np.concatenate(blocks) if blocks else np.zeros((0, len(others)))

    def diagonal(self, z: np.ndarray) -> np.ndarray:
        """k(z, z) of every z (N, components), shape (N,)."""
        d = self.dimension
        square, b = np.sum(z[:, :d] ** 2, axis=1), z[:, d] if z.shape[1] > d else np.zeros(())
        return self.factor * self.formula(Pair(square, square, square, np.zeros(len(z)), b, b)).value

    def pull(self, z: np.ndarray, others: np.ndarray, charges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum_j charges_j k(z, z_j) at every z, shape (N,), and its gradient (N, components)."""
        d, bias = self.dimension, z.shape[1] > self.dimension
        sums, gradients = np.zeros(len(z), z.dtype), np.zeros_like(z)
        charged = charges[:, None] * others[:, :d]
        rows = max(1, BLOCK // max(len(others), 1))

        def fill(start: int) -> None:
            part = slice(start, start + rows)
            shape = (len(z[part]), len(others))
            at = Value(*(np.broadcast_to(x, shape) for x in self.formula(self._pair(z[part], others))))
            sums[part] = np.einsum("ij,j->i", at.value, charges)
            gradients[part, :d] = 2 * np.einsum("ij,j->i", at.by_square, charges)[:, None] * z[
                part, :d
            ] + product(at.by_product, charged)
            if bias:
                gradients[part, d] = np.einsum("ij,j->i", at.by_bias, charges)

        each(fill, range(0, len(z), rows))
        return self.factor * sums, self.factor * gradients


def _orthogonal_square(
    w: np.ndarray, v: np.ndarray, share: np.ndarray, inner: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """|v - share w|^2 of all pairs (N, M), where share = <w, v> / |w|^2: without the cancellation of |v|^2 -
    share <w, v> where both are close.

    Arguments:
        inner: <w, v>; other: |v|^2.
    """
    d = w.shape[1]
    if d == 1:
        return np.zeros_like(inner)
    if d <= FEW:
        rest = np.zeros_like(inner)
        for k in range(d):
            missed = share * w[:, k, None]
            np.subtract(v[:, k], missed, out=missed)
            rest += np.square(missed, out=missed)
        return rest
    rest = other - share * inner
    i, j = np.nonzero(rest < CLOSE * other)
    rest[i, j] = np.sum((v[j] - share[i, j, None] * w[i]) ** 2, axis=1)
    return rest


def find_kernel(activation: str, bias: bool, law: str, dimension: int) -> PopulationKernel:
    """The kernel of an activation over x ~ N(0, I_d) ("gaussian") or uniform on the unit sphere ("sphere").

    Raises:
        InputError: it has no closed form here.
    """
    known = [
        name for name, with_bias in FORMULAS if with_bias == bias and (law == "gaussian" or name in DEGREES)
    ]
    if law == "sphere" and bias:
        raise InputError(
            'model.bias: data.population = "sphere" has closed forms without bias alone; set model.bias ='
            ' false, or use "gaussian"'
        )
    if activation not in known:
        without = f"with model.bias = {str(bias).lower()} "
        raise InputError(
            f"model.activation: '{activation}' {without}has no closed form under data.population = \"{law}\";"
            f" expected {', '.join(known)}, or data points instead (data.inputs)"
        )
    formula = FORMULAS[activation, bias]
    if law == "gaussian":
        return PopulationKernel(formula, dimension, 1.0)
    return PopulationKernel(
        formula, dimension, 1 / (dimension if DEGREES[activation] == 1 else dimension * (dimension + 2)), law
    )
