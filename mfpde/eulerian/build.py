"""Build the solver of a case: mesh, couplings, backend, stepper, and the density at time 0."""

import numpy as np

from mfpde.case import Case
from mfpde.device.choice import device_of
from mfpde.errors import InputError, about
from mfpde.eulerian.annealed import AnnealedStepper, Annealing, Rates
from mfpde.eulerian.backend import Backend, faint_density
from mfpde.eulerian.diffusion import MAX_PECLET, Diffusion, median_peclet
from mfpde.eulerian.memory import check_size, telling_what_fits
from mfpde.eulerian.solver import Solver
from mfpde.eulerian.stepper import Stepper
from mfpde.expressions.schedule import schedule_of
from mfpde.measures.mesh import Mesh
from mfpde.models.births import births_laws
from mfpde.models.changing import changing, lambda_of, temperature_of
from mfpde.models.kinds import as_network
from mfpde.models.mesh_potential import MeshPotential
from mfpde.models.problem import Problem


def build_solver(case: Case, model: Problem, device=None, fraction: float = 1.0) -> Solver:
    """The solver of a case at time 0.

    Arguments:
        device: an OpenCL device; NumPy if None, and for FiPy.
        fraction: of every step, see `Stepper`; FiPy chooses its own.
    """
    device = device_of(case.eulerian.backend, device)
    with about(case.path):
        mesh = model.parameters.mesh()
        check_size(mesh, model, case.eulerian.precision, device if case.eulerian.backend != "fipy" else None)
        arrays = model.on_mesh(mesh).compressed(mesh, case.eulerian.compression)
    initial = mesh.average_density([c.law for c in model.parameters.free]) * case.model.mass
    together = bool(case.dynamics.diffusion) and _together(case, mesh, arrays, initial)
    with telling_what_fits(mesh, model, case.eulerian.precision):
        stepper = _build_stepper(case, model, mesh, arrays, together, device, fraction)
        state = stepper.states.of(stepper.backend.upload(initial))
    keeps = case.model.conserves_mass
    drift, watches = abs(state.moments.mass - 1) if keeps else 0.0, case.stationary is not None
    return Solver(
        stepper,
        model,
        mesh,
        state,
        mass_drift=drift,
        features_error=arrays.coupling.error,
        has_gibbs=has_gibbs_states(case),
        watches_rates=watches,
        conserves_mass=keeps,
    )


def has_gibbs_states(case: Case) -> bool:
    """Whether densities mu = exp(-V[mu]/tau)/Z are the stationary ones of a case, the whole box being
    connected.
    """
    dynamics = case.dynamics
    moving = all(p.mobility > 0 for p in case.parameters.values() if p.fixed is None)
    plain_reaction = bool(dynamics.birth_death) and dynamics.reaction == "plain"
    settled = bool(dynamics.diffusion) and not changing(case)
    return settled and moving and not plain_reaction and not dynamics.injects


def _build_stepper(
    case: Case, model: Problem, mesh: Mesh, arrays: MeshPotential, together: bool, device, fraction: float
) -> Stepper:
    settings, dynamics = case.eulerian, case.dynamics
    if settings.backend == "fipy" and not case.model.conserves_mass:
        raise InputError(
            f'{case.path}: eulerian.backend: "fipy" keeps the mass, which a {case.model.kind} does not;'
            ' expected "auto", "numpy" or "opencl"'
        )
    alpha = schedule_of(dynamics.birth_death, case.time, f"{case.path}: dynamics.birth_death")
    if settings.backend == "fipy":
        if not alpha.constant:
            raise InputError(
                f"{case.path}: dynamics.birth_death: fipy takes a number, not a formula; use opencl or numpy"
            )
        from mfpde.eulerian.fipy_stepper import FipyStepper

        with about(case.path):
            return FipyStepper(mesh, arrays, model.scale, settings, dynamics, together)
    # diffusion feeds tails as fast as transport drains them; without it they empty by themselves, and by a
    # reaction they may grow
    faint = faint_density(mesh) if dynamics.diffusion and not dynamics.birth_death else 0.0
    backend = _build_backend(case, arrays, mesh, device, faint)
    births = births_laws(case, model.parameters)
    source = None if births is None else backend.upload(mesh.average_density(births))
    tau = temperature_of(case)
    if tau.constant and lambda_of(model) is None:
        diffusion = Diffusion(backend, mesh, dynamics.tau, together) if dynamics.diffusion else None
        rest = (source, diffusion, fraction, alpha, case.model.conserves_mass)
        return Stepper(backend, arrays.energy, model.scale, settings, dynamics, *rest)
    network = as_network(model)
    penalty = None if network is None or network.strength is None else Annealing(backend, network, mesh)
    rates = Rates(alpha, tau, penalty)
    given = (backend, mesh, arrays.energy, model.scale, settings, dynamics)
    return AnnealedStepper(*given, rates, source, together, fraction)


def _together(case: Case, mesh: Mesh, arrays: MeshPotential, initial: np.ndarray) -> bool:
    """Whether drift and diffusion are taken together; settled once, so that the order of a run does not
    change on the way.
    """
    scheme = case.eulerian.diffusion_scheme
    if isinstance(case.dynamics.diffusion, str):
        return False  # Scharfetter-Gummel kernels are compiled for one tau
    if scheme != "auto":
        return scheme == "scharfetter_gummel"
    masses = (initial * mesh.volumes).reshape(len(arrays.amplitude), -1)
    v = arrays.values(arrays.energy.source(arrays.moments(masses).linear)).reshape(mesh.shape)
    return median_peclet(mesh, initial, v, case.dynamics.tau) < MAX_PECLET


def _build_backend(case: Case, arrays: MeshPotential, mesh: Mesh, device, faint: float) -> Backend:
    settings, tau = case.eulerian, temperature_of(case)(0.0)
    if device is None:
        from mfpde.eulerian.numpy_backend import NumpyBackend

        return NumpyBackend(mesh, arrays, settings.scheme, settings.precision, tau, faint)
    from mfpde.eulerian.opencl_backend import OpenCLBackend

    return OpenCLBackend(mesh, arrays, settings.scheme, settings.precision, device, tau=tau, faint=faint)
