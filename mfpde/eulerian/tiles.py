"""How kernels/rows.cl cuts a mesh into tiles, one per work item: chosen for the caches of CPUs, and for enough of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfpde.eulerian.layout import Layout

ROWS = {3: [8], 4: [2, 20]}  #: cells of a tile along the axes between the first and the last
PARTS_PER_CORE = 2  #: parts of a row on one or two axes, which have no axes between
SHORTEST_PART = 32


@dataclass(frozen=True)
class Tiles:
    """A tile is all of axis 0, some cells of the axes between, and a part of the last."""

    layout: Layout
    cores: int

    @cached_property
    def part(self) -> int:
        """Cells of a part of a row; whole vectors, at least 2 in every part."""
        row, width = self.layout.cells[-1], self.layout.width
        if len(self.layout.cells) > 2:
            return row
        part = max(SHORTEST_PART, -(-row // (PARTS_PER_CORE * self.cores)))
        part = -(-part // width) * width
        return row if part >= row or row % part == 1 else part

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
        return [-(-n // size) if 0 < k < len(self.sizes) - 1 else 1 for k, (n, size) in enumerate(zip(self.layout.cells, self.sizes, strict=True))]

    @property
    def items(self) -> int:
        """Work items."""
        return int(np.prod(self.counts)) * self.parts

    @cached_property
    def carry_rows(self) -> list[int]:
        """Rows carried along every axis but the last: one for every row of the axes after it in a tile."""
        return [int(np.prod(self.sizes[k + 1 : -1])) for k in range(len(self.sizes) - 1)]

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
            "COLUMN_ROWS": self.carry_rows[0] if self.carry_rows else 1,
        }

    def local_bytes(self, itemsize: int) -> tuple[int, int]:
        """Local memory for what is carried, and for sums over a."""
        pitch = -(-self.part // self.layout.width) * self.layout.width
        constants = self.constants()
        return 2 * int(str(constants["CARRY_ROWS"])) * pitch * itemsize, int(str(constants["COLUMN_ROWS"])) * pitch * 8
