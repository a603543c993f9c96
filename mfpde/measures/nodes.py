"""Quadrature nodes of a product law: Sobol points, or the tensor trapezoidal rule, which is spectral for
smooth laws.

The trapezoidal rule covers all but 1e-10 of a normal law; a law cut off by `within`, or uniform, has it at
order 2. Gauss-Hermite nodes were measured to fail under flows that fold them.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from mfpde.laws import Law
from mfpde.measures.mesh import outer

Rule = Literal["sobol", "trapezoid"]


def quadrature(laws: Sequence[Law], count: int, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (laws, n) and weights (n,), summing to 1.

    Arguments:
        count: n for Sobol points, a power of 2; about n for the trapezoidal rule, which has the same number
            of nodes on every axis.
    """
    if rule == "sobol":
        from scipy.stats import qmc  # takes a third of a second, and few runs have Sobol points

        cube = qmc.Sobol(len(laws), scramble=True, rng=np.random.default_rng(0)).random(count)
        return np.stack([law.quantile(u) for law, u in zip(laws, cube.T, strict=True)]), np.full(
            count, 1 / count
        )
    spread = sum(law.spread for law in laws)
    each = per_axis(count, spread)
    axes, weights = zip(*(law.trapezoid(each) for law in laws), strict=True)
    return np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")]), outer(weights).ravel()


def per_axis(count: int, axes: int) -> int:
    """Nodes on every axis of a trapezoidal rule of about `count` nodes."""
    return max(2, round(count ** (1 / axes))) if axes else 1
