"""Local maxima of h on the unit sphere for units linear on both sides of a kink, cell by cell of their
arrangement.

In a cell, a cone, h = <g, z> is largest at the projection of g on the cone, which is non-negative least
squares; then neighbouring cells are tried across the planes that hold the point, until none is higher.
"""

import numpy as np

from mfpde.certificates.arrangement import lifted
from mfpde.models.network import Network
from mfpde.models.neuron import Neuron

MOVES = 200
ON_PLANE = 1e-10  #: of |x|: a point so near is on the plane


class Cells:
    """h in the cells of an arrangement, for p at the data (L,) with the weights in it."""

    def __init__(self, network: Network, p: np.ndarray) -> None:
        assert isinstance(network.features, Neuron)
        sigma = network.features.activation.value(np.array([1.0, -1.0]))
        self.planes = lifted(network)
        norms = np.linalg.norm(self.planes, axis=1, keepdims=True)
        self.normals = self.planes / np.where(norms > 0, norms, 1.0)
        self.above, self.below = float(sigma[0]) * p, -float(sigma[1]) * p

    def highest(self, side: np.ndarray) -> tuple[float, np.ndarray]:
        """The largest h in the closure of the cell on these sides (L,) of all planes, and where."""
        from scipy.optimize import nnls

        g = np.where(side > 0, self.above, self.below) @ self.planes
        multipliers, _ = nnls((side[:, None] * self.normals).T, -g, maxiter=50 * len(side))
        z = g + multipliers @ (side[:, None] * self.normals)
        norm = float(np.linalg.norm(z))
        return norm, z / norm if norm > 0 else z

    def climb(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """The local maximum of h that is reached from a point."""
        side = np.where(self.normals @ z >= 0, 1.0, -1.0)
        height, z = self.highest(side)
        for _ in range(MOVES):
            for plane in np.flatnonzero(np.abs(self.normals @ z) < ON_PLANE):
                across = side.copy()
                across[plane] = -side[plane]
                found, at = self.highest(across)
                if found > height * (1 + 1e-12):
                    side, height, z = across, found, at
                    break
            else:
                break
        return height, z

    def held(self, z: np.ndarray) -> np.ndarray:
        """Normals of the planes that hold a point (planes, components)."""
        return self.normals[np.abs(self.normals @ z) < ON_PLANE]
