"""What networks of units need of memory: their states, and what they predict at the data. Estimates."""

import numpy as np

from mfpde.device.memory import gigabytes, room
from mfpde.errors import InputError
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.problem import Problem

#: states that live at once: stages of a step, and what is around them
STATES = 16
#: functions of every network, in float64, that live at once: on the device, on the host in two orders, of
#: this frame and the last, and what is measured of them
FUNCTIONS = 10
#: units whose contributions to a prediction are added up at once on a device; see `forces_opencl`
CHUNK = 64


def needed(model: Problem, ladder: Ladder, precision: str, device=None) -> tuple[int, int]:
    """Bytes of the units, and of what networks predict."""
    unit = STATES * np.dtype(precision).itemsize * (len(model.parameters.components) + 1)
    unit += 8 * model.unit_numbers(ladder.sizes)
    if model.function is None:
        return ladder.total * unit, 0
    functions = FUNCTIONS * len(ladder.sizes)
    if device is not None:
        functions += int(np.sum(-(-ladder.sizes // CHUNK)))
    return ladder.total * unit, 8 * functions * model.function.size


def check_size(model: Problem, ladder: Ladder, precision: str, where: str, device=None) -> None:
    """Refuse networks that cannot fit.

    Arguments:
        where: the case file, for the message.
    Raises:
        InputError: they need more memory than there is.
    """
    units, functions = needed(model, ladder, precision, device)
    there, _ = room(device)
    if units > there:
        fit = there * ladder.total // units
        raise InputError(
            f"{where}: lagrangian.units: {ladder.total} units in all need about {gigabytes(units)}, there are"
            f" {gigabytes(there)}: {fit:.1e} would fit; use fewer units or replicates"
        )
    if units + functions > there:
        values = 0 if model.function is None else model.function.size
        held = f"{len(ladder.sizes)} networks at {values} data"
        raise InputError(
            f"{where}: lagrangian.replicates: predictions of {held} need about {gigabytes(functions)}, there"
            f" are {gigabytes(there)}; use fewer replicates, narrower networks or fewer data"
        )
