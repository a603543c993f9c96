"""What errors are measured against: the exact solution a case names, characteristics, or a finer solution.

The names: `function` is |f_h - f| in L2(nu) (not squared), `energy` is |E_h - E|, `w1_a` is the W1 error of
the marginal of a, `mean`, `covariance` (largest entry) and `density` (L1) are those of exact solutions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mfpde.case import Case
from mfpde.eulerian.solver import Solver
from mfpde.exact import build_exact, errors
from mfpde.exact.solution import solution_of
from mfpde.lagrangian.characteristics import Characteristics, build_characteristics, observe, why_none
from mfpde.measures.nodes import Rule
from mfpde.metrics.distances import w1_densities, w1_marginal
from mfpde.models import Problem, build_model

Errors = dict[str, float]
Tell = Callable[[str], None]


class Reference(Protocol):
    """The truth, as far as it is known."""

    @property
    def name(self) -> str:
        """What it is."""

    @property
    def doubt(self) -> float:
        """Its own error, as the first of `errors`; NaN if not known."""

    def errors(self, solver: Solver) -> Errors:
        """Errors of a density at the end of the case."""


@dataclass
class ExactSolution:
    """The solution the case names."""

    case: Case
    doubt: float = 0.0

    @property
    def name(self) -> str:
        """As the case names it."""
        assert self.case.exact is not None
        return f"the exact solution '{self.case.exact.solution}'"

    @property
    def of_mesh(self) -> bool:
        """Whether it is exact for every mesh, so that the time step alone errs."""
        return self.case.exact is not None and solution_of(self.case).of_mesh

    def errors(self, solver: Solver) -> Errors:
        """Whatever of the solution is known."""
        return errors(solver, build_exact(self.case, solver.model, solver.mesh).at(self.case.time))


@dataclass
class Nodes:
    """Characteristics, with their own error from half the nodes."""

    seen: Characteristics
    name: str
    doubt: float

    def errors(self, solver: Solver) -> Errors:
        """Function, energy and marginals."""
        model, density = solver.model, solver.density()
        found = weak_errors(
            model, solver.prediction, solver.state.energy, self.seen.prediction, self.seen.energy
        )
        for axis in solver.mesh.axes:
            cloud = self.seen.nodes[model.parameters.names.index(axis.name)]
            found[f"w1_{axis.name}"] = w1_marginal(
                axis, solver.mesh.marginal(density, axis.name), cloud, self.seen.weights
            )
        return found


@dataclass
class Finest:
    """Another density."""

    solver: Solver
    name: str
    doubt: float = float("nan")

    def errors(self, solver: Solver) -> Errors:
        """Function, energy and marginals."""
        exact = self.solver
        found = weak_errors(
            solver.model, solver.prediction, solver.state.energy, exact.prediction, exact.state.energy
        )
        mine, theirs = solver.density(), self.solver.density()
        for axis, other in zip(solver.mesh.axes, self.solver.mesh.axes, strict=True):
            marginals = solver.mesh.marginal(mine, axis.name), self.solver.mesh.marginal(theirs, axis.name)
            found[f"w1_{axis.name}"] = w1_densities(axis, marginals[0], other, marginals[1])
        return found


def weak_errors(
    model: Problem, prediction: np.ndarray, energy: float, exact: np.ndarray, exact_energy: float
) -> Errors:
    """Errors of the function (of networks) and of the energy."""
    found = {"energy": abs(energy - exact_energy)}
    if model.function is not None:
        found = {"function": float(np.sqrt(model.function.square_norm(prediction - exact)))} | found
    return found


def characteristics(case: Case, device, tell: Tell, nodes: int, rule: Rule | None) -> Nodes | None:
    """Characteristics at the end of the case; None where there are none."""
    if why_none(case) is not None:
        return None
    model, found = build_model(case), []
    for count in (nodes // 2, nodes):
        flow = build_characteristics(case, model, count, device, rule)
        tell(f"reference: {len(flow.backend.weights(flow.state))} nodes")
        flow.advance(case.time)
        found.append(observe(model, flow))
    doubt = weak_errors(model, found[1].prediction, found[1].energy, found[0].prediction, found[0].energy)
    return Nodes(found[1], f"characteristics of {len(found[1].weights)} nodes", next(iter(doubt.values())))


def find_reference(case: Case, device, tell: Tell, nodes: int, rule: Rule | None) -> Reference | None:
    """The exact solution if the case names one, else characteristics if it has them, else None."""
    return ExactSolution(case) if case.exact is not None else characteristics(case, device, tell, nodes, rule)
