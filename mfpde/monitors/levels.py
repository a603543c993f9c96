"""What is compared of solutions on different meshes at one time: functions, energies by their parts,
marginals.
"""

from dataclasses import dataclass

import numpy as np

from mfpde.eulerian.solver import Solver
from mfpde.measures.axis import Axis
from mfpde.metrics.distances import w1_densities
from mfpde.metrics.resolution import narrowest_blob
from mfpde.models.problem import Problem


@dataclass(frozen=True)
class Level:
    """The solution on one mesh at one time."""

    model: Problem
    axes: dict[str, Axis]
    marginals: dict[str, np.ndarray]  #: (cells,) by axis
    prediction: np.ndarray  #: f; empty for a potential
    energy: float
    external: float  #: int r dmu of a network, int V0 dmu of a potential
    steps: int

    @property
    def blobs(self) -> dict[str, float]:
        """Width of the narrowest peak by axis, in cells."""
        return {name: narrowest_blob(axis, self.marginals[name]) for name, axis in self.axes.items()}

    def ratio(self, coarse: "Level", quantity: str) -> float:
        """Of the sizes of cells: of its own axis for a marginal, else the mean over axes."""
        ratios = {f"w1_{name}": axis.cells / coarse.axes[name].cells for name, axis in self.axes.items()}
        return ratios.get(quantity, float(np.mean(list(ratios.values()))))

    def function_distance(self, other: "Level") -> float:
        """|f - g| in L2(nu)."""
        assert self.model.function is not None
        return float(np.sqrt(self.model.function.square_norm(self.prediction - other.prediction)))

    def energy_distance(self, other: "Level") -> float:
        """The part of the energy's difference that is 2 int r dmu or 2 int V0 dmu, and the rest, as the sides
        of a right triangle: their sum may vanish where neither does.
        """
        parts = np.array([self.energy - 2 * self.external, 2 * self.external]) - [
            other.energy - 2 * other.external,
            2 * other.external,
        ]
        return float(np.hypot(*parts))

    def marginal_distance(self, other: "Level", name: str) -> float:
        """W1 of the marginals of an axis."""
        return w1_densities(self.axes[name], self.marginals[name], other.axes[name], other.marginals[name])

    def distances(self, other: "Level") -> dict[str, float]:
        """All of them, by name: function (of networks), energy, w1_NAME."""
        found = {"function": self.function_distance(other)} if self.model.function is not None else {}
        return (
            found
            | {"energy": self.energy_distance(other)}
            | {f"w1_{name}": self.marginal_distance(other, name) for name in self.axes}
        )


def measure_level(solver: Solver) -> Level:
    """The solution of a solver at its time."""
    mesh, density, state = solver.mesh, solver.density(), solver.state
    external = state.moments.penalty
    if (function := solver.model.function) is not None:  # also of points that carry a density on
        external = (state.energy - float(function.loss(solver.prediction))) / 2
    return Level(
        solver.model,
        {axis.name: axis for axis in mesh.axes},
        {axis.name: mesh.marginal(density, axis.name) for axis in mesh.axes},
        solver.prediction,
        state.energy,
        external,
        solver.steps,
    )
