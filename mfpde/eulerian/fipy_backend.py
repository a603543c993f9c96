"""An independent spatial discretisation: FiPy's own meshes and convection terms (Guyer, Wheeler & Warren 2009,
doi:10.1109/MCSE.2009.52), for cross-checks.

Only the transport rate is FiPy's: the scheme `upwind` is its UpwindConvectionTerm (equal to ours to rounding), every other scheme its
CentralDifferenceConvectionTerm (second order, without limiter; its VanLeerConvectionTerm, evaluated explicitly, was measured not to
converge). Potential, reaction, moments and time stepping are those of the NumPy backend. It is two to three orders of magnitude slower than OpenCL.
"""

import numpy as np

from mfpde.errors import InputError
from mfpde.eulerian.backend import Rate
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.measures.mesh import Mesh
from mfpde.models.model import MeshPotential


class FipyBackend(NumpyBackend):
    """Fields are arrays of the mesh's shape; FiPy's first coordinate is the last axis.

    Raises:
        InputError: FiPy is not installed, or the mesh has four axes, circles, or single precision.
    """

    name = "fipy"
    undershoot = 0.01  # central differences oscillate a little around steep places

    def __init__(self, mesh: Mesh, model: MeshPotential, scheme: str, precision: str):
        super().__init__(mesh, model, scheme, precision)
        if len(mesh.axes) > 3 or any(axis.periodic for axis in mesh.axes) or precision != "float64":
            raise InputError("eulerian.backend: fipy solves on 1 to 3 axes with walls, in float64; use opencl or numpy")
        try:
            import fipy
        except ImportError:
            raise InputError('eulerian.backend: fipy is not installed; pip install "mfpde[fipy]"') from None
        grids = {1: fipy.Grid1D, 2: fipy.Grid2D, 3: fipy.Grid3D}
        sizes: dict[str, float] = {}
        for letter, axis in zip("xyz", reversed(mesh.axes), strict=False):
            sizes |= {f"n{letter}": axis.cells, f"d{letter}": float(axis.widths[0])}
        self.grid = grids[len(mesh.axes)](**sizes)
        self.term = fipy.UpwindConvectionTerm if scheme == "upwind" else fipy.CentralDifferenceConvectionTerm
        self.fipy = fipy
        self.inverse_size = float(sum(1 / axis.widths[0] for axis in mesh.axes))
        self.mobility = np.array([[axis.mobility] for axis in reversed(mesh.axes)])

    def rate(self, field: np.ndarray, potential: np.ndarray) -> Rate:
        """-div(u rho) by FiPy, u = -mobility grad V at faces; FiPy's outer faces have no gradient, hence no flux."""
        density = self.fipy.CellVariable(mesh=self.grid, value=field.ravel())
        v = self.fipy.CellVariable(mesh=self.grid, value=potential.ravel())
        velocity = -self.mobility * v.faceGrad.value
        coefficient = self.fipy.FaceVariable(mesh=self.grid, rank=1, value=velocity)
        residual = self.term(coeff=coefficient).justResidualVector(var=density, dt=1.0)
        change = -(residual / self.grid.cellVolumes).reshape(self.mesh.shape)
        # a bound for any scheme whose face values lie between zero and twice the cell's
        speed = np.abs(velocity * self.grid.faceNormals).sum(axis=0)
        fastest = speed[self.grid.cellFaceIDs].max(axis=0) * self.inverse_size
        dissipation = -float(np.sum(potential * change * self.mesh.volumes))
        return Rate(change, float(fastest.max()), dissipation)
