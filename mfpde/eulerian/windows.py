"""Meshes cut into tiles that stay in a core's cache, and in every tile the window around the cells that are
not empty.

From an empty cell nothing flows, and its slope is 0: beyond the next neighbours of cells with mass all rates
are 0, and are not computed.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from mfpde.measures.mesh import Mesh

#: a box of cells: one slice per axis
Window = tuple[slice, ...]

#: bytes of a tile: half a dozen arrays of that size fit into the cache of a core
TILE_BYTES = 2**18
#: rows of a tile along each axis but the last, at least: neighbours beyond the tile are visited as well
FEWEST_ROWS = 4


def cut(shape: Sequence[int], cells: int) -> list[Window]:
    """Tiles of about so many cells, in C order; the first axes are cut first, the last one never if there are
    others.
    """
    rows = list(shape)
    for k in range(max(1, len(shape) - 1)):
        excess = math.prod(rows) / cells
        if excess > 1:
            rows[k] = max(min(FEWEST_ROWS, shape[k]), math.ceil(shape[k] / excess))
    pieces = [
        [slice(i, min(i + step, n)) for i in range(0, n, step)] for n, step in zip(shape, rows, strict=True)
    ]
    return list(itertools.product(*pieces))


def window_of(mesh: Mesh, tile: Window, fields: Sequence[np.ndarray]) -> Window | None:
    """The box in a tile that holds all cells that are not 0 in every field, or are next to such a cell; None
    if there are none.

    Circles are not cut short, so that nobody need ask what is next to their seam.
    """
    around = tuple(
        slice(0, axis.cells) if axis.periodic else slice(max(0, s.start - 1), min(axis.cells, s.stop + 1))
        for axis, s in zip(mesh.axes, tile, strict=True)
    )
    occupied = fields[0][around] != 0
    for field in fields[1:]:
        occupied |= field[around] != 0
    window = []
    for k, (axis, whole, wide) in enumerate(zip(mesh.axes, tile, around, strict=True)):
        where = np.flatnonzero(occupied.any(axis=tuple(j for j in range(occupied.ndim) if j != k)))
        if not len(where):
            return None
        first, last = wide.start + int(where[0]) - 1, wide.start + int(where[-1]) + 2
        window.append(whole if axis.periodic else slice(max(whole.start, first), min(whole.stop, last)))
    return tuple(window)
