"""Inner products of two features over all inputs, k(z, z') = E[sigma(<w, x> + b) sigma(<w', x> + b')], in
closed form.

For x ~ N(0, I_d), k depends on |w|^2, |w'|^2, <w, w'>, b and b' alone, so that three derivatives give the
gradient in any dimension: dk/dw = 2 k_square w + k_product w', dk/db = k_bias. By Price's theorem these are
E[sigma''(X) sigma(X')] / 2, E[sigma'(X) sigma'(X')] and E[sigma'(X) sigma(X')], X = <w, x> + b. On the
sphere, features of degree m without bias have the kernel of N(0, I_d) over E|x|^(2m).

Sources: relu and relu_squared without bias: Cho & Saul, NIPS 22 (2009), arc-cosine kernels k_1 / 2 and k_2 /
2; erf without bias: Williams, NIPS 9 (1996), Saad & Solla, Phys. Rev. Lett. 74 (1995) 4337; with biases the
same integrals over a shifted quadrant (`bivariate`). kernels/population_units.cl holds the same formulas for
devices; tests hold both together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfpde.errors import InputError
from mfpde.models.population_formulas import (
    TINY,
    Pair,
    Value,
    cosine,
    error_function,
    error_function_with_bias,
    linear,
    quadratic,
    relu,
    relu_squared,
    relu_with_bias,
)
from mfpde.threads import each, product

#: squared sine of the angle between units below which the distance of one from the line of the other is found
#: component by component
CLOSE = 0.01
#: dimension up to which that is done for all pairs
FEW = 4
#: pairs formed at once: a megabyte
BLOCK = 1 << 17


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
