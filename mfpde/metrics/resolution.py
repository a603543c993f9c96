"""Whether the mesh resolves the density: the width of its narrowest blob, in cells.

Near a maximum a density looks like a Gaussian whose variance is -1 / (log density)''. Below two cells
densities lose meaning; weak quantities (f, energy, W1) stay accurate to the order of a cell.
"""

import numpy as np

from mfpde.measures.axis import Axis

MIN_CELLS = 2.0
#: a peak counts if its three highest cells hold at least this much of the mass
MIN_MASS = 0.01
#: relative height below which a rise is rounding, on the plateau of a uniform law
RIPPLE = 1e-9
TINY = 1e-300


def _higher(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one > other * (1 + RIPPLE)


def narrowest_blob(axis: Axis, density: np.ndarray) -> float:
    """Standard deviation, in cells, of the narrowest peak of a marginal density (cells,); infinite if it has
    no peak.
    """
    # two more cells on each side: nothing beyond a wall, the other side of a circle
    rho = np.pad(density, 2) if not axis.periodic else np.pad(density, 2, mode="wrap")
    before, left, centre, right, after = (rho[k : k + len(density)] for k in range(5))
    # a flat top of two cells, to rounding, is a peak at both of them; a longer one is a plateau
    flat_right = ~_higher(right, centre) & _higher(right, after)
    flat_left = ~_higher(left, centre) & _higher(left, before)
    above_left, above_right = _higher(centre, left), _higher(centre, right)
    peak = (above_left & (above_right | flat_right)) | (above_right & flat_left)
    peak &= (left + centre + right) * axis.widths >= MIN_MASS
    if not axis.periodic:
        peak[[0, -1]] = False  # at a wall the width cannot be told
    if not peak.any():
        return np.inf
    logs = [np.log(np.maximum(v[peak], TINY)) for v in (left, centre, right)]
    return float(np.min(1 / np.sqrt(np.maximum(2 * logs[1] - logs[0] - logs[2], TINY))))
