"""Scharfetter-Gummel fluxes (1969, doi:10.1109/T-ED.1969.16566; equal to those of Chang & Cooper 1970,
doi:10.1016/0021-9991(70)90001-X).

G = tau / distance (B(-w) rho_left - B(w) rho_right), w = (V_left - V_right) / tau, B(s) = s / (e^s - 1):
exp(-V / tau) is an exact steady state. The readable counterpart of kernels/diffusion.cl.
"""

from typing import Any

import numpy as np

from mfpde.measures.axis import Axis


def bernoulli(s: np.ndarray) -> np.ndarray:
    """s / (e^s - 1), without cancellation or overflow."""
    size = np.abs(s)
    with np.errstate(over="ignore", invalid="ignore"):
        small = np.where(size > 0, size / np.expm1(size), 1.0)
    return np.where(s > 0, small, small + size)


def exchange(axis: Axis, v: np.ndarray, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Rates at which mass crosses each face to the right and to the left, times cell width (cells + 1, ...);
    0 at walls.

    Arguments:
        v: potential (cells, ...), the axis first.
    """
    rise = np.diff(np.concatenate([v[-1:], v, v[:1]]), axis=0) / tau
    face = tau * axis.inverse_distances.reshape(-1, *[1] * (v.ndim - 1))
    return face * bernoulli(rise), face * bernoulli(-rise)


def implicit_step(
    axis: Axis, exchanged: tuple[np.ndarray, np.ndarray], rho: np.ndarray, dt: float
) -> np.ndarray:
    """x with (I - dt L) x = rho along the first array axis.

    In masses I - dt L has column sums 1, which the elimination keeps in place of its pivots (Grassmann,
    Taksar & Heyman 1985, doi:10.1287/opre.33.5.1107): only nonnegative numbers are added, multiplied and
    divided, so x >= 0 and the mass is kept to rounding for every dt. Circles carry the last cell as one more
    column and row; between walls only its left neighbour has to do with it.

    Arguments:
        exchanged: from `exchange`; one entry instead of many pencils if they are all alike.
    """
    n, widths, shape = axis.cells, axis.widths[:, None], rho.shape
    forth, back = (rates.reshape(n + 1, -1) for rates in exchanged)
    # over the left and the right cell of each face; by row, where a single pencil needs no arrays
    forths = _rows(dt * forth / np.concatenate([widths[-1:], widths]))
    backs = _rows(dt * back / np.concatenate([widths, widths[:1]]))
    masses = _rows(rho.reshape(n, -1).astype(np.float64) * widths)
    upper, last, x = ([0.0] * n for _ in range(3))
    slack, slack_last, mass, mass_last = 1.0, 1.0, masses[0], masses[-1]
    # exchange of the present cell with the last one; 0 between walls
    to_last, from_last = backs[0], forths[0]
    for i in range(n - 1):
        right, left = forths[i + 1], backs[i + 1]
        if i == n - 2:  # its right neighbour is the last cell
            to_last, from_last = to_last + right, from_last + left
            right = left = 0.0 * right
            pivot = slack + to_last
        else:
            pivot = slack + right + to_last if axis.periodic else slack + right
        upper[i], x[i] = left / pivot, mass / pivot
        mass = masses[i + 1] + right * x[i]
        if axis.periodic or i == n - 2:
            last[i] = from_last / pivot
            slack_last = slack_last + last[i] * slack
            mass_last = mass_last + to_last * x[i]
            to_last, from_last = to_last * upper[i], right * last[i]
        slack = slack * upper[i] + 1
    x[-1] = mass_last / slack_last
    for i in range(n - 2, -1, -1):
        x[i] = x[i] + upper[i] * x[i + 1]
        if axis.periodic or i == n - 2:
            x[i] = x[i] + last[i] * x[-1]
    return (np.array(x).reshape(n, -1) / widths).reshape(shape)


def _rows(values: np.ndarray) -> list[Any]:
    """The rows of an array; plain numbers, on which Python is quicker, if they have one entry each."""
    return values[:, 0].tolist() if values.shape[1] == 1 else list(values)
