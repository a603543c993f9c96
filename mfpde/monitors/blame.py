"""Where a run went bad: the cell or the unit that moves fastest, or is not finite, in the last state that was good."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mfpde.device.memory import NoRoom
from mfpde.errors import RunError
from mfpde.eulerian.memory import telling_what_fits
from mfpde.eulerian.solver import Solver
from mfpde.lagrangian.flow import Flow
from mfpde.models.parameters import ParameterSpace


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
        raise RunError(f"{error}; at time {solver.time:g}, step {solver.steps}{fastest_cell(solver)}") from None


@contextmanager
def blaming_units(flow: Flow, parameters: ParameterSpace) -> Iterator[None]:
    """Within this block, run errors tell which unit moves fastest.

    Raises:
        RunError: with it.
    """
    try:
        yield
    except NoRoom:
        raise
    except RunError as error:
        raise RunError(f"{error}{fastest_unit(flow, parameters)}") from None


def fastest_cell(solver: Solver) -> str:
    """The face that limits steps most among those beside mass, as a clause for a message; empty if nobody knows."""
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
    place = ", ".join(f"{axis.name} = {axis.centres[i]:.4g}" for axis, i in zip(mesh.axes, worst[2], strict=True))
    kind = f"the largest velocity is {worst[0]:.2g}" if np.isfinite(worst[0]) else "a velocity is not finite"
    return f": {kind}, along {worst[1]}, at {place}"


def fastest_unit(flow: Flow, parameters: ParameterSpace) -> str:
    """The unit that moves fastest, as a clause for a message; empty if there is none."""
    state, rate = flow.backend.download(flow.state)[:-1], flow.backend.download(flow.rate)[:-1]
    speed = np.abs(np.where(np.isfinite(rate) & np.isfinite(state), rate, np.inf))
    if not speed.size:
        return ""
    row, unit = np.unravel_index(int(speed.argmax()), speed.shape)
    place = ", ".join(f"{c.name} = {value:.4g}" for c, value in zip(parameters.components, state[:, unit], strict=True))
    return f": unit {unit} of all moves fastest, along {parameters.names[row]} at {speed[row, unit]:.2g}, from {place}"
