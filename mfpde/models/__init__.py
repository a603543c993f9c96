"""Problems: an energy of measures, its potential and its moments; the same object serves meshes and
particles.
"""

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.kinds import PROBLEMS
from mfpde.models.changing import check_changing
from mfpde.models.problem import Problem


def build_model(case: Case, data: Dataset | None = None) -> Problem:
    """The problem a case describes.

    Arguments:
        data: what a network learns, if it is known already; else the case tells where to read it.
    Raises:
        InputError: anything wrong with formulas, data, activation or parameters.
    """
    check_changing(case)
    return PROBLEMS[case.model.kind](case, data)


__all__ = ["Problem", "build_model"]
