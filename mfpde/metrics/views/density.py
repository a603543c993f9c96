"""What a density on a mesh shows, or the points that carry it on."""

from functools import cached_property
from typing import Any, cast

import numpy as np

from mfpde.eulerian.solver import Solver
from mfpde.metrics.resolution import narrowest_blob
from mfpde.models.problem import Certified


class DensityView:
    """The density at one time."""

    def __init__(self, solver: Solver):
        self.solver, self.mesh, self.model = solver, solver.mesh, solver.model
        self.function = self.model.function

    @property
    def time(self) -> float:
        """Of the solver."""
        return self.solver.time

    @cached_property
    def density(self) -> np.ndarray:
        """Cell averages of mu on the host, float64."""
        return self.solver.density()

    @cached_property
    def marginals(self) -> dict[str, np.ndarray]:
        """Marginal densities (cells,) by axis."""
        return {axis.name: self.mesh.marginal(self.density, axis.name) for axis in self.mesh.axes}

    @cached_property
    def wall_mass(self) -> dict[str, float]:
        """Mass in the two outermost cells of every axis that has walls."""
        return self.mesh.wall_mass(self.density)

    @cached_property
    def blobs(self) -> dict[str, float]:
        """Width of the narrowest peak by axis, in cells."""
        return {axis.name: narrowest_blob(axis, self.marginals[axis.name]) for axis in self.mesh.axes}

    @cached_property
    def bound(self) -> Any:
        """What the density proves of the least energy (`models.problem.Certified`)."""
        centres = np.meshgrid(*(axis.centres for axis in self.mesh.axes), indexing="ij")
        masses = (self.density * self.mesh.volumes).ravel()
        energy = self.solver.state.energy
        return cast(Certified, self.model).gap(np.array([c.ravel() for c in centres]), masses, energy)

    @cached_property
    def prediction(self) -> np.ndarray:
        """f by its coefficients (r,); empty without f."""
        return self.solver.prediction

    @cached_property
    def slope_norm(self) -> float:
        """|dl/df| in L2(nu), which is |f - f*| for the square loss."""
        assert self.function is not None
        return self.function.risk.slope_norm(self.prediction)

    @cached_property
    def loss(self) -> float:
        """That of f, such as |f - f*|^2 in L2(nu)."""
        assert self.function is not None
        return float(self.function.loss(self.prediction))
