"""What of an energy and of its dynamics changes in time, by a formula in t (annealing).

lambda(t) multiplies r_a, and all of r for the kind "path"; kappa stays. At every time the problem then is a
network with the lambda of that time, whose certificates hold; its energy need not decrease, for
dE/dt = 2 lambda'(t) int (dr/dlambda) dmu - 2 int |grad V|^2 dmu.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from mfpde.errors import InputError
from mfpde.expressions.schedule import Schedule, schedule_of
from mfpde.kinds import UNIT_BIRTHS

if TYPE_CHECKING:
    from mfpde.case import Case

LAMBDA, TAU = "model.penalty.lambda", "dynamics.diffusion"
P = TypeVar("P")


def changing(case: "Case") -> list[str]:
    """Keys by which energies change in time."""
    penalty = getattr(case.model, "penalty", None)
    given = {LAMBDA: penalty.strength if penalty is not None else 0.0, TAU: case.dynamics.diffusion}
    return [key for key, value in given.items() if isinstance(value, str)]


def strength_of(case: "Case") -> Schedule | None:
    """lambda(t) of a network; None if it is a number.

    Raises:
        InputError: it is negative or not finite at a time, or cannot be read.
    """
    if LAMBDA not in changing(case):
        return None
    penalty: Any = case.model.penalty  # type: ignore[union-attr]
    return schedule_of(penalty.strength, case.time, LAMBDA)


def temperature_of(case: "Case") -> Schedule:
    """tau(t).

    Raises:
        InputError: a formula that is not positive and finite at all times, or cannot be read.
    """
    return schedule_of(case.dynamics.diffusion, case.time, f"{case.path}: {TAU}", positive=True)


def lambda_of(problem: object) -> Schedule | None:
    """lambda(t) of a network in which it changes; None for all others."""
    found = getattr(problem, "strength", None)
    return found if isinstance(found, Schedule) else None  # that of spikes is a number


def at_time(problem: P, time: float) -> P:
    """The problem with the lambda of a time: itself, where that is a number."""
    strength = lambda_of(problem)
    if strength is None:
        return problem
    network: Any = problem
    spec = network.penalty.spec.model_copy(update={"strength": strength(time)})
    return replace(network, penalty=type(network.penalty)(spec), strength=None)


def note(case: "Case") -> str:
    """What the user should know of guarantees; empty where all hold."""
    keys = changing(case)
    if not keys:
        return ""
    if keys == [TAU]:
        return f"{TAU} changes in time: free energies need not decrease"
    return (
        f"{' and '.join(keys)} change{'s' if len(keys) == 1 else ''} in time: certificates hold at every time"
        " for the lambda of that time; energies need not decrease"
    )


def check_changing(case: "Case") -> None:
    """Refuse what knows no formulas in t.

    Raises:
        InputError: with the key, and what asks for a number.
    """
    for key in changing(case):
        for other, asked in _asking_for_numbers(case, key).items():
            if asked:
                raise InputError(f"{case.path}: {key}: {other} takes a number, not a formula in t")


def _asking_for_numbers(case: "Case", key: str) -> dict[str, bool]:
    """What takes a number for a key, and whether the case asks for it."""
    dynamics, mesh, units = case.dynamics, case.eulerian, case.lagrangian
    both = {
        'eulerian.backend = "fipy"': mesh.enabled and mesh.backend == "fipy",
        "exact.solution": case.exact is not None,
        "fluctuations.predict": case.fluctuations.predict,
        "descent.steps": bool(case.descent.steps),
        "lagrangian.fixed_step": units.fixed_step is not None,
        "stationary, which ends a run that would go on to change,": case.stationary is not None,
    }
    if key == LAMBDA:
        compared = dynamics.scheme in UNIT_BIRTHS and bool(units.units)
        return both | {
            "eulerian.hand_off": mesh.hand_off,
            f'dynamics.births.scheme = "{dynamics.scheme}" of units': compared,
        }
    return both | {
        'dynamics.reaction = "entropic"': dynamics.reaction == "entropic",
        'eulerian.diffusion_scheme = "scharfetter_gummel"': mesh.enabled
        and mesh.diffusion_scheme == "scharfetter_gummel",
    }
