"""Build the networks of a case: ladder, backend, reaction, integrator."""

from functools import partial

from mfpde.case import Case
from mfpde.device.choice import device_of
from mfpde.errors import InputError
from mfpde.lagrangian.birth_death import BirthDeath
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.forces import build_backend
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.memory import check_size
from mfpde.lagrangian.noise import Noise
from mfpde.lagrangian.noise_steps import NoiseSteps
from mfpde.models.births import births_laws
from mfpde.models.problem import Problem


def build_flow(case: Case, model: Problem, ladder: Ladder, device=None) -> Flow:
    """The networks of a case at time 0.

    Arguments:
        device: an OpenCL device; NumPy if None.
    Raises:
        InputError: births from a density together with weights, which have no units to replace.
    """
    settings, alpha = case.lagrangian, case.dynamics.birth_death
    device = device_of(case.eulerian.backend, device)
    check_size(model, ladder, settings.precision, str(case.path), device)
    births = births_laws(case, model.parameters)
    by_weights = bool(alpha) and settings.reaction == "weights"
    if by_weights and births is not None:
        raise InputError(
            f'{case.path}: lagrangian.reaction: "weights" cannot express dynamics.births; use "birth_death"'
        )
    if case.dynamics.reaction == "entropic":
        raise InputError(
            f'{case.path}: dynamics.reaction: "entropic" needs a density, which units have not; set'
            " lagrangian.units = []"
        )
    tau = case.dynamics.diffusion
    if by_weights and tau:
        raise InputError(
            f'{case.path}: lagrangian.reaction: "weights" degenerate under noise (dynamics.diffusion); use'
            ' "birth_death"'
        )
    noise = (
        NoiseSteps(
            Noise(ladder, model.parameters, tau, model.kink > 0),
            settings.noise_step,
            settings.noise_tolerance,
        )
        if tau
        else None
    )
    backend = build_backend(model, ladder, case.lagrangian.precision, alpha if by_weights else 0.0, device)
    process = None
    if alpha and not by_weights:
        free = [(row, c) for row, c in enumerate(model.parameters.components) if c.free]
        reborn = (
            None
            if births is None
            else [(row, partial(c.draw, law=law)) for (row, c), law in zip(free, births, strict=True)]
        )
        process = BirthDeath(ladder, alpha, reborn)
    return Flow(backend, settings, backend.upload(ladder.initial_state(model.parameters)), process, noise)
