"""What moves units, by how a problem says that they feel it: on the host, and on an OpenCL device."""

from importlib import import_module

from mfpde.lagrangian.backend import Backend
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.problem import Problem

#: `Problem.forces` -> the module and the class (or what chooses it) of the NumPy reference, and of OpenCL
FORCES = {
    "inputs": (("forces_numpy", "NumpyNetwork"), ("forces_opencl", "build_opencl_network")),
    "kernel": (("forces_population", "NumpyPopulation"), ("forces_population_opencl", "OpenCLPopulation")),
    "masses": (("forces_masses", "NumpyMasses"), ("forces_masses", "NumpyMasses")),
    "own": (("forces_own", "OwnForces"), ("forces_own", "OwnForces")),
    "formulas": (("forces_numpy", "NumpyPotential"), ("forces_opencl", "build_opencl_potential")),
}


def build_backend(
    problem: Problem, ladder: Ladder, precision: str, weight_rate: float, device=None
) -> Backend:
    """The arithmetic and the forces of a problem's units.

    Arguments:
        weight_rate: alpha if the reaction acts on weights, else 0.
        device: an OpenCL device; NumPy if None.
    """
    module, name = FORCES[problem.forces][device is not None]
    build = getattr(import_module(f"mfpde.lagrangian.{module}"), name)
    return build(problem, ladder, precision, weight_rate, *([] if device is None else [device]))
