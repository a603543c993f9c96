"""Operations and bytes of one transport stage, counted by hand, and the time the machine needs for them at
least.

Counted is what the scheme needs, each face and each slope once; that an implementation computes some twice is
its own affair. Additions, multiplications, minima, maxima, compares and selects count 1 each, a fused
multiply-add 2; changes of sign count nothing.

| per cell and axis                                                     | multiply-adds | others | in all  |
|-----------------------------------------------------------------------|---------------|--------|---------|
| slope: east - west, times 1/4, clipped to +-rho by a min and a max    |               | 4      | 4       |
| values at the two faces: rho + slope/2, rho - slope/2                 |               | 2      | 2       |
| rise of V over a face: a (h' - h) + (r' - r), differences tabulated   | 1             |        | 2       |
| velocity: rise times -1/distance                                      |               | 1      | 1       |
| flux: max(u, 0) left + min(u, 0) right                                | 1             | 3      | 5       |
| divergence: difference of fluxes, times 1/width, added                | 1             | 1      | 3       |
| guard: max(u+, |u-|)/width, added, for the positivity bound           | 1             | 1      | 3       |
| guard: flux times rise, times 1/width, added, for the energy bound    | 1             | 1      | 3       |

| per cell                                                              | multiply-adds | others | in all  |
|-----------------------------------------------------------------------|---------------|--------|---------|
| forward Euler: rho + dt rate                                          | 1             |        | 2       |
| guard: negligible densities to 0 (absolute value, compare, select)    |               | 3      | 3       |
| guard: smallest density, largest speed, dissipation times volume, sum |               | 4      | 4       |
| moments of the result: mass, first moment in a                        | 2             |        | 4       |
| second stage: average with the start                                  |               | 2      | 2       |
| what is empty: absolute value, max                                    |               | 2      | 2       |

All but the forward Euler stage is what makes a step of mfpde provably positive and dissipative, and what the
next one begins with; peers go without. Bytes: the density is read once and written once; V comes from tables
of lower dimension, which stay in caches.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.machine import Machine

#: (multiply-adds, others) per cell and axis, and per cell
STAGE = ((3, 11), (1, 0))
GUARDS = ((2, 2), (2, 11))


@dataclass(frozen=True)
class Work:
    """One transport stage on one cell."""

    multiply_adds: int
    others: int
    bytes: int

    @property
    def operations(self) -> int:
        """A multiply-add counts two."""
        return 2 * self.multiply_adds + self.others


def work_per_cell(axes: int, precision: str, guards: bool = True) -> Work:
    """Of a stage on a mesh of so many axes."""
    counted = [STAGE, GUARDS] if guards else [STAGE]
    multiply_adds, others = (
        sum(axes * by_axis[k] + by_cell[k] for by_axis, by_cell in counted) for k in (0, 1)
    )
    return Work(multiply_adds, others, 2 * np.dtype(precision).itemsize)


def shortest_times(machine: Machine, work: Work, precision: str) -> dict[str, float]:
    """Seconds per cell that each limit asks for; bandwidth is that of copying a field of the same size."""
    return {
        "bandwidth": work.bytes / machine.copy["field"],
        "arithmetic": work.multiply_adds / machine.fma[precision] + work.others / machine.minmax[precision],
    }


def fraction_reached(
    machine: Machine, axes: int, precision: str, seconds_per_cell: float, guards: bool = True
) -> dict[str, float | str]:
    """Share of the tighter limit that a stage reaches."""
    work = work_per_cell(axes, precision, guards)
    shortest = shortest_times(machine, work, precision)
    limit = max(shortest, key=lambda name: shortest[name])
    return {
        "limit": limit,
        "fraction": shortest[limit] / seconds_per_cell,
        "operations_per_cell": work.operations,
        "bytes_per_cell": work.bytes,
        "operations_per_second": work.operations / seconds_per_cell,
        **{f"shortest_{name}": value for name, value in shortest.items()},
    }
