"""Integrate the networks: Dormand-Prince 5(4) with error control, projection at walls, jumps and noise
between.

Dormand & Prince 1980, doi:10.1016/0771-050X(80)90013-3. The first stage of a step is the last of the one
before (FSAL). Every stage is evaluated at the projected position with the velocity that walls allow, so the
projected flow is integrated to the order at which units meet and leave walls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mfpde.case import schema
from mfpde.errors import RunError
from mfpde.expressions.schedule import Schedule
from mfpde.lagrangian.backend import Backend, State
from mfpde.lagrangian.birth_death import BirthDeath
from mfpde.lagrangian.noise_steps import RULES, NoiseSteps
from mfpde.lagrangian.noise_steps import SAVED as SAVED_OF_NOISE
from mfpde.lagrangian.weighed_births import WeighedBirths
from mfpde.models.problem import Cloud

STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
#: fifth minus fourth order weights
ERRORS = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
MIN_STEP = 1e-10  #: of the time that is integrated to; more steps would not end
ROUNDING = 4 * np.finfo(np.float64).eps  #: of a time
#: of reaction_step
SHORTEST = 1e-6
#: of a flow, besides its state and the counts of jumps, what a checkpoint holds
SAVED = ("time", "step_size", "kicks", "reactions", "reacted", "interval", "steps", "rejected")


@dataclass
class Flow:
    """All networks of a ladder at one time."""

    backend: Backend
    settings: schema.Lagrangian
    state: State
    birth_death: BirthDeath | WeighedBirths | None = None
    noise: NoiseSteps | None = None
    strength: Schedule | None = None  #: lambda, over that of the backend's model; None if it is constant
    time: float = 0.0
    step_size: float = 0.01
    kicks: int = 0  #: kicks of noise so far
    reactions: int = 0  #: reaction steps taken
    reacted: float = 0.0  #: time of the last one
    interval: float = float("inf")  #: time from it to the next
    steps: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        self._watch: Callable[[], None] | None = None
        self._first = self._velocity(self.state, self.time)
        if self.birth_death:
            self._plan_reaction()

    def restart(self, state: State) -> None:
        """Go on from another state at the present time."""
        self.state = state
        self.__post_init__()

    @property
    def rate(self) -> State:
        """d/dt of the state, at the present time."""
        return self._first

    def _anneal(self, time: float) -> Backend:
        if self.strength is not None:
            self.backend.anneal(self.strength(time))
        return self.backend

    def _velocity(self, state: State, time: float) -> State:
        return self._anneal(time).velocity(state)

    def potential(self) -> np.ndarray:
        """V at every unit (units,), at the present time."""
        return self.backend.download(self._first)[-1]

    def checkpoint(self) -> dict[str, Any]:
        """All that a flow built anew needs to go on bit by bit from here, also in the middle of `advance`;
        for `restore`.
        """
        saved = {name: getattr(self, name) for name in SAVED} | {"state": self.backend.checkpoint(self.state)}
        jumps = self.birth_death
        if self.noise is not None:
            saved |= {name: getattr(self.noise, name) for name in SAVED_OF_NOISE}
        return saved | ({} if jumps is None else jumps.checkpoint())

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        if self.birth_death is not None:
            self.birth_death.restore(saved, self.backend)
        self.state = self.backend.restore(saved["state"])
        for name in SAVED:
            setattr(self, name, saved[name])
        self._first = self._velocity(self.state, self.time)
        if self.noise is not None:
            for name, otherwise in SAVED_OF_NOISE.items():
                setattr(self.noise, name, saved.get(name, otherwise))

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Integrate to a time; `watch` is called after every step, and may take a checkpoint.

        Raises:
            RunError: a unit is no longer finite, or the step collapsed.
        """
        self._watch = watch
        if self.noise is None:
            self._drift(until)
        else:
            self._diffuse(self.noise, until)
        if self.birth_death is not None and self._jumps_wait():
            self._react()

    def _diffuse(self, noise: NoiseSteps, until: float) -> None:
        noise.begin(self.time)
        while True:
            start, count, h = noise.layout(until)
            done, kick = divmod(noise.kicked, noise.nodes)
            if not kick and not noise.judged:
                self._drift(until if done == count else start + done * h)
                if done == count:
                    break
                noise.judge(self.time, until, self.kicks + 1, self._virtual_kick)
                continue  # with other steps, maybe
            at, weights, _ = RULES[noise.nodes]
            self._drift(start + (done + at[kick]) * h)
            self._kick(noise, weights[kick] * h)
        noise.end()

    def _kick(self, noise: NoiseSteps, h: float) -> None:
        self.kicks += 1
        noise.kicked += 1
        noise.judged = noise.kicked % noise.nodes > 0
        noise.noise.set_time(self.time)
        self.state = self.backend.upload(noise.noise.kick(self.backend.download(self.state), h, self.kicks))
        self._first = self._velocity(self.state, self.time)

    def _virtual_kick(self, directions: np.ndarray, h: float) -> tuple[float, np.ndarray]:
        """See `Noise.answer`. The state stays."""
        assert self.noise is not None
        kicks, backend = self.noise.noise, self.backend
        kicks.set_time(self.time)
        state = backend.download(self.state)
        moved = self._velocity(backend.upload(kicks.displaced(state, directions, h)), self.time)
        return kicks.answer(state, backend.download(self._first), backend.download(moved), directions, h)

    def _drift(self, until: float) -> None:
        """Transport, with the jumps that fall due."""
        while self.time < until:
            target = min(until, self._next_reaction())
            self._transport(target)
            self.time = target
            if self.strength is not None:  # rounding may have missed it
                self._first = self._velocity(self.state, target)
            if self.birth_death and target == self._next_reaction():
                self._react()

    def _next_reaction(self) -> float:
        return self.reacted + self.interval

    def _plan_reaction(self) -> None:
        """Choose the time to the next jumps such that few units jump."""
        assert self.birth_death is not None
        self.birth_death.set_time(self.time)
        rate = self.birth_death.typical_rate(self.potential(), self._cloud)
        self.interval = min(
            self.settings.reaction_step, self.settings.reaction_tolerance / rate if rate > 0 else np.inf
        )
        if self.interval < SHORTEST * self.settings.reaction_step:
            raise RunError(
                f"the time between jumps collapsed to {self.interval:.1e} at time {self.time:g}; lower"
                " dynamics.birth_death"
            )

    def _jumps_wait(self) -> bool:
        """Whether the jumps since the last ones would be missed at an output."""
        assert self.birth_death is not None
        waiting = self.time - self.reacted
        return (
            waiting > 0
            and waiting * self.birth_death.typical_rate(self.potential(), self._cloud)
            > self.settings.reaction_tolerance / 2
        )

    def _react(self) -> None:
        assert self.birth_death is not None
        full = self.time == self._next_reaction()
        elapsed = self.interval if full else self.time - self.reacted
        frequent = self.interval < self.settings.reaction_step
        self.reactions += 1
        self.birth_death.set_time(self.time - elapsed / 2)
        self.reacted = self.time
        moved = self.birth_death.react(
            self.backend, self.state, self.potential(), elapsed, self.reactions, frequent, self._cloud
        )
        if moved is not None:
            self.state, self._first = moved, self._velocity(moved, self.time)
        self._plan_reaction()

    def _cloud(self) -> Cloud:
        """All that is known of the units."""
        backend, starts = self.backend, self.birth_death.ladder.first_unit[:-1]  # type: ignore[union-attr]
        state, weights = backend.download(self.state), backend.weights(self.state)
        return Cloud(state, weights, backend.predictions(self.state), self.potential(), starts)

    def _transport(self, until: float) -> None:
        while until - self.time > ROUNDING * until:
            time = self.time
            # equal steps to the target, rather than a sliver at the end
            wanted = min(self.step_size, self.settings.max_step)
            dt = (until - time) / np.ceil((until - time) / wanted * (1 - 1e-9))
            stages = [self._first]
            for row in STAGES:
                y = self.backend.combine(self.state, stages, [dt * c for c in row])
                y = self._anneal(time).project(y, self.state, self._first)
                stages.append(self._velocity(y, time + dt * sum(row)))
            weights = [dt * c for c in ERRORS]
            error = self.backend.error(self.state, y, stages, weights, self.settings.tolerance)
            if not np.isfinite(error):
                told = f"the networks are no longer finite at time {time:g}"
                raise RunError(f"{told} (their local error is not a number)")
            factor = 5.0 if error == 0 else float(np.clip(0.9 * error**-0.2, 0.2, 5.0))
            if error <= 1:
                self.state, self._first = y, stages[-1]
                self.time, self.steps = time + dt, self.steps + 1
                # a step shortened only to hit the target says nothing against a longer one
                self.step_size = max(self.step_size, dt * factor) if factor >= 1 else dt * factor
            else:
                self.rejected += 1
                self.step_size = dt * factor
                if self.step_size < MIN_STEP * until:
                    hint = "loosen the tolerance of [lagrangian] or [characteristics]"
                    raise RunError(
                        f"the networks' time step collapsed to {self.step_size:.1e} at time {time:g}; {hint}"
                    )
            self.step_size = min(self.step_size, self.settings.max_step)
            if self._watch is not None:
                self._watch()
