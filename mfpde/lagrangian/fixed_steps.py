"""Networks by explicit steps of one length: gradient descent of all units, and of their masses.

theta <- theta - h M grad V, projected at walls; the action, which weights and masses follow, gains h V. Steps
end on every output.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError, RunError
from mfpde.lagrangian.backend import State
from mfpde.lagrangian.flow import Flow

#: share of a step by which outputs may miss a step, by rounding
MISSED = 1e-6


@dataclass
class FixedSteps(Flow):
    """All networks of a ladder at one time, moved by steps of length `length`.

    Arguments:
        turn: makes of the velocity the direction of a step; the velocity itself if None.
    """

    length: float = 0.01
    turn: Callable[[State, float], State] | None = None

    def _transport(self, until: float) -> None:
        while (left := round((until - self.time) / self.length)) > 0:
            direction = self._first if self.turn is None else self.turn(self._first, self.length)
            moved = self.backend.combine(self.state, [direction], [self.length])
            self.state = self.backend.project(moved, self.state, self._first)
            with np.errstate(all="ignore"):
                self._first = self.backend.velocity(self.state)
            if not np.all(np.isfinite(self.potential())):
                raise RunError(
                    f"the networks are no longer finite at time {self.time:g}: lagrangian.fixed_step ="
                    f" {self.length:g} is too long"
                )
            self.time = until if left == 1 else self.time + self.length
            self.steps += 1
            if self._watch is not None:
                self._watch()


def check_steps(case: Case) -> None:
    """Refuse fixed steps that do not end on outputs, or where something else moves units in between.

    Raises:
        InputError: with the key and what was expected.
    """
    step, settings = case.lagrangian.fixed_step, case.lagrangian
    if case.model.conserves_mass and settings.retraction != "mirror":
        raise InputError(
            'lagrangian.retraction: "plain" steps are those of masses; expected model.kind = "spikes", or'
            ' retraction = "mirror"'
        )
    if step is None:
        return
    if case.dynamics.diffusion or (case.dynamics.birth_death and settings.reaction != "weights"):
        raise InputError(
            "lagrangian.fixed_step: noise and jumps have steps of their own; expected dynamics.diffusion = 0"
            ' and, with birth_death, reaction = "weights"'
        )
    for key, every in {
        "time": case.time,
        "output.every": case.output_every,
        "output.fields_every": case.output_fields_every,
    }.items():
        steps = every / step
        if round(steps) < 1 or abs(steps - round(steps)) > MISSED:
            raise InputError(
                f"lagrangian.fixed_step: {key} = {every:g} is not a multiple of {step:g}; expected such as"
                f" {max(round(steps), 1) * step:g}"
            )
