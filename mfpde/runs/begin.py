"""Begin a run: from a case to its file."""

import secrets
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from mfpde.arithmetic import usual_arithmetic
from mfpde.case import Case
from mfpde.data import Dataset
from mfpde.device.failures import device_failures
from mfpde.errors import InputError, MfpdeError
from mfpde.letters import spell
from mfpde.memory import check_disk
from mfpde.runs.last_words import note
from mfpde.runs.loop import Loop
from mfpde.runs.report import Reporter, Silent
from mfpde.runs.times import output_times
from mfpde.simulation import Simulation, build_simulation
from mfpde.store.checkpoints import Checkpoints, behind_links
from mfpde.store.provenance import circumstances, what_computes
from mfpde.store.writer import Writer, check_output
from mfpde.version import __version__


@usual_arithmetic
def simulate(
    case: Case,
    output: Path,
    overwrite: bool = False,
    device: str | None = None,
    report: Reporter | None = None,
) -> bool:
    """Run a case and write its file, with checkpoints beside it.

    Returns:
        True if the run reached its end, False if it was asked to stop: then it has a checkpoint, from which
            `resume` goes on.
    Raises:
        InputError: before anything is written.
        RunError: an invariant broke; frames before it are in the file, and the last good state in a
            checkpoint.
    """
    check_output(output, overwrite)
    output = behind_links(output)
    with Checkpoints(output) as checkpoints:
        return begin(case, output, checkpoints, device, report or Silent())


def begin(
    case: Case,
    output: Path,
    checkpoints: Checkpoints,
    device: str | None,
    report: Reporter,
    data: Dataset | None = None,
    ends: Sequence[float] = (),
    resumes: Sequence[dict[str, Any]] = (),
    aside: Path | None = None,
) -> bool:
    """Run a case from time 0, with its checkpoints in hand.

    Arguments:
        data: what a network learns, if it is known already; else the case tells where to read it.
        ends: later times to which the run goes on.
        resumes: what was tried before.
        aside: a name under which an older output is kept.
    """
    facts: dict[str, Any] = {
        "run": secrets.token_hex(8),
        "mfpde_version": __version__,
        "case": {
            "tables": case.resolved(),
            "path": str(case.place),
            "text": case.text,
            "variant": case.variant,
        },
        "ends": list(ends),
        "resumes": list(resumes),
        "frames": 0,
        "state": None,
    }
    try:
        checkpoints.announce(facts)
        with device_failures():
            simulation = build_simulation(case, device, data, tell=report.tell)
        tell_device(simulation, report)
        for message in simulation.data_notes:
            report.warn(message)
        computing = what_computes_it(simulation)
        facts |= computing | facts_of(simulation)
        checkpoints.begin(facts)
    except MfpdeError:
        checkpoints.withdraw()
        raise
    except OSError as error:
        raise InputError(
            f"{output}: cannot be written: {error.strerror} ({checkpoints.folder.name})"
        ) from None
    layout, (times, stored) = simulation.layout(), output_times(case, ends)
    for message in check_disk(output, layout, len(times), int(np.sum(stored))):
        report.warn(message)
    attributes = {"run": facts["run"]} | attributes_of(simulation) | circumstances() | computing
    with closing(Writer(output, checkpoints.folder, layout, attributes, aside=aside)) as writer:
        return Loop(simulation, checkpoints, writer, facts, report).go()


def attributes_of(simulation: Simulation) -> dict[str, Any]:
    """What an output tells of the case and of what was noticed before the run began."""
    case = simulation.case
    return {
        "title": case.title,
        "case": case.text,
        "case_resolved": case.resolved(),
        "case_file": spell(case.path.name, "utf-8"),  # a name need not be text
        "variant": case.variant,
        "device_notes": list(simulation.notes),
        "data_notes": list(simulation.data_notes),
    } | names(simulation)


def names(simulation: Simulation) -> dict[str, Any]:
    """What an output calls the parameters, and the classes that are learnt."""
    model = simulation.model
    classes = model.data.classes if model.data is not None else ()
    return {"parameters": model.parameters.names} | ({"classes": list(classes)} if classes else {})


def tell_device(simulation: Simulation, report: Reporter) -> None:
    """What the user, and whoever watches the run, should know of what computes."""
    note(device=simulation.device.name if simulation.device else None)
    for message in simulation.notes:
        report.warn(message)


def what_computes_it(simulation: Simulation) -> dict[str, Any]:
    """What decides the bits of a simulation, as its output and its checkpoints tell it."""
    return what_computes(
        simulation.device.describe() if simulation.device else None, simulation.model.digest()
    )


def facts_of(simulation: Simulation) -> dict[str, Any]:
    """What a checkpoint tells of a simulation besides its state and what computes it."""
    data = simulation.model.data
    return {
        "data": data.tables() if data is not None else None,
        "fingerprint": simulation.fingerprint,
    }
