"""Coordinates of functions of L2(nu) from a kernel alone: Nystroem features k(z, z') ~ <c(z), c(z')>, without
a single input x.

c(z) = L^-1 k(z_p, z) with the Cholesky factor L of k between pivots z_p: the coefficients of phi(., z) in an
orthonormal basis of the span of the features of the pivots. Both factors of an inner product are projected,
so that it errs by the square of the error of one feature.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from mfpde.measures.compression import pivoted_cholesky
from mfpde.models.parameters import ParameterSpace
from mfpde.models.population_kernels import PopulationKernel

#: error of a feature, relative to the largest of the candidates, at which no more pivots are taken; kernels
#: then err by about 1e-10
TOLERANCE = 1e-5
#: pivots at most; kernels with kinks never come to that tolerance, but 512 features of ReLU on the circle err
#: by about 1e-4, the kernel by 1e-8
MOST = 512
#: candidates for pivots, about
CANDIDATES = 5000
#: laws without a domain give candidates up to this tail
TAIL = 1e-4


@dataclass(frozen=True)
class Nystroem:
    """The basis, by its pivots."""

    kernel: PopulationKernel
    pivots: np.ndarray  #: (r, components of z)
    factor: np.ndarray  #: L, lower triangular (r, r)
    error: float  #: largest error of the feature of a candidate, relative to the largest feature

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Coefficients of phi(., z), shape (N, r), for z of shape (N, components of z)."""
        return self._solve(self.kernel(self.pivots, z)).T

    def of_sum(self, z: np.ndarray, charges: np.ndarray) -> np.ndarray:
        """Coefficients of sum_j charges_j phi(., z_j), shape (r,)."""
        return self._solve(self.kernel(self.pivots, z) @ charges)

    def _solve(self, right: np.ndarray) -> np.ndarray:
        return solve_triangular(self.factor, right, lower=True)


def build_nystroem(kernel: PopulationKernel, candidates: np.ndarray) -> Nystroem:
    """A basis in which the features of all candidates (N, components of z) are accurate."""
    diagonal = kernel.diagonal(candidates)
    found = pivoted_cholesky(
        diagonal, lambda p: kernel(candidates[p : p + 1], candidates)[0], TOLERANCE, MOST
    )
    largest = diagonal.max(initial=0.0)
    error = float(np.sqrt(found.residual / largest)) if largest > 0 else 0.0
    return Nystroem(kernel, candidates[found.pivots], np.tril(found.columns[found.pivots]), error)


def candidates_of(parameters: ParameterSpace) -> np.ndarray:
    """Points z that fill the domains, walls included, or the laws of components without one; the same for
    every mesh of the same domains.
    """
    components = parameters.components[1:]
    free = [c for c in components if c.free]
    if len(free) <= 3:
        # odd: 0 is a candidate in a symmetric domain
        each = np.linspace(0, 1, int(CANDIDATES ** (1 / max(len(free), 1))) | 1)
        cube = (
            np.stack([g.ravel() for g in np.meshgrid(*[each] * len(free), indexing="ij")])
            if free
            else np.zeros((0, 1))
        )
    else:
        from scipy.stats import qmc  # takes a third of a second, and few runs need it

        cube = (
            qmc.Sobol(len(free), scramble=True, rng=np.random.default_rng(0))
            .random_base2(int(np.log2(CANDIDATES)))
            .T
        )
    rows = iter(cube)
    z = np.empty((len(components), cube.shape[1]))
    for row, c in zip(z, components, strict=True):
        if not c.free:
            row[:] = c.law.quantile(np.zeros(1))
        elif c.domain is None:
            row[:] = c.law.quantile(np.clip(next(rows), TAIL, 1 - TAIL))
        else:
            row[:] = c.domain[0] + (c.domain[1] - c.domain[0]) * next(rows)
    return z.T
