"""What a whole run needs of memory and of the disk, before anything is built: sides that fit alone may not
fit together. Estimates.
"""

import math
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

from mfpde.case import Case
from mfpde.device.memory import gigabytes, host_bytes
from mfpde.errors import InputError, about
from mfpde.eulerian import memory as of_mesh
from mfpde.lagrangian import memory as of_networks
from mfpde.lagrangian.characteristics import node_count
from mfpde.lagrangian.ladder import Ladder
from mfpde.models.problem import Problem
from mfpde.store.layout import Layout

#: what Python, its libraries and an OpenCL runtime hold in any case
BASE = 300_000_000
#: copies of the data that live at once: as read, standardised, and in the order of each side
DATA = 8
#: of a mesh with its companions, which have half its cells per axis or fewer
COMPANIONS = 0.75
#: bytes of an output that are worth a word
LARGE_OUTPUT = 2_000_000_000


def parts_of_run(case: Case, model: Problem, device=None) -> dict[str, int]:
    """Bytes on this machine that parts of a run need; those on a device of its own are not among them."""
    parts = {"Python and its libraries": BASE}
    shared = device is None or device.is_cpu
    if model.data is not None:
        parts["the data"] = DATA * (model.data.x.nbytes + model.data.y.nbytes + model.data.weights.nbytes)
    if case.eulerian.enabled:
        fields, _, host = of_mesh.needed(model.parameters.mesh(), model, case.eulerian.precision)
        mesh = host + shared * fields
        parts["the density"] = mesh + (int(COMPANIONS * mesh) if case.eulerian.error_estimate else 0)
    ladders = {}
    if case.lagrangian.units:
        ladders["networks"] = _networks(case)
    if nodes := node_count(case, model):
        ladders["nodes"] = Ladder([nodes], [1], 0)
    if case.descent.steps:
        pairs = len(case.descent.steps) * len(case.descent.batches)
        ladders["descent"] = Ladder([case.descent.units], [case.descent.replicates * pairs], 0)
    for name, ladder in ladders.items():
        precision = "float64" if name == "nodes" else case.lagrangian.precision
        parts[name] = sum(of_networks.needed(model, ladder, precision, device))
    return parts


def _networks(case: Case) -> Ladder:
    return Ladder(case.lagrangian.units, case.lagrangian.replicate_counts(), case.lagrangian.seed)


def check_memory(case: Case, model: Problem, device=None) -> list[str]:
    """Refuse a run that cannot fit; what to say of one that may not fit beside what else runs here.

    Raises:
        InputError: its parts together need more than this machine has, or this container.
    """
    with about(case.path):
        parts = parts_of_run(case, model, device)
    total, there = sum(parts.values()), host_bytes()
    largest = sorted(parts, key=lambda name: -parts[name])[:3]
    shown = ", ".join(f"{name} {gigabytes(parts[name])}" for name in largest)
    if total > there:
        _refuse_parts(case, model, device)
        raise InputError(
            f"{case.path}: the run needs about {gigabytes(total)} ({shown}), this machine has"
            f" {gigabytes(there)}; use fewer cells, replicates, units or data"
        )
    free = min(there, psutil.virtual_memory().available)
    if total > free:
        return [
            f"the run needs about {gigabytes(total)} of memory ({shown}), of which {gigabytes(free)} are free"
            " now: it may be ended by the system"
        ]
    return []


def _refuse_parts(case: Case, model: Problem, device) -> None:
    """Refuse a part that does not fit even alone, with what would.

    Raises:
        InputError: with a mesh or a number of units that fits.
    """
    with about(case.path):
        if case.eulerian.enabled:
            of_mesh.check_size(model.parameters.mesh(), model, case.eulerian.precision, device)
        if case.lagrangian.units:
            of_networks.check_size(model, _networks(case), case.lagrangian.precision, str(case.path), device)


def output_bytes(layout: Layout, times: int, fields_times: int) -> dict[str, int]:
    """Bytes of every dataset of an output, before compression."""
    lengths = {name: len(values) for name, (values, _) in layout.dimensions.items()} | {
        "time": times,
        "fields_time": fields_times,
    }
    return {
        v.path: np.dtype(v.dtype).itemsize * math.prod(lengths[d] for d in v.dims)
        for v in [*layout.growing, *(v for v, _ in layout.fixed)]
    }


def check_disk(output: Path, layout: Layout, times: int, fields_times: int) -> list[str]:
    """What to say of an output that is large, or larger than the disk has room for: it is written twice, see
    `store.copies`.
    """
    sizes = output_bytes(layout, times, fields_times)
    total = sum(sizes.values())
    if total < LARGE_OUTPUT:
        return []
    largest = max(sizes, key=lambda path: sizes[path])
    said = (
        f"{output} will hold up to {gigabytes(total)}, most of it in {largest}; a longer output.every, or"
        " fewer replicates or data, make it smaller"
    )
    with suppress(OSError):
        free = shutil.disk_usage(output.absolute().parent).free
        if 2 * total > free:
            said += (
                f"; the disk has {gigabytes(free)} left, and the output is there twice while it is written"
            )
    return [said]
