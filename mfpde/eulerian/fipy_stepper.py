"""An independent solver of the same case, for cross-checks: the meshes and terms of FiPy (Guyer, Wheeler &
Warren 2009, doi:10.1109/MCSE.2009.52) in space, the adaptive Runge-Kutta method of SciPy in time.

The method of lines, unsplit: the rate of change is the residual of one FiPy equation for

    d_t mu = div(M mu grad V) + tau div(M grad mu) - alpha (xi - mean xi) mu.

Of this code only V at the cells and the functionals of mu remain. On 100 x 100 cells it was measured about
ten times slower than the NumPy backend; with diffusion the more so the finer the mesh, for its explicit steps
shrink as the square of a cell.
"""

from typing import Any

import numpy as np
from scipy.integrate import RK45

from mfpde.case import schema
from mfpde.errors import InputError, RunError
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.eulerian.state import State
from mfpde.eulerian.stepper import Stepper
from mfpde.eulerian.steps import Step
from mfpde.measures.mesh import Mesh
from mfpde.models.mesh_potential import MeshPotential

#: error of a time step, relative to the density and to its maximum; far below the errors of meshes FiPy can
#: afford
TOLERANCE = 1e-7
TINY = 1e-200  #: stands for 0 in a denominator
CIRCLES = ("LeftRight", "TopBottom", "FrontBack")  #: FiPy's names of periodic x, y, z


class FipyFields(NumpyBackend):
    """Arrays of the mesh's shape, with the potential and the moments of the NumPy backend."""

    name = "fipy"
    undershoot = 0.01  # central differences oscillate a little around steep places

    def entropy(self, field: np.ndarray) -> float:
        """int mu log mu dtheta, undershoots taken as 0."""
        return super().entropy(np.maximum(field, 0.0))


class FipyStepper(Stepper):
    """Advances a density to the next output by one call; FiPy's first coordinate is the last axis.

    The scheme "upwind" is FiPy's UpwindConvectionTerm, equal to ours to rounding. Every other scheme is
    second order: with diffusion and `together` the ExponentialConvectionTerm, whose fluxes with the
    DiffusionTerm are those of Scharfetter and Gummel, otherwise the CentralDifferenceConvectionTerm, without
    limiter (the VanLeerConvectionTerm, evaluated explicitly, was measured not to converge).

    Arguments:
        scale: size of the energy, for tolerances of rounding.
        together: whether the fluxes of drift and of diffusion depend on each other, as in the solver this one
            is compared with.

    Raises:
        InputError: FiPy is not installed, or cannot solve the case.
    """

    def __init__(
        self,
        mesh: Mesh,
        arrays: MeshPotential,
        scale: float,
        settings: schema.Eulerian,
        dynamics: schema.Dynamics,
        together: bool = True,
    ):
        if len(mesh.axes) > 3:
            raise InputError(
                f"eulerian.backend: fipy solves on 1 to 3 axes, not on {len(mesh.axes)}; use opencl or numpy"
            )
        if settings.precision != "float64":
            raise InputError(
                f"eulerian.backend: fipy solves in float64, not in {settings.precision}; use opencl or numpy"
            )
        if dynamics.injects:
            raise InputError("eulerian.backend: fipy solves without births; use opencl or numpy")
        try:
            import fipy
        except ImportError:
            raise InputError('eulerian.backend: fipy is not installed; pip install "mfpde[fipy]"') from None
        super().__init__(
            FipyFields(mesh, arrays, settings.scheme, settings.precision),
            arrays.energy,
            scale,
            settings,
            dynamics,
        )
        self.mesh, self.volumes = mesh, mesh.volumes.ravel()
        grid = _grid(fipy, mesh)
        self.density = fipy.CellVariable(mesh=grid)
        self.potential = fipy.CellVariable(mesh=grid)
        self.excess = fipy.CellVariable(mesh=grid)  #: alpha (xi - mean xi)
        self.equation = self._equation(fipy, grid, together)

    @property
    def claim(self) -> str:
        """Nothing is proved to decay."""
        return "none"

    def _equation(self, fipy: Any, grid: Any, together: bool) -> Any:
        """The equation whose residual is minus the rate times the volume; it follows the variables in it.

        Outer faces have no gradient, hence no flux.
        """
        mobility = np.array([[axis.mobility] for axis in reversed(self.mesh.axes)])
        velocity = -fipy.FaceVariable(mesh=grid, rank=1, value=mobility) * self.potential.faceGrad
        if self.settings.scheme == "upwind":
            equation = fipy.UpwindConvectionTerm(coeff=velocity)
        elif self.tau and together:
            equation = fipy.ExponentialConvectionTerm(coeff=velocity)
        else:
            equation = fipy.CentralDifferenceConvectionTerm(coeff=velocity)
        if self.tau:
            # the mobility along the normal of a face; never 0, for FiPy divides by it to find the Peclet
            # number
            across = np.maximum(self.tau * (mobility * np.asarray(grid.faceNormals) ** 2).sum(axis=0), TINY)
            equation = equation - fipy.DiffusionTerm(coeff=fipy.FaceVariable(mesh=grid, value=across))
        if self.alpha:
            equation = equation + fipy.ImplicitSourceTerm(coeff=self.excess)
        return equation

    def rate(self, density: np.ndarray) -> np.ndarray:
        """d_t mu by FiPy, from the cell averages of mu; both (cells,) in C order.

        Raises:
            RunError: V is not finite.
        """
        moments = self.backend.moments(density.reshape(self.mesh.shape))
        potential = self.states.potential(moments.linear).values.ravel()
        if not np.all(np.isfinite(potential)):
            raise RunError("a velocity is no longer finite")
        self.density.setValue(density)
        self.potential.setValue(potential)
        if self.alpha:
            # mu log mu is 0 at mu = 0, and here also below, where an undershoot may lead
            xi = potential + self.reaction.entropic * np.log(np.where(density > 0, density, 1.0))
            masses = density * self.volumes
            self.excess.setValue(self.alpha * (xi - (xi @ masses) / masses.sum()))
        return -np.asarray(self.equation.justResidualVector(var=self.density, dt=1.0)) / self.volumes

    def step(self, state: State, remaining: float, longest: float = np.inf) -> Step:
        """The density after `remaining`; `longest` has no use, since the steps inside adapt to their error.

        Raises:
            RunError: the steps inside collapsed, or the density stopped being finite.
        """
        start = state.field.ravel()
        inner = RK45(
            lambda _, y: self.rate(y), 0.0, start, remaining, rtol=TOLERANCE, atol=TOLERANCE * start.max()
        )
        least = 0.0
        while inner.status == "running":
            message = inner.step()
            least = min(least, float(inner.y.min()))
        if inner.status == "failed":
            raise RunError(f"the time step collapsed inside FiPy's run: {message}")
        return Step(
            self.states.of(inner.y.reshape(self.mesh.shape)), remaining, "output", 0, least, float("nan")
        )


def _grid(fipy: Any, mesh: Mesh) -> Any:
    """FiPy's mesh with the same cells and circles."""
    axes = list(reversed(mesh.axes))
    sizes: dict[str, Any] = {}
    for letter, axis in zip("xyz", axes, strict=False):
        sizes |= {
            f"n{letter}": axis.cells,
            f"d{letter}": float(axis.widths[0]) if axis.uniform else axis.widths,
        }
    circles = [name for name, axis in zip(CIRCLES, axes, strict=False) if axis.periodic]
    if not circles:
        return getattr(fipy, f"Grid{len(axes)}D")(**sizes)
    which = "" if len(circles) == len(axes) else "".join(circles)
    return getattr(fipy, f"PeriodicGrid{len(axes)}D{which}")(**sizes)
