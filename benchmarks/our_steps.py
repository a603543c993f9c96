"""Where the time of one of our steps goes; like `ours`, this file knows interfaces of mfpde."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from mfpde.case import Case
from mfpde.device.runtime import Device
from mfpde.eulerian.build import build_solver
from mfpde.models import build_model


@dataclass(frozen=True)
class StepShares:
    """Where the time of a step goes, in seconds per step."""

    step: float
    #: "potential" (h from the residual), "moments" (f from the density), "transport", "rest"
    by_part: dict[str, float]

    @property
    def potential(self) -> float:
        """Share of the potential: of both products with the features, there and back."""
        return (self.by_part["potential"] + self.by_part["moments"]) / self.step


#: operations of the backend by part of a step
PARTS = {
    "potential": ("potential",),
    "moments": ("moments",),
    "transport": ("rate", "combine", "stage", "react", "blend", "spread"),
}


def step_shares(case: Case, device: Device, steps: int = 6) -> StepShares:
    """Seconds of every operation in a step of a case.

    Each is timed until its queue is empty; the fastest step counts.
    """
    solver = build_solver(case, build_model(case), device)
    stepper, backend = solver.stepper, solver.stepper.backend
    spent = dict.fromkeys(PARTS, 0.0)
    inside = False  # operations may call each other

    def timed(part: str, operation: Callable) -> Callable:
        def call(*arguments: Any) -> Any:
            nonlocal inside
            if inside:
                return operation(*arguments)
            inside = True
            start = perf_counter()
            result = operation(*arguments)
            backend.buffers.queue.finish()
            spent[part] += perf_counter() - start
            inside = False
            return result

        return call

    for part, names in PARTS.items():
        for name in names:
            setattr(backend, name, timed(part, getattr(backend, name)))
    best, state = StepShares(float("inf"), {}), solver.state
    for _ in range(steps):
        spent.update(dict.fromkeys(spent, 0.0))
        start = perf_counter()
        state = stepper.step(state, case.time).state
        total = perf_counter() - start
        if total < best.step:
            best = StepShares(total, spent | {"rest": total - sum(spent.values())})
    return best
