"""Quadrature nodes for references: Sobol points of wider laws, with weights.

A reaction lets the mean field live on what was in the tails of the initial law; there, points of that law are
few.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from mfpde.laws import Law
from mfpde.laws.normal import Normal
from mfpde.laws.wrapped_cauchy import WrappedCauchy

TAIL = 7.9  #: standard deviations beyond which there are no nodes
NEGLIGIBLE = 1e-18  #: of the largest weight


def wide_nodes(laws: Sequence[Law], count: int, widen: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (laws, n) and weights (n,), summing to 1.

    Normal laws are drawn `widen` times as wide, wrapped Cauchy laws evenly.
    """
    cube = qmc.Sobol(len(laws), scramble=True, rng=np.random.default_rng(0)).random(count)
    rows, logs = [], np.zeros(count)
    for law, u in zip(laws, cube.T, strict=True):
        if isinstance(law, Normal):
            z = widen * ndtri(u)
            x = law.mean + law.std * z
            logs += z**2 / widen**2 / 2 - z**2 / 2
            logs[(x < law.low) | (x > law.high) | (np.abs(z) > TAIL)] = -np.inf
            x = np.clip(x, max(law.low, law.mean - TAIL * law.std), min(law.high, law.mean + TAIL * law.std))
        elif isinstance(law, WrappedCauchy):
            x = law.mean - np.pi + 2 * np.pi * u
            logs -= np.log(1 + law.r**2 - 2 * law.r * np.cos(x - law.mean))
        else:
            x = law.quantile(u)
        rows.append(x)
    weights = np.exp(logs - logs.max())
    kept = weights > NEGLIGIBLE
    return np.stack(rows)[:, kept], weights[kept] / weights[kept].sum()
