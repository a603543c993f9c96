"""The optimum of whatever a case describes: a network's, or that of spikes."""

from mfpde.errors import InputError
from mfpde.models.kinds import as_network, as_spikes
from mfpde.models.problem import Problem
from mfpde.optima.nonnegative import NonnegativeOptimum, find_nonnegative
from mfpde.optima.optimum import Optimum, find_optimum


def optimum_of(
    problem: Problem, grid: bool, interpolant: bool, tolerance: float
) -> Optimum | NonnegativeOptimum:
    """The least energy; arguments as of `find_optimum`.

    Raises:
        InputError: the problem is a potential, what was asked for belongs to another kind, or there is no
            minimum.
    """
    if (spikes := as_spikes(problem)) is not None:
        if grid or interpolant:
            raise InputError("optimum: --grid and --interpolant are for networks; spikes have neither")
        return find_nonnegative(spikes, tolerance)
    network = as_network(problem)
    if network is None:
        raise InputError("optimum: is for networks; the energy of a potential is not convex in general")
    return find_optimum(network, grid, interpolant, tolerance)
