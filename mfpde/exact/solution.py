"""The exact solution of a case, by the name the case gives it."""

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.exact.state import Exact, Solution, expect
from mfpde.kinds import EXACT
from mfpde.measures.mesh import Mesh
from mfpde.models.problem import Problem


def solution_of(case: Case) -> Solution:
    """What the solution that a case names is.

    Raises:
        InputError: the case names none.
    """
    if case.exact is None:
        raise InputError(f"{case.path}: exact.solution: is not given; expected one of {', '.join(EXACT)}")
    return EXACT[case.exact.solution]


def build_exact(case: Case, model: Problem, mesh: Mesh) -> Exact:
    """The exact solution a case names.

    Arguments:
        mesh: the mesh of the free parameters, for solutions that are exact for the mesh itself.
    Raises:
        InputError: the case names none, or one that does not apply to it.
    """
    solution = solution_of(case)
    expect(case, not isinstance(case.dynamics.birth_death, str), "dynamics.birth_death that is a number")
    expect(case, not case.dynamics.injects, "a case without dynamics.births")
    return solution.build(case, model, mesh)
