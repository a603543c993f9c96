"""Transport along one axis in one window of the mesh: upwind fluxes of the limited linear reconstruction.

The window is laid out with ghosts along that axis and flattened: neighbours along the axis are then `stride`
numbers apart, whichever axis it is, and every operation is one pass over contiguous memory. What this makes
of cells that are no neighbours is not looked at.
"""

from typing import NamedTuple

import numpy as np

from mfpde.eulerian.slopes import limited_half_slope
from mfpde.eulerian.velocities import GHOSTS
from mfpde.eulerian.windows import Window
from mfpde.measures.axis import Axis


class Sweep(NamedTuple):
    """What transport along one axis does to the cells of a window, in the window's shape."""

    change: np.ndarray  #: -div(flux)
    courant: np.ndarray  #: max(u+ right, |u-| left) / dx
    #: flux times velocity at the faces after the cells, over the width of a cell where the axis is uniform
    dissipation: np.ndarray


def with_ghosts(field: np.ndarray, window: Window, k: int, periodic: bool) -> np.ndarray:
    """A window with GHOSTS more cells at both ends of an axis; beyond walls stand copies of the outermost
    cell.
    """
    n, start, stop = field.shape[k], window[k].start - GHOSTS, window[k].stop + GHOSTS
    shape = [s.stop - s.start for s in window]
    shape[k] = stop - start
    result = np.empty(shape, field.dtype)
    first, last = max(start, 0), min(stop, n)
    result[_along(k, first - start, last - start)] = field[
        (*window[:k], slice(first, last), *window[k + 1 :])
    ]
    for cell in (*range(start, first), *range(last, stop)):
        inside = cell % n if periodic else min(max(cell, 0), n - 1)
        result[_along(k, cell - start, cell - start + 1)] = field[
            (*window[:k], slice(inside, inside + 1), *window[k + 1 :])
        ]
    return result


def sweep(
    scheme: str, axis: Axis, k: int, window: Window, rho: np.ndarray, speeds: np.ndarray, faint: float = 0.0
) -> Sweep:
    """Transport along axis k.

    Arguments:
        rho, speeds: from `with_ghosts` and from `Potential.speeds`.
        faint: density up to which nothing leaves a cell.
    """
    shape, stride = rho.shape, int(np.prod(rho.shape[k + 1 :]))
    rho, u = rho.reshape(-1), speeds.reshape(-1)
    edge = GHOSTS * stride
    centre = rho[stride:-stride]
    slope = limited_half_slope(scheme, rho[:-edge], centre, rho[edge:], _factors(axis, k, window, shape))
    after, before = centre + slope, centre - slope  # densities at both ends of a cell
    if faint:
        few = centre <= faint
        after[few] = before[few] = 0
    # at faces, the one after every cell of `centre` but the last
    u = u[stride:-edge]
    forward = np.maximum(u, 0)
    backward = forward - u
    flux = forward * after[:-stride]
    flux -= backward * before[stride:]
    result = np.empty((3, *shape), rho.dtype)
    change, courant, dissipation = (values.reshape(-1)[edge:-edge] for values in result)
    np.subtract(flux[:-stride], flux[stride:], out=change)
    np.maximum(forward[stride:], backward[:-stride], out=courant)
    np.multiply(flux[stride:], u[stride:], out=dissipation)
    inside = Sweep(*(values[_along(k, GHOSTS, shape[k] - GHOSTS)] for values in result))
    if not axis.uniform:
        widths = axis.widths[window[k]].astype(rho.dtype).reshape(-1, *[1] * (len(shape) - 1 - k))
        np.divide(inside.change, widths, out=inside.change)
        np.divide(inside.courant, widths, out=inside.courant)
    return inside


def _factors(axis: Axis, k: int, window: Window, shape: tuple[int, ...]) -> list[np.ndarray] | None:
    """What differences become slopes by, of all cells but the first and last row of ghosts that flattening
    leaves; None if the axis is uniform.
    """
    if axis.uniform:
        return None
    found = []
    for factor in axis.slope_factors:
        around = np.pad(factor, GHOSTS, mode="wrap" if axis.periodic else "edge")[
            window[k].start : window[k].stop + 2 * GHOSTS
        ]
        flat = np.broadcast_to(around.reshape(-1, *[1] * (len(shape) - 1 - k)), shape).reshape(-1)
        stride = int(np.prod(shape[k + 1 :]))
        found.append(flat[stride:-stride])
    return found


def _along(k: int, start: int, stop: int) -> tuple[slice, ...]:
    """The index of a part of axis k."""
    return (*[slice(None)] * k, slice(start, stop))
