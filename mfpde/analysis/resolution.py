"""Whether the mesh resolves the density: the width of its narrowest blob, in cells.

Near a maximum a density looks like a Gaussian whose variance is -1 / (log density)''. Below two cells densities lose
meaning; weak quantities (f, energy, W1) stay accurate to the order of a cell.
"""

import numpy as np

from mfpde.measures.mesh import Axis

MIN_CELLS = 2.0
#: a peak counts if its three highest cells hold at least this much of the mass
MIN_MASS = 0.01


def narrowest_blob(axis: Axis, density: np.ndarray) -> float:
    """Standard deviation, in cells, of the narrowest peak of a marginal density (cells,); infinite if it has no peak."""
    rho = density
    if axis.periodic:
        rho = np.concatenate([rho[-1:], rho, rho[:1]])
    left, centre, right = rho[:-2], rho[1:-1], rho[2:]
    widths = axis.widths if axis.periodic else axis.widths[1:-1]
    peak = (centre > left) & (centre >= right) & ((left + centre + right) * widths >= MIN_MASS)
    if not peak.any():
        return np.inf
    floor = 1e-300
    logs = [np.log(np.maximum(v[peak], floor)) for v in (left, centre, right)]
    return float(np.min(1 / np.sqrt(np.maximum(2 * logs[1] - logs[0] - logs[2], 1e-300))))
