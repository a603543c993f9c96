"""The hand-off from cells to points: where a blob has become too narrow for the mesh, weighted points carry
it on.

Every cell becomes 2^axes points that keep its second moments, and these follow the characteristics (with
weights for the reaction). The gradient flow contracts the errors they inherit, while a mesh would go on
adding its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.eulerian.solver import Solver
from mfpde.eulerian.state import State
from mfpde.lagrangian.characteristics import observe, points_flow, why_none
from mfpde.lagrangian.flow import Flow
from mfpde.measures.mesh import Mesh
from mfpde.metrics.resolution import narrowest_blob
from mfpde.models.energy import Moments
from mfpde.models.problem import Problem

NARROW = 3.0  #: cells; the standard deviation of a blob at which points take over
NEGLIGIBLE = 1e-10  #: share of the largest cell's mass below which a cell gives no points


@dataclass
class Points:
    """What carries a density on after its mesh could not."""

    model: Problem
    mesh: Mesh
    flow: Flow
    prior: np.ndarray  #: weights of the points at the hand-off (n,)
    since: float

    def __post_init__(self) -> None:
        self._seen = observe(self.model, self.flow)

    @property
    def time(self) -> float:
        """The time of the points."""
        return self.since + self.flow.time

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Bring the points to a time; `watch` is called after every step."""
        self.flow.advance(until - self.since, watch)
        self._seen = observe(self.model, self.flow)

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to build the points anew and to go on bit by bit from here; for
        `restore_carrier`.
        """
        return {"since": self.since, "prior": self.prior, "flow": self.flow.checkpoint()}

    @property
    def prediction(self) -> np.ndarray:
        """f at the data."""
        return self._seen.prediction

    def state(self) -> State:
        """Functionals of the points; there is no field."""
        seen = self._seen
        return State(
            None, Moments(seen.prediction, 0.0, float("nan"), float(seen.weights.sum())), seen.energy
        )

    def density(self) -> np.ndarray:
        """Cell averages of the points, shared by the cells around them so that means are kept."""
        rows = [self.model.parameters.names.index(name) for name in self.mesh.names]
        return self.mesh.density_of_points(self._seen.nodes[rows], self._seen.weights)


def check_hand_off(case: Case) -> None:
    """Refuse a hand-off of a case that has no characteristics.

    Raises:
        InputError: births or diffusion.
    """
    if case.eulerian.hand_off and not case.model.conserves_mass:
        raise InputError(
            f"{case.path}: eulerian.hand_off: points keep the mass, which a {case.model.kind} does not"
        )
    if case.eulerian.hand_off and (reason := why_none(case)):
        raise InputError(f"{case.path}: eulerian.hand_off: points cannot carry this case on, since {reason}")


def is_narrow(solver: Solver) -> bool:
    """Whether a marginal of the density has a blob narrower than `NARROW` cells."""
    density = solver.density()
    return (
        min(narrowest_blob(axis, solver.mesh.marginal(density, axis.name)) for axis in solver.mesh.axes)
        < NARROW
    )


def hand_off_if_narrow(case: Case, solver: Solver, device=None) -> None:
    """Let points carry a density on from the present time, once the case asks for it and it is narrow."""
    if case.eulerian.hand_off and solver.carrier is None and is_narrow(solver):
        hand_off(case, solver, device)


def hand_off(case: Case, solver: Solver, device=None) -> None:
    """Let points carry a density on from the present time."""
    model = solver.model
    points, weights = solver.mesh.points(solver.density(), NEGLIGIBLE)
    prior = weights / weights.sum()
    solver.carrier = Points(
        model, solver.mesh, points_flow(case, model, points.T, prior, device), prior, solver.time
    )


def restore_carrier(case: Case, solver: Solver, saved: dict[str, Any], device=None) -> None:
    """Let points of a checkpoint carry a density on, if they did then; before the solver itself is
    restored.
    """
    if (its := saved.get("carrier")) is None:
        return
    prior = its["prior"]
    flow = points_flow(
        case, solver.model, np.zeros((len(solver.model.parameters.free), len(prior))), prior, device
    )
    flow.restore(its["flow"])
    solver.carrier = Points(solver.model, solver.mesh, flow, prior, its["since"])
