"""What a mesh needs of memory, and which mesh would fit where there is less. Estimates."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from mfpde.device.memory import NoRoom, gigabytes, host_bytes, room
from mfpde.errors import InputError, RunError
from mfpde.measures.axis import Axis
from mfpde.measures.mesh import Mesh
from mfpde.models.problem import Problem

#: fields that live at once on a device, ghosts included, and densities on the host while they are measured
#: and stored
FIELDS, DENSITIES = 10, 4
COUPLING = 16  #: bytes per number: it is there twice, in float64, while it is prepared
FEWEST = 4  #: cells of an axis


def needed(mesh: Mesh, model: Problem, precision: str) -> tuple[int, int, int]:
    """Bytes of fields, of the largest of them, and on the host."""
    cells = math.prod(mesh.shape)
    field = cells * np.dtype(precision).itemsize
    return FIELDS * field, field, DENSITIES * 8 * cells + COUPLING * model.coupling_numbers(mesh)


def check_size(mesh: Mesh, model: Problem, precision: str, device=None) -> None:
    """Refuse a mesh that cannot fit.

    Arguments:
        device: the OpenCL device that will hold the fields; the host if None.
    Raises:
        InputError: it needs more memory than there is; the message names a mesh that would fit.
    """
    if problem := _problem(mesh, model, precision, device):
        cells = fitting(mesh, model, precision, device)
        advice = (
            f"use fewer cells: {' x '.join(map(str, cells))} would fit"
            if cells
            else "the model alone does not fit"
        )
        raise InputError(
            f"parameters: a mesh of {' x '.join(map(str, mesh.shape))} cells {problem}; {advice}"
        )


@contextmanager
def telling_what_fits(mesh: Mesh, model: Problem, precision: str) -> Iterator[None]:
    """Within this block, a device that is full is told with a mesh that would fit in what it gave.

    Raises:
        RunError: with that mesh.
    """
    try:
        yield
    except NoRoom as error:
        cells = " x ".join(map(str, fitting(mesh, model, precision, granted=error.granted)))
        raise RunError(f"{error}; in what it gave {cells or 'no'} cells would fit") from None


def _problem(mesh: Mesh, model: Problem, precision: str, device, granted: int | None = None) -> str:
    fields, largest, host = needed(mesh, model, precision)
    there, at_once = room(device)
    if granted is not None and fields > granted:
        return "needs more than was granted"
    name = "this machine" if device is None else f"the device '{device.name}'"
    if fields > there:
        return f"needs about {gigabytes(fields)} for its fields, {name} has {gigabytes(there)}"
    if largest > at_once:
        return f"needs {gigabytes(largest)} per field, {name} gives {gigabytes(at_once)} at once"
    # runtimes on CPUs may lend less than the machine has
    here = host + (fields if device is None or device.is_cpu else 0)
    if here > host_bytes():
        return (
            f"needs about {gigabytes(here)} with the coupling of its cells, this machine has"
            f" {gigabytes(host_bytes())}"
        )
    return ""


def fitting(
    mesh: Mesh, model: Problem, precision: str, device=None, granted: int | None = None
) -> Sequence[int]:
    """The largest mesh of the same proportions that fits, within a twentieth; empty if none does.

    Arguments:
        granted: bytes that the device has left for fields, if others use it too.
    """
    share = 1.0
    while share * max(mesh.shape) > FEWEST:
        share *= 0.95
        cells = [max(FEWEST, int(share * n)) for n in mesh.shape]
        axes = [
            Axis(a.name, np.linspace(a.faces[0], a.faces[-1], n + 1), a.periodic, a.mobility)
            for a, n in zip(mesh.axes, cells, strict=True)
        ]
        if not _problem(Mesh(axes), model, precision, device, granted):
            return cells
    return []
