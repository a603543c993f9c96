"""W * mu on a mesh for W of finite rank: features are products of functions of one axis, so N cells cost O(N)
axis by axis, on any mesh.

Nothing of the size of cells times rank is formed: masses are summed against the functions of the first axis,
the result against those of the second, and so on; W * mu comes back the same way.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mfpde.measures.finite_rank import FiniteRank
from mfpde.measures.mesh import Mesh
from mfpde.threads import product

#: a function of one axis: s^power exp(growth s + i frequency s)
Factor = tuple[int, float, float]


class MomentOperator:
    """W * mu for one mesh, cells taken as atoms at their centres.

    Arguments:
        columns: which component of the interaction each axis of the mesh is; others do not occur in it.
    """

    def __init__(self, mesh: Mesh, interaction: FiniteRank, columns: Sequence[int]):
        self.mesh, self.interaction = mesh, interaction
        self.columns = list(columns)
        self.factors, self.index = factors_of(interaction, self.columns)
        self.complex = any(frequency for factors in self.factors for _, _, frequency in factors)
        self.sine = np.array([u.sine for u in interaction.features])

    def __call__(self, masses: np.ndarray) -> np.ndarray:
        """W * mu at the cells, from their masses or rates of change; both flat, in C order."""
        shape = self.mesh.shape
        functions = self._functions(masses.reshape(shape))
        moments = _contract(masses, [f.T for f in functions])[self.index]
        coefficients = self.interaction.matrix @ np.where(self.sine, moments.imag, moments.real)
        spread = np.zeros([len(factors) for factors in self.factors], complex if self.complex else float)
        # cosines are real parts of the features, sines imaginary ones
        np.add.at(
            spread, self.index, np.where(self.sine, -1j, 1.0) * coefficients if self.complex else coefficients
        )
        return np.ascontiguousarray(_contract(spread.ravel(), functions).real).ravel()

    def _functions(self, masses: np.ndarray) -> list[np.ndarray]:
        """The functions of every axis at its cells (functions, cells), about the middle of the mass.

        That of a rate of change is found by its size.
        """
        size = np.abs(masses)
        functions = []
        for k, (axis, column, factors) in enumerate(
            zip(self.mesh.axes, self.columns, self.factors, strict=True)
        ):
            points = axis.centres
            if column in self.interaction.lines:
                marginal = size.sum(axis=tuple(j for j in range(size.ndim) if j != k))
                points = points - (marginal @ points) / (marginal.sum() or 1.0)
            functions.append(np.array([_function(factor, points, self.complex) for factor in factors]))
        return functions


def factors_of(
    interaction: FiniteRank, columns: Sequence[int]
) -> tuple[list[list[Factor]], tuple[np.ndarray, ...]]:
    """The functions of each axis of which features consist, and which each feature takes (r,)."""
    used = [[(u.powers[c], u.growth[c], u.frequency[c]) for u in interaction.features] for c in columns]
    factors = [list(dict.fromkeys(of_axis)) for of_axis in used]
    return factors, tuple(
        np.array([known.index(factor) for factor in of_axis])
        for known, of_axis in zip(factors, used, strict=True)
    )


def numbers_held(mesh: Mesh, interaction: FiniteRank, columns: Sequence[int]) -> int:
    """The most numbers that one evaluation holds at once, a complex one counted as two."""
    counts = [len(factors) for factors in factors_of(interaction, columns)[0]]
    stages = [math.prod(counts[:k]) * math.prod(mesh.shape[k:]) for k in range(len(counts) + 1)]
    return 2 * max(a + b for a, b in pairwise(stages))


def _function(factor: Factor, points: np.ndarray, as_complex: bool) -> np.ndarray:
    power, growth, frequency = factor
    values = points**power * np.exp(growth * points)
    return values * np.exp(1j * frequency * points) if as_complex else values


def _contract(values: np.ndarray, matrices: Sequence[np.ndarray]) -> np.ndarray:
    """Sums over the first axis against a matrix, whose other axis becomes the last.

    After all axes they stand in their order again.
    """
    for matrix in matrices:
        values = product(values.reshape(len(matrix), -1).T, matrix)
    return values.reshape([matrix.shape[1] for matrix in matrices])
