"""The exact solution of a case, by the name the case gives it."""

from collections.abc import Callable

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.exact.circle import build_cauchy_circle, build_cosine_circle
from mfpde.exact.collapse import build_collapse
from mfpde.exact.fisher_rao import build_fisher_rao
from mfpde.exact.frozen import build_frozen_features
from mfpde.exact.gaussian import build_gaussian
from mfpde.exact.gibbs import build_gibbs
from mfpde.exact.state import Exact, expect
from mfpde.measures.mesh import Mesh
from mfpde.models.problem import Problem

SOLUTIONS: dict[str, Callable[[Case, Problem, Mesh], Exact]] = {
    "gaussian": build_gaussian,
    "gibbs": build_gibbs,
    "wrapped_cauchy": build_cauchy_circle,
    "circle_cosine": build_cosine_circle,
    "collapse": build_collapse,
    "frozen_features": build_frozen_features,
    "fisher_rao": build_fisher_rao,
}

#: those that are exact for every mesh, not only as cells become small
OF_MESH = {"gibbs", "frozen_features", "fisher_rao"}


def build_exact(case: Case, model: Problem, mesh: Mesh) -> Exact:
    """The exact solution a case names.

    Arguments:
        mesh: the mesh of the free parameters, for solutions that are exact for the mesh itself.
    Raises:
        InputError: the case names none, or one that does not apply to it.
    """
    if case.exact is None:
        raise InputError(f"{case.path}: exact.solution: is not given; expected one of {', '.join(SOLUTIONS)}")
    expect(case, case.dynamics.births is None, "a case without dynamics.births")
    return SOLUTIONS[case.exact.solution](case, model, mesh)
