"""Build the networks of a case: ladder, backend, reaction, integrator."""

from collections.abc import Sequence
from functools import partial

from mfpde.case import Case
from mfpde.device.choice import device_of
from mfpde.errors import InputError, about
from mfpde.expressions.schedule import schedule_of
from mfpde.kinds import UNIT_BIRTHS
from mfpde.lagrangian.birth_death import BirthDeath
from mfpde.lagrangian.born import Born
from mfpde.lagrangian.fixed_steps import FixedSteps, check_steps
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.forces import build_backend
from mfpde.lagrangian.forces_masses import NumpyMasses
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.memory import check_size
from mfpde.lagrangian.noise import Noise
from mfpde.lagrangian.noise_steps import NoiseSteps
from mfpde.lagrangian.weighed_births import WeighedBirths
from mfpde.laws import Law
from mfpde.models.births import birth_level, births_laws
from mfpde.models.changing import lambda_of, temperature_of
from mfpde.models.problem import Problem


def _process(
    case: Case, model: Problem, ladder: Ladder, births: Sequence[Law] | None
) -> BirthDeath | WeighedBirths | None:
    """What makes units jump, or births into weights; None if weights alone react."""
    scheme = case.dynamics.scheme
    alpha = schedule_of(case.dynamics.birth_death, case.time, f"{case.path}: dynamics.birth_death")
    by_weights = case.lagrangian.reaction == "weights"
    if births is None:
        return None if by_weights else BirthDeath(ladder, alpha, None)
    free = [(row, c) for row, c in enumerate(model.parameters.components) if c.free]
    draws = [(row, partial(c.draw, law=law)) for (row, c), law in zip(free, births, strict=True)]
    if scheme not in UNIT_BIRTHS:
        return BirthDeath(ladder, alpha, draws)
    assert case.dynamics.births is not None
    rate, level = case.dynamics.births.rate or 0.0, birth_level(case, model, births)
    born: Born = UNIT_BIRTHS[scheme](ladder, alpha, draws, rate, level)
    return WeighedBirths(born) if by_weights else born


def _noise(case: Case, model: Problem, ladder: Ladder) -> NoiseSteps:
    """The noise of units, and its steps."""
    settings, kinks = case.lagrangian, model.parameters.outputs if model.kink else 0
    noise = Noise(ladder, model.parameters, temperature_of(case), kinks)
    return NoiseSteps(noise, settings.noise_step, settings.noise_tolerance)


def build_flow(case: Case, model: Problem, ladder: Ladder, device=None) -> Flow:
    """The networks of a case at time 0.

    Arguments:
        device: an OpenCL device; NumPy if None.
    Raises:
        InputError: births from a density together with weights, which have no units to replace.
    """
    settings, alpha = case.lagrangian, case.dynamics.birth_death
    if isinstance(alpha, str) and settings.reaction == "weights":
        raise InputError(
            f'{case.path}: dynamics.birth_death: lagrangian.reaction = "weights" takes a number, not a'
            ' formula; use "birth_death"'
        )
    device = device_of(case.eulerian.backend, device)
    check_size(model, ladder, settings.precision, str(case.path), device)
    births = births_laws(case, model.parameters)
    by_weights = bool(alpha) and settings.reaction == "weights"
    if by_weights and case.dynamics.scheme == "reborn":
        raise InputError(
            f'{case.path}: lagrangian.reaction: "weights" cannot express dynamics.births without a scheme;'
            f' use "birth_death", or dynamics.births.scheme = {" or ".join(map(repr, UNIT_BIRTHS))}'
        )
    if case.dynamics.reaction == "entropic":
        raise InputError(
            f'{case.path}: dynamics.reaction: "entropic" needs a density, which units have not; set'
            " lagrangian.units = []"
        )
    if alpha and not by_weights and not case.model.conserves_mass:
        raise InputError(
            f"{case.path}: lagrangian.reaction: jumps keep the number of units, and with it the mass, which a"
            f' {case.model.kind} does not; expected reaction = "weights", or lagrangian.units = []'
        )
    with about(case.path):
        check_steps(case)
        start = ladder.initial_state(model.parameters, settings.start)
    tau = case.dynamics.diffusion
    if by_weights and tau:
        raise InputError(
            f'{case.path}: lagrangian.reaction: "weights" degenerate under noise (dynamics.diffusion); use'
            ' "birth_death"'
        )
    noise = _noise(case, model, ladder) if tau else None
    weight_rate = case.dynamics.alpha if by_weights else 0.0
    backend = build_backend(model, ladder, case.lagrangian.precision, weight_rate, device)
    process = _process(case, model, ladder, births) if alpha else None
    state = backend.upload(start)
    if settings.fixed_step is None:
        return Flow(backend, settings, state, process, noise, lambda_of(model))
    turn = backend.plain if isinstance(backend, NumpyMasses) and settings.retraction == "plain" else None
    return FixedSteps(backend, settings, state, length=settings.fixed_step, turn=turn)
