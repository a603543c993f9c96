"""The sides of a simulation while they take turns: what each is called, which part of it moves, and how far
that is.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from mfpde.eulerian.solver import Solver
from mfpde.lagrangian.descent import Descent
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.fluctuations import Fluctuations

#: told the time that a part has reached, and facts: the "side", and those of the density
Watch = Callable[[float, dict[str, Any]], None]
#: the parts of a side in the order in which they move, with the time of each
Parts = dict[str, Callable[[], float]]
Particles = Flow | Fluctuations | Descent

DENSITY = "density"
#: widths that are named one by one
NAMED = 4


class Turn:
    """Watches the parts of one side, which are advanced one after another.

    Arguments:
        facts: what else to tell.
    """

    def __init__(self, parts: Parts, until: float, watch: Watch, facts: Callable[[], dict[str, Any]]):
        self.parts, self.until, self.watch, self.facts = parts, until, watch, facts
        self.before = {name: at() for name, at in parts.items()}

    def __call__(self, *_: Any) -> None:
        """After a step: say which part it was of; of one that was rejected, the part whose turn it is."""
        now = {name: at() for name, at in self.parts.items()}
        moved = next((name for name in now if now[name] != self.before[name]), None)
        name = moved or next((name for name in now if now[name] < self.until), next(reversed(now)))
        self.before = now
        self.watch(now[name], self.facts() | {"side": name})


def parts_of(side: Particles, name: str, units: list[int]) -> Parts:
    """The parts of what moves by characteristics.

    Arguments:
        name: of the side, in `Simulation.particles`.
        units: widths of the networks.
    """
    if isinstance(side, Fluctuations):
        return {
            "fluctuations": partial(_time, side.full.flow),
            "fluctuations by half the nodes": partial(_time, side.half.flow),
        }
    if isinstance(side, Descent):
        settings = side.case.descent
        parts: Parts = {"flow beside the descent": partial(_time, side.flow)}
        for step, row in zip(settings.steps, side.trainings, strict=True):
            for batch, training in zip(settings.batches, row, strict=True):
                parts[f"descent by steps of {step:g}{f', batches of {batch}' if batch else ''}"] = partial(
                    _stepped, training
                )
        return parts
    if name == "networks":
        listed = ", ".join(map(str, units)) if len(units) <= NAMED else f"{units[0]} to {units[-1]}"
        return {f"networks n = {listed}": partial(_time, side)}
    return {name: partial(_time, side)}


def solver_facts(solver: Solver) -> dict[str, Any]:
    """What the progress line shows."""
    walls = solver.wall_mass or {"": 0.0}
    return {
        "step": solver.steps,
        "energy": solver.state.energy,
        "drift": solver.mass_drift,
        "wall": max(walls.values()),
        "dt": solver.last_dt,
        "limit": solver.last_limit,
    }


def flow_of(side: Particles) -> Flow:
    """The flow by which something moves, or the first of them."""
    return (
        side.full.flow if isinstance(side, Fluctuations) else side.flow if isinstance(side, Descent) else side
    )


def reached(side: Particles) -> float:
    """The time of what moves by characteristics."""
    return side.time if isinstance(side, Descent) else flow_of(side).time


def _time(side: Any) -> float:
    return side.time


def _stepped(training: Any) -> float:
    return training.taken * training.step
