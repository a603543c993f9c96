"""Laws on the cells of an axis: exact cell masses, shared between neighbours so that atoms at cell centres
have the law's mean.

The dynamics see cells as atoms at their centres. Where a law is smooth and wide against the cells, the mean
of these atoms is the law's to rounding, and the exact cell masses stay as they are, bit by bit. Where it is
not (laws narrower than a cell, edges within a cell, cells of different widths), cells that hold their mass on
that side of their centre to which the mean lacks give some of it to the neighbour there. Masses stay
nonnegative, and their sum what it was. For laws of one peak the second moment is off by at most h^2 / 4, h
the distance of neighbouring centres where the law lies, which is what a point half-way between two centres
that share it is off by.

On a circle the mean direction is kept, the argument of E exp(2 pi i x / length).
"""

import math

import numpy as np

from mfpde.laws import Law
from mfpde.measures.axis import Axis

#: of the largest coordinate; a mean that is missed by less is kept
ROUNDING = 16 * float(np.finfo(float).eps)
#: of E exp(2 pi i x / length); a law that is as even as this has no direction
EVEN = 1e-12
#: the first follows the law within cells, the others move all cells alike, for what is left: cells at walls
#: cannot give
PASSES = 8
#: a cell that holds its mass at one edge leans by twice what `_lean` says
FULL = 2.0


def cell_masses(axis: Axis, law: Law) -> np.ndarray:
    """Masses of a law in the cells (cells,), with the law's mean; on a circle with its mean direction."""
    masses, (coordinate, wanted, ahead) = exact_masses(axis, law, axis.faces), _first_moment(axis, law)
    tolerance = ROUNDING * float(np.abs(axis.faces).max())
    for number in range(PASSES):
        # exact sums: mirrored laws are mirrored to the last bit
        lacking = wanted - math.fsum(masses * coordinate)
        if abs(lacking) <= tolerance:
            break
        way = np.where(ahead * lacking > 0, 1, -1)
        to, gain = _neighbours(axis, coordinate, way, lacking)
        wish = masses * gain if number > 0 else np.clip(way * _lean(axis, law), 0.0, masses * gain)
        if (strength := math.fsum(wish)) > 0:
            most = FULL if number == 0 else 1.0
            given = np.minimum(
                wish / np.where(gain > 0, gain, 1.0) * min(abs(lacking) / strength, most), masses
            )
            masses = masses - given
            np.add.at(masses, to, given)
    return masses


def missed_mean(axis: Axis, law: Law) -> float:
    """By how much the mean of the cells misses that of a law: 0 to rounding.

    Unless it lies beyond the centre of the outermost cell.
    """
    if axis.periodic:
        return 0.0
    missed = math.fsum(cell_masses(axis, law) * axis.centres) - law.first_moment
    return missed if abs(missed) > 2 * ROUNDING * float(np.abs(axis.faces).max()) else 0.0


def exact_masses(axis: Axis, law: Law, faces: np.ndarray) -> np.ndarray:
    """Masses of a law between faces that span the axis.

    What lies beyond walls belongs to the outermost cells; a circle is wound around.
    """
    if not axis.periodic:
        return law.masses(np.concatenate([[-np.inf], faces[1:-1], [np.inf]]))
    return law.masses_around(faces, axis.length)


def deposit(axis: Axis, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells that share points (k, n) and their shares (k, n), which sum to 1 over k.

    On a line the two nearest centres, so that every point's mean is kept; what lies beyond the outermost
    centre belongs to that cell. On a circle three, so that sums of exp(2 pi i x / length) over any points are
    multiplied by cos(pi / cells) and keep their directions.
    """
    if not axis.periodic:
        left = np.clip(np.searchsorted(axis.centres, x, side="right") - 1, 0, axis.cells - 2)
        share = np.clip((x - axis.centres[left]) / np.diff(axis.centres)[left], 0.0, 1.0)
        return np.stack([left, left + 1]), np.stack([1 - share, share])
    turn, cell = 2 * np.pi / axis.cells, axis.length / axis.cells
    place = (x - axis.centres[0]) / cell
    nearest = np.round(place)
    angle, loss = turn * (place - nearest), np.cos(turn / 2)
    away = (1 - loss * np.cos(angle)) / (1 - np.cos(turn))
    ahead = loss * np.sin(angle) / np.sin(turn)
    shares = np.maximum([(away - ahead) / 2, 1 - away, (away + ahead) / 2], 0.0)
    return (nearest.astype(int) + np.array([[-1], [0], [1]])) % axis.cells, shares / shares.sum(axis=0)


def _first_moment(axis: Axis, law: Law) -> tuple[np.ndarray, float, np.ndarray]:
    """A coordinate of the cells (cells,), its mean under the law, and its direction (cells,).

    That is 1 where it grows with the axis, -1 where it falls, 0 where neither.
    """
    if not axis.periodic:
        return axis.centres, law.first_moment, np.ones(axis.cells)
    turn, resultant = 2 * np.pi / axis.length, law.resultant(axis.length)
    if abs(resultant) < EVEN:
        return np.zeros(axis.cells), 0.0, np.zeros(axis.cells)
    angle = turn * axis.centres - np.angle(resultant)
    return np.sin(angle) / turn, 0.0, np.sign(np.cos(angle))


def _neighbours(
    axis: Axis, coordinate: np.ndarray, way: np.ndarray, lacking: float
) -> tuple[np.ndarray, np.ndarray]:
    """The cell on one side of each, and how much nearer to the wanted mean a unit of mass is there.

    0 for none.
    """
    to = (np.arange(axis.cells) + way) % axis.cells
    # around the ends of a line, and at the top of a sine, the difference is negative
    return to, np.maximum(math.copysign(1.0, lacking) * (coordinate[to] - coordinate), 0.0)


def _lean(axis: Axis, law: Law) -> np.ndarray:
    """About how far the mass of each cell lies to the right of its centre, times that mass (cells,)."""
    halves = exact_masses(
        axis, law, np.insert(axis.faces, np.arange(1, axis.cells + 1), axis.centres)
    ).reshape(-1, 2)
    return (halves[:, 1] - halves[:, 0]) * axis.widths / 4
