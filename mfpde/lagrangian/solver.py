"""Build the networks of a case: ladder, backend, reaction, integrator."""

from typing import cast

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.lagrangian.backend import Backend
from mfpde.lagrangian.birth_death import BirthDeath
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.noise import Noise
from mfpde.models.births import births_laws
from mfpde.models.model import Model
from mfpde.models.network import Network
from mfpde.models.population import PopulationNetwork
from mfpde.models.potential import Potential

#: largest ladder that is tried, in bytes of device memory
MAX_BYTES = 64e9


def build_flow(case: Case, model: Model, ladder: Ladder, device=None) -> Flow:
    """The networks of a case at time 0.

    Arguments:
        device: an OpenCL device, needed by the backend "opencl".
    Raises:
        InputError: births from a density together with weights, which have no units to replace.
    """
    settings, alpha = case.lagrangian, case.dynamics.birth_death
    numbers = (16 if settings.precision == "float64" else 8) * ladder.total * (len(model.parameters.components) + 1)
    if numbers * 8 > MAX_BYTES:
        raise InputError(
            f"{case.path}: lagrangian.units: {ladder.total} units in all need about {numbers * 8 / 1e9:.0f} GB; use fewer units or replicates"
        )
    births = births_laws(case, model.parameters)
    by_weights = bool(alpha) and settings.reaction == "weights"
    if by_weights and births is not None:
        raise InputError(f'{case.path}: lagrangian.reaction: "weights" cannot express dynamics.births; use "birth_death"')
    if case.dynamics.reaction == "entropic":
        raise InputError(f'{case.path}: dynamics.reaction: "entropic" needs a density, which units have not; set lagrangian.units = []')
    tau = case.dynamics.diffusion
    if by_weights and tau:
        raise InputError(f'{case.path}: lagrangian.reaction: "weights" degenerate under noise (dynamics.diffusion); use "birth_death"')
    noise = Noise(ladder, model.parameters, tau) if tau else None
    backend = build_backend(model, ladder, case.lagrangian.precision, alpha if by_weights else 0.0, case.eulerian.backend, device)
    process = None
    if alpha and not by_weights:
        names = model.parameters.names
        rows = [names.index(c.name) for c in model.parameters.free]
        process = BirthDeath(ladder, alpha, None if births is None else list(zip(rows, births, strict=True)))
    return Flow(backend, settings, backend.upload(ladder.initial_state(model.parameters)), process, noise)


def build_backend(model: Model, ladder: Ladder, precision: str, weight_rate: float, backend: str, device=None) -> Backend:
    """The arithmetic and the forces of a model's units.

    Arguments:
        weight_rate: alpha if the reaction acts on weights, else 0.
        backend: the one named for the mesh: one switch for both sides, but FiPy moves no units.
        device: an OpenCL device, unless the backend is "numpy".
    """
    arguments = (ladder, precision, weight_rate)
    if isinstance(model, PopulationNetwork):
        if backend == "numpy":
            from mfpde.lagrangian.forces_population import NumpyPopulation

            return NumpyPopulation(model, *arguments)
        from mfpde.lagrangian.forces_population_opencl import OpenCLPopulation

        return OpenCLPopulation(model, *arguments, device)
    if backend == "numpy":
        from mfpde.lagrangian.forces_numpy import NumpyNetwork, NumpyPotential

        if isinstance(model, Potential):
            return NumpyPotential(model, *arguments)
        return NumpyNetwork(cast(Network, model), *arguments)
    from mfpde.lagrangian.forces_opencl import OpenCLNetwork, OpenCLPotential

    if isinstance(model, Potential):
        return OpenCLPotential(model, *arguments, device)
    return OpenCLNetwork(cast(Network, model), *arguments, device)
