"""Pair interactions on a mesh: (W * mu)(theta_j) = sum_k W(theta_j - theta_k) m_k, cells taken as atoms at
their centres.

An interaction of finite rank goes by its moments. Any other is on uniform axes a discrete convolution, done
by FFT (zero-padded at walls, circular on circles), exact to rounding; on stretched axes it is a dense matrix.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import scipy.fft

from mfpde.errors import InputError
from mfpde.measures.axis import Axis
from mfpde.measures.finite_rank import FiniteRank
from mfpde.measures.mesh import Mesh
from mfpde.measures.moment_operator import MomentOperator, numbers_held

#: W as a function of the differences along each axis (arrays that broadcast together)
PairFormula = Callable[[Sequence[np.ndarray]], np.ndarray]
MOST_DENSE = 8192  #: cells of a stretched mesh with a pair interaction
MOST_MOMENTS = 32  #: rank beyond which FFTs are quicker on uniform axes


class PairOperator:
    """W * mu for one mesh.

    Raises:
        InputError: W is not finite at a difference of two cells, or a stretched mesh has too many cells.
    """

    def __init__(self, mesh: Mesh, pair: PairFormula):
        self.shape = mesh.shape
        self.matrix: np.ndarray | None = None
        if all(axis.uniform for axis in mesh.axes):
            self.padded = [
                n if axis.periodic else scipy.fft.next_fast_len(2 * n - 1, real=True)
                for n, axis in zip(self.shape, mesh.axes, strict=True)
            ]
            shifts = []
            for n, axis in zip(self.padded, mesh.axes, strict=True):
                steps = np.arange(n)
                # the second half of a period stands for negative differences
                shifts.append(np.where(steps > n // 2, steps - n, steps) * axis.widths.mean())
            kernel = _finite(pair(np.meshgrid(*shifts, indexing="ij", sparse=True)), tuple(self.padded))
            self.transform = scipy.fft.rfftn(kernel)
            return
        if np.prod(self.shape) > MOST_DENSE:
            raise InputError(
                f"model.interaction: on stretched axes at most {MOST_DENSE} cells are accepted, the mesh has"
                f" {np.prod(self.shape)}; use fewer cells, or no stretch"
            )
        centres = [g.ravel() for g in np.meshgrid(*(axis.centres for axis in mesh.axes), indexing="ij")]
        differences = [axis.wrap(c[:, None] - c) for axis, c in zip(mesh.axes, centres, strict=True)]
        self.matrix = _finite(pair(differences), differences[0].shape)

    def __call__(self, masses: np.ndarray) -> np.ndarray:
        """W * mu at the cells, from the masses of the cells; both flat, in C order."""
        if self.matrix is not None:
            return self.matrix @ masses
        spectrum = scipy.fft.rfftn(masses.reshape(self.shape), s=self.padded)
        full = scipy.fft.irfftn(spectrum * self.transform, s=self.padded)
        return full[tuple(slice(n) for n in self.shape)].ravel()


def by_moments(mesh: Mesh, interaction: FiniteRank | None) -> bool:
    """Whether a mesh is served by moments: where they err less than the FFT of a padded box, or are quicker,
    or there is no FFT.

    On uniform circles an FFT is neither padded nor less exact.
    """
    if interaction is None or interaction.rank > math.prod(mesh.shape):
        return False
    uniform = all(axis.uniform for axis in mesh.axes)
    return not uniform or (interaction.rank <= MOST_MOMENTS and not all(axis.periodic for axis in mesh.axes))


def pair_operator(
    mesh: Mesh, pair: PairFormula, interaction: FiniteRank | None, columns: Sequence[int]
) -> PairOperator | MomentOperator:
    """W * mu on a mesh, by what is best for it.

    Arguments:
        interaction: W by its features, if it is of finite rank; `columns` are those of its components that
            are axes of the mesh.
    Raises:
        InputError: W is not finite at a difference of two cells, or a stretched mesh has too many cells.
    """
    if interaction is None or not by_moments(mesh, interaction):
        return PairOperator(mesh, pair)
    for ends in itertools.product(*([-_farthest(axis), _farthest(axis)] for axis in mesh.axes)):
        _finite(pair([np.array([end]) for end in ends]), (1,))
    return MomentOperator(mesh, interaction, columns)


def pair_numbers(mesh: Mesh, interaction: FiniteRank | None, columns: Sequence[int]) -> int:
    """Numbers that the operator of a mesh holds: arrays of moments, the transformed kernel, or the matrix."""
    if interaction is not None and by_moments(mesh, interaction):
        return numbers_held(mesh, interaction, columns)
    if all(axis.uniform for axis in mesh.axes):
        return math.prod(n if axis.periodic else 2 * n for n, axis in zip(mesh.shape, mesh.axes, strict=True))
    return min(math.prod(mesh.shape), MOST_DENSE) ** 2


def _farthest(axis: Axis) -> float:
    """The largest difference of two cells."""
    return axis.length / 2 if axis.periodic else float(axis.centres[-1] - axis.centres[0])


def _finite(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if not np.all(np.isfinite(values)):
        raise InputError(
            "model.interaction: is not finite at the difference of two cells; W(0) must be finite too"
        )
    return np.broadcast_to(values, shape)
