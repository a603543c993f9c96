"""Descent by steps of finite length beside the flow: by an optimiser, with all data or on minibatches.

theta <- theta + eta d, projected at walls, where the optimiser turns the velocity -M grad V into the
direction d; M is the mobility. Gradient descent has d = -M grad V: explicit Euler with the time step eta, and
for the loss |f - f*|^2 of f = (1/n) sum Phi gradient descent with learning rate n eta / 2. As eta and 1/n
vanish it follows the PDE (Mei, Montanari & Nguyen 2018, doi:10.1073/pnas.1806579115). Between steps a network
is on the polygon of its steps, so that outputs need not be multiples of eta.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError
from mfpde.lagrangian.backend import Backend, State
from mfpde.lagrangian.flow import Flow
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.minibatches import Minibatches
from mfpde.lagrangian.optimisers import DescentTable
from mfpde.lagrangian.solver import build_flow
from mfpde.models.kinds import as_network
from mfpde.models.network import Network
from mfpde.models.problem import Problem

#: a network whose loss exceeds this many times the larger of its first loss and |f*|^2 has diverged
DIVERGED = 1e6
#: steps of all (eta, B) together that are not begun
MOST_STEPS = 10_000_000


class Training:
    """The networks of one step and batch size.

    Arguments:
        backend: what moves them; a `Minibatches` draws anew at every step.
        start: their units (components + 1, units).
    """

    def __init__(self, backend: Backend, optimiser: DescentTable, step: float, start: np.ndarray):
        self.backend, self.optimiser, self.step, self.taken = backend, optimiser, step, 0
        self.state = backend.upload(start)
        self._turn(())

    def _turn(self, memory: Sequence[State]) -> None:
        """Find the direction of the next step, from what the optimiser remembers of those before."""
        if isinstance(self.backend, Minibatches):
            self.backend.step = self.taken
        self.rate, self.memory = self.backend.velocity(self.state), memory
        self.direction, self.memory_after = self.optimiser.turn(self.backend, self.rate, memory)

    def checkpoint(self) -> dict[str, Any]:
        """All that a training built anew needs to go on bit by bit from here; for `restore`."""
        memory = [self.backend.checkpoint(remembered) for remembered in self.memory]
        saved = {"taken": self.taken, "state": self.backend.checkpoint(self.state)}
        return saved | {"memory": memory} if memory else saved

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.taken, self.state = saved["taken"], self.backend.restore(saved["state"])
        with np.errstate(all="ignore"):
            self._turn([self.backend.restore(remembered) for remembered in saved.get("memory", [])])

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Take the steps that end by a time; `watch` is called after every one."""
        while (self.taken + 1) * self.step <= until * (1 + 1e-12):
            with np.errstate(all="ignore"):  # of networks that diverge, which `Descent` notices
                self.state = self._moved(self.step)
                self.taken += 1
                self._turn(self.memory_after)
            if watch is not None:
                watch()

    def _moved(self, by: float) -> State:
        return self.backend.project(
            self.backend.combine(self.state, [self.direction], [by]), self.state, self.rate
        )

    def at(self, time: float) -> np.ndarray:
        """The units (components + 1, units) on the polygon of steps, at a time within the present step."""
        with np.errstate(all="ignore"):
            rest = time - self.taken * self.step
            return self.backend.download(self._moved(rest) if rest > 1e-12 * time else self.state)


class Descent:
    """All steps and batches of a case, and the flow from the same start.

    Arguments:
        flow: its backend also moves networks by all data, and tells what they predict.
    """

    def __init__(self, case: Case, model: Network, ladder: Ladder, flow: Flow):
        self.case, self.model, self.ladder, self.flow = case, model, ladder, flow
        self.time = 0.0
        start = flow.backend.download(flow.state)
        self.trainings = [
            [Training(self._backend(batch), case.descent, step, start) for batch in case.descent.batches]
            for step in case.descent.steps
        ]
        self.diverged = np.full((*self._shape, len(ladder.sizes)), np.nan)
        self.largest: np.ndarray | None = None  #: loss beyond which a network has diverged

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.case.descent.steps), len(self.case.descent.batches)

    def _backend(self, batch: int) -> Backend:
        return Minibatches(self.model, self.ladder, batch) if batch else self.flow.backend

    def checkpoint(self) -> dict[str, Any]:
        """All that a descent built anew needs to go on bit by bit from here; for `restore`."""
        trainings = [[training.checkpoint() for training in row] for row in self.trainings]
        return {
            "time": self.time,
            "flow": self.flow.checkpoint(),
            "trainings": trainings,
            "diverged": self.diverged.copy(),
            "largest": self.largest,
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.time, self.diverged, self.largest = saved["time"], saved["diverged"], saved["largest"]
        self.flow.restore(saved["flow"])
        for row, saved_row in zip(self.trainings, saved["trainings"], strict=True):
            for training, its in zip(row, saved_row, strict=True):
                training.restore(its)

    def advance(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Bring everything to a time; `watch` is called after every step of anything."""
        self.flow.advance(until, watch)
        for row in self.trainings:
            for training in row:
                training.advance(until, watch)
        self.time = until

    def notice(self, losses: np.ndarray, energies: np.ndarray) -> np.ndarray:
        """When networks diverged (steps, batches, replicates), those that have by now among them; NaN for
        others.

        Arguments:
            losses, energies: of every network at the present time, of the same shape.
        """
        if self.largest is None:
            self.largest = DIVERGED * np.maximum(losses, self.model.scale)
        bad = ~(np.isfinite(energies) & (losses <= self.largest))
        self.diverged[bad & np.isnan(self.diverged)] = self.time
        return self.diverged


def build_descent(case: Case, model: Problem, device=None) -> Descent | None:
    """The descent a case asks for, at time 0; None if it asks for none.

    Raises:
        InputError: a potential, a reaction or noise, which steps of descent have not; a step longer than the
            run; too many steps.
    """
    steps = case.descent.steps
    if not steps:
        return None
    network = as_network(model)
    if network is None:
        raise InputError(
            f'{case.path}: descent.steps: a potential has no loss to descend; expected model.kind = "network"'
        )
    for key in ("birth_death", "diffusion"):
        if getattr(case.dynamics, key):
            raise InputError(
                f"{case.path}: descent.steps: descent knows no dynamics.{key}; set it to 0, or leave out"
                " descent.steps"
            )
    if max(steps) > case.time:
        raise InputError(
            f"{case.path}: descent.steps: a step of {max(steps):g} is longer than the run (time ="
            f" {case.time:g})"
        )
    total = sum(case.time / step for step in steps) * len(case.descent.batches)
    if total > MOST_STEPS:
        raise InputError(
            f"{case.path}: descent.steps: {total:.2g} steps in all; at most {MOST_STEPS:.0e} are taken, use"
            " longer ones"
        )
    settings = case.lagrangian
    ladder = Ladder([case.descent.units], [case.descent.replicates], settings.seed, settings.common)
    return Descent(case, network, ladder, build_flow(case, model, ladder, device))
