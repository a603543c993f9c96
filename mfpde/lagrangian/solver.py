"""Build the networks of a case: ladder, backend, reaction, integrator."""

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.lagrangian.backend import Backend
from mfpde.lagrangian.birth_death import BirthDeath
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.births import births_laws
from mfpde.models.network import Network

#: largest ladder that is tried, in bytes of device memory
MAX_BYTES = 64e9


def build_flow(case: Case, network: Network, ladder: Ladder, device=None) -> Flow:
    """The networks of a case at time 0.

    Arguments:
        device: an OpenCL device, needed by the backend "opencl".
    Raises:
        InputError: births from a density together with weights, which have no units to replace.
    """
    settings, alpha = case.lagrangian, case.dynamics.birth_death
    numbers = (16 if settings.precision == "float64" else 8) * ladder.total * (len(network.parameters.components) + 1)
    if numbers * 8 > MAX_BYTES:
        raise InputError(
            f"{case.path}: lagrangian.units: {ladder.total} units in all need about {numbers * 8 / 1e9:.0f} GB; use fewer units or replicates"
        )
    births = births_laws(case, network.parameters)
    by_weights = bool(alpha) and settings.reaction == "weights"
    if by_weights and births is not None:
        raise InputError(f'{case.path}: lagrangian.reaction: "weights" cannot express dynamics.births; use "birth_death"')
    backend = _backend(case, network, ladder, alpha if by_weights else 0.0, device)
    process = None
    if alpha and not by_weights:
        names = network.parameters.names
        rows = [names.index(c.name) for c in network.parameters.free]
        process = BirthDeath(ladder, alpha, None if births is None else list(zip(rows, births, strict=True)))
    return Flow(backend, settings, backend.upload(ladder.initial_state(network.parameters)), process)


def _backend(case: Case, network: Network, ladder: Ladder, weight_rate: float, device) -> Backend:
    # one switch for both sides: the backend named for the mesh also moves the networks, but FiPy knows none
    if case.eulerian.backend == "numpy":
        from mfpde.lagrangian.numpy_backend import NumpyBackend

        return NumpyBackend(network, ladder, case.lagrangian.precision, weight_rate)
    from mfpde.lagrangian.opencl_backend import OpenCLBackend

    return OpenCLBackend(network, ladder, case.lagrangian.precision, weight_rate, device)
