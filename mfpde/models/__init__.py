"""Problems: an energy of measures, its potential and its moments; the same object serves meshes and
particles.
"""

from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.models.problem import Problem


def build_model(case: Case, data: Dataset | None = None) -> Problem:
    """The problem a case describes.

    Arguments:
        data: what a network learns, if it is known already; else the case tells where to read it.
    Raises:
        InputError: anything wrong with formulas, data, activation or parameters.
    """
    if case.model.kind == "potential":
        from mfpde.models.potential import build_potential

        return build_potential(case)
    if case.data is not None and case.data.population is not None:
        from mfpde.models.population import build_population

        return build_population(case)
    from mfpde.models.network import build_network

    return build_network(case, data)


__all__ = ["Problem", "build_model"]
