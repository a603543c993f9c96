"""Bounds of the mesh's error from differences between meshes, in the sense of the grid convergence index
(Roache 1994, doi:10.1115/1.2910291).

An error c h^p makes solutions on cells of size h and r h differ by c h^p (r^p - 1). So each coarser mesh
gives an estimate |q_rh - q_h| / (r^p - 1); the bound is the largest of them, times a safety factor. Three
things keep it from being too short:

* p is the smaller of two orders: the one that the differences show, and the one that the scheme can have
  there. That is 2 where the narrowest blob is wider than 2.5 cells, falls to 1 at one cell
  (arXiv:1602.05746), and is 1.5 at most if the law starts with jumps, whose places in the cells differ from
  mesh to mesh. What the differences show may be less than 1.
* Where an error changes its sign it does so at different times on different meshes; the largest of the
  estimates does not see it.
* An envelope in time: a bound falls no faster than (t / t')^-4, slower than at a change of sign, unless all
  meshes come together faster than that: then the solution contracts.

Measured coverage: `python -m validation.audit`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

COVERAGE = 0.95  #: share of errors that bounds are at least as long as, over the cases of the audit
SAFETY = 1.25
HIGHEST, LEAST = 2.0, 0.7  #: orders
WIDE, NARROW = 2.5, 1.0  #: cells, of blobs that allow order 2 and order 1
WITH_JUMPS = 1.5
#: ratio of cell sizes from which on the difference is mostly the error of the coarse mesh, where orders show
#: late
FAR = 2.5
#: cells, of a blob that allows no more than order 1 between meshes so far apart; one cell allows 2
LOST = 0.4
SAME = 1.2  #: ratios nearer than this tell no order
STEP = 4 / 3  #: |q_dt - q| over |q_dt - q_dt/2|, at order 2
DECAY = 4


class Difference(NamedTuple):
    """How far the solution on a coarser mesh is from that on the finest."""

    ratio: float  #: of cell sizes
    distance: float


def formal_order(blob: float, jumps: bool) -> float:
    """The order that the scheme can have where the narrowest blob has this standard deviation, in cells."""
    order = float(np.interp(blob, [NARROW, WIDE], [1.0, HIGHEST]))
    return min(order, WITH_JUMPS) if jumps else order


def far_order(blob: float) -> float:
    """The least order at which such a far mesh is taken."""
    return float(np.interp(blob, [LOST, NARROW], [1.0, HIGHEST]))


def observed_order(near: Difference, far: Difference) -> float:
    """The order p in far / near = (r_far^p - 1) / (r_near^p - 1), at least `LEAST` and at most 2; 2 where the
    near one vanishes.
    """
    if near.distance <= 0:
        return HIGHEST
    if far.ratio < SAME * near.ratio:
        return LEAST
    orders = np.linspace(LEAST, HIGHEST, 131)
    return float(
        np.interp(far.distance / near.distance, (far.ratio**orders - 1) / (near.ratio**orders - 1), orders)
    )


def order_of(differences: Sequence[Difference], formal: float) -> float:
    """The pessimistic one of the two orders; the first difference is the nearest, the last the farthest. NaN
    if no mesh is coarser.
    """
    coarser = [d for d in differences if d.ratio > 1]
    return min(formal, observed_order(coarser[0], coarser[-1])) if coarser else float("nan")


def error_bound(
    differences: Sequence[Difference], blob: float, jumps: bool = False, step: float = 0.0
) -> float:
    """A bound of the error on the finest mesh; NaN if no mesh is coarser.

    Arguments:
        differences: the first that of the nearest mesh, the last that of the farthest.
        blob: standard deviation of the narrowest blob, in cells.
        jumps: whether the law started with jumps.
        step: the error of the time step, which all meshes have in common.
    """
    coarser = [d for d in differences if d.ratio > 1]
    if not coarser:
        return float("nan")
    near = order_of(differences, formal_order(blob, jumps))
    far = max(near, far_order(blob))
    estimates = [d.distance / (d.ratio ** (far if d.ratio >= FAR else near) - 1) for d in coarser]
    return SAFETY * (max(estimates) + step)


class Envelope:
    """Bounds of before, which hold on for a while."""

    def __init__(self) -> None:
        self.time, self.held, self.sizes = 0.0, dict[str, float](), dict[str, list[float]]()

    def hold(self, time: float, bounds: dict[str, float], sizes: dict[str, list[float]]) -> dict[str, float]:
        """Bounds by name, none of which has fallen too fast.

        Arguments:
            sizes: the differences between meshes that each rests on.
        """
        share = (self.time / time) ** DECAY if time > 0 else 0.0
        falls = {
            name: max(
                (b / a for a, b in zip(self.sizes[name], sizes[name], strict=True) if a > 0), default=0.0
            )
            for name in self.held
        }
        self.held = {
            name: max(bound, min(share, falls.get(name, 0.0)) * self.held.get(name, 0.0))
            for name, bound in bounds.items()
        }
        self.time, self.sizes = time, {name: [float(v) for v in found] for name, found in sizes.items()}
        return dict(self.held)

    def checkpoint(self) -> dict[str, object]:
        """For `restore`."""
        return {
            "time": self.time,
            "held": dict(self.held),
            "sizes": {name: list(found) for name, found in self.sizes.items()},
        }

    def restore(self, saved: dict) -> None:
        """Go on from a checkpoint."""
        self.time, self.held = (
            float(saved["time"]),
            {str(name): float(value) for name, value in saved["held"].items()},
        )
        self.sizes = {str(name): [float(v) for v in found] for name, found in saved["sizes"].items()}
