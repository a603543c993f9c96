"""How kernels/rows.cl cuts a mesh into tiles, one per work item: chosen for the caches of CPUs, and for
enough of them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.eulerian.layout import Layout

ROWS = {3: [8], 4: [2, 20]}  #: cells of a tile along the axes between the first and the last
PARTS_PER_CORE = 2  #: parts of a row on one or two axes, which have no axes between
SHORTEST_PART = 32
SHARE = 0.5  #: of local memory that may be used


@dataclass(frozen=True)
class Tiles:
    """A tile is all of axis 0, some cells of the axes between, and a part of the last. Where every cell is a
    work item, so is every part.
    """

    layout: Layout
    by_row: bool
    fused: bool  #: whether sums over a are kept for a tile
    cores: int
    room: int  #: bytes of local memory
    itemsize: int

    @cached_property
    def part(self) -> int:
        """Cells of a part of a row: whole vectors, at least 2 in every part, and no more than local memory
        holds.
        """
        row, width = self.layout.cells[-1], self.layout.width
        if not self.by_row:
            return 1
        part = (
            row
            if len(self.layout.cells) > 2
            else max(SHORTEST_PART, -(-row // (PARTS_PER_CORE * self.cores)))
        )
        fits = int(SHARE * self.room) // self._bytes_per_cell // width * width
        part = max(min(-(-part // width) * width, fits), width)
        while part < row and row % part == 1:
            part += width
        return min(part, row)

    @property
    def _bytes_per_cell(self) -> int:
        """Local memory for one cell of every carried row and column."""
        return 2 * max(sum(self.carry_rows), 1) * self.itemsize + 8 * self.column_rows

    @cached_property
    def parts(self) -> int:
        """Parts of a row."""
        return -(-self.layout.cells[-1] // self.part)

    @cached_property
    def sizes(self) -> list[int]:
        """Cells of a tile along every axis; entries of the first and last have no meaning."""
        cells = self.layout.cells
        between = [min(size, n) for size, n in zip(ROWS.get(len(cells), []), cells[1:-1], strict=True)]
        return [1, *between, 1][: len(cells)]

    @cached_property
    def counts(self) -> list[int]:
        """Tiles along every axis."""
        return [
            -(-n // size) if 0 < k < len(self.sizes) - 1 else 1
            for k, (n, size) in enumerate(zip(self.layout.cells, self.sizes, strict=True))
        ]

    @property
    def items(self) -> int:
        """Work items."""
        return int(np.prod(self.counts)) * self.parts

    @cached_property
    def carry_rows(self) -> list[int]:
        """Rows carried along every axis but the last: one for every row of the axes after it in a tile."""
        return [int(np.prod(self.sizes[k + 1 : -1])) for k in range(len(self.sizes) - 1)]

    @property
    def column_rows(self) -> int:
        """Rows of sums over a."""
        return self.carry_rows[0] if self.fused else 1

    @property
    def rows(self) -> int:
        """Rows of the mesh."""
        return int(np.prod(self.layout.cells[:-1]))

    def constants(self) -> dict[str, object]:
        """What kernels/rows.cl needs to know."""
        starts = np.concatenate([[0], np.cumsum(self.carry_rows)]).astype(int)
        return {
            "PART": self.part,
            "PARTS": self.parts,
            "TILE": self.sizes,
            "TILES": self.counts,
            "CARRY_START": [*starts],
            "CARRY_ROWS": max(int(starts[-1]), 1),
            "COLUMN_ROWS": self.column_rows,
        }

    @property
    def local_bytes(self) -> tuple[int, int]:
        """Local memory for what is carried, and for sums over a."""
        pitch = -(-self.part // self.layout.width) * self.layout.width
        return 2 * max(sum(self.carry_rows), 1) * pitch * self.itemsize, 8 * self.column_rows * pitch
