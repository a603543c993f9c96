"""Where a run went bad: the cell or the unit that moves fastest, or is not finite, in the last state that was
good.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mfpde.device.memory import NoRoom
from mfpde.errors import InputError, RunError
from mfpde.eulerian.memory import telling_what_fits
from mfpde.eulerian.solver import Solver
from mfpde.lagrangian.flow import Flow
from mfpde.models import Problem
from mfpde.models.parameters import ParameterSpace

#: units whose formulas are tried
MOST_BLAMED = 2000


@contextmanager
def blaming_cells(solver: Solver) -> Iterator[None]:
    """Within this block, run errors tell the time and the place.

    Raises:
        RunError: with these.
    """
    try:
        with telling_what_fits(solver.mesh, solver.model, solver.stepper.settings.precision):
            yield
    except RunError as error:
        raise RunError(
            f"{error}; at time {solver.time:g}, step {solver.steps}{fastest_cell(solver)}"
        ) from None


@contextmanager
def blaming_units(flow: Flow, model: Problem) -> Iterator[None]:
    """Within this block, run errors tell which unit moves fastest, and which formula has no finite value
    where units went.

    Raises:
        RunError: with it.
    """
    try:
        yield
    except NoRoom:
        raise
    except RunError as error:
        raise RunError(
            f"{error}{fastest_unit(flow, model.parameters)}{broken_formula(flow, model)}"
        ) from None


def fastest_cell(solver: Solver) -> str:
    """The face that limits steps most among those beside mass, as a clause for a message; empty if nobody
    knows.
    """
    if solver.carrier is not None:
        return ""
    mesh, arrays = solver.mesh, solver.model.on_mesh(solver.mesh)
    density = solver.density()
    with np.errstate(all="ignore"):
        masses = (density * mesh.volumes).reshape(len(arrays.amplitude), -1)
        v = arrays.values(arrays.energy.source(arrays.moments(masses).linear)).reshape(mesh.shape)
        worst: tuple[float, str, tuple[Any, ...]] = (-1.0, "", ())
        for k, axis in enumerate(mesh.axes):
            distances = axis.inverse_distances[1:-1].reshape([-1 if j == k else 1 for j in range(v.ndim)])
            speed = np.abs(np.diff(v, axis=k)) * distances
            beside = np.maximum(np.delete(density, -1, axis=k), np.delete(density, 0, axis=k))
            speed = np.where(beside > 0, np.where(np.isfinite(speed), speed, np.inf), 0.0)
            if speed.size and (largest := float(speed.max())) > worst[0]:
                worst = largest, axis.name, np.unravel_index(int(speed.argmax()), speed.shape)
    if not worst[1]:
        return ""
    place = ", ".join(
        f"{axis.name} = {axis.centres[i]:.4g}" for axis, i in zip(mesh.axes, worst[2], strict=True)
    )
    kind = f"the largest velocity is {worst[0]:.2g}" if np.isfinite(worst[0]) else "a velocity is not finite"
    return f": {kind}, along {worst[1]}, at {place}"


def fastest_unit(flow: Flow, parameters: ParameterSpace) -> str:
    """The unit that moves fastest, as a clause for a message; empty if there is none."""
    state, rate = flow.backend.download(flow.state)[:-1], flow.backend.download(flow.rate)[:-1]
    speed = np.abs(np.where(np.isfinite(rate) & np.isfinite(state), rate, np.inf))
    if not speed.size:
        return ""
    row, unit = np.unravel_index(int(speed.argmax()), speed.shape)
    place = ", ".join(
        f"{c.name} = {value:.4g}" for c, value in zip(parameters.components, state[:, unit], strict=True)
    )
    return (
        f": unit {unit} of all moves fastest, along {parameters.names[row]} at {speed[row, unit]:.2g}, from"
        f" {place}"
    )


def broken_formula(flow: Flow, model: Problem) -> str:
    """The formula that is not finite where units are, or would be within a step of drift or noise, as a
    clause for a message; empty if there is none.

    Of pairs only neighbours in the order of units are tried; of networks with data, the units that move
    fastest.
    """
    state, rate = (flow.backend.download(a)[:-1].astype(np.float64) for a in (flow.state, flow.rate))
    share = np.array([0.0, 0.01, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0]) * max(flow.step_size, 1e-3)
    known = np.isfinite(rate).all(axis=0)
    rate, speed = np.where(known, rate, 0.0), np.where(known, np.abs(rate).max(axis=0), np.inf)
    fastest = np.argsort(-speed, kind="stable")[:MOST_BLAMED]
    theta = (state[:, fastest, None] + rate[:, fastest, None] * share).reshape(len(state), -1)
    if flow.noise is not None:  # up to four standard deviations of a step's noise along every axis
        kick = np.sqrt(2 * flow.noise.noise.tau * min(flow.noise.noise_step, flow.noise.longest)) * np.array(
            [-4, -3, -2, -1, 1, 2, 3, 4]
        )
        theta = np.hstack(
            [
                theta,
                *(
                    (state[:, fastest, None] + np.outer(axis, kick)[:, None]).reshape(len(state), -1)
                    for axis in np.eye(len(state))
                ),
            ]
        )
    walls = [
        c.domain if c.domain is not None and not c.periodic else (-np.inf, np.inf)
        for c in model.parameters.components
    ]
    theta = np.clip(theta, *(np.array(wall)[:, None] for wall in zip(*walls, strict=True)))
    theta = theta[:, np.isfinite(theta).all(axis=0)]
    try:
        model.check_forces(theta)
    except InputError as error:
        return f"; {error}"
    return ""
