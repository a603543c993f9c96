"""Go on with a run that was stopped, from the newest good checkpoint; no case file is needed."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mfpde.arithmetic import usual_arithmetic
from mfpde.case import Case
from mfpde.case.load import case_from_tables, load_variants
from mfpde.data.dataset import dataset_from_tables
from mfpde.device.choice import NUMPY, devices_here
from mfpde.device.failures import device_failures
from mfpde.errors import InputError, MfpdeError, first_line, obstacle, within_reach
from mfpde.foreign import refuse_what_is_no_output
from mfpde.runs.begin import begin, facts_of, tell_device, what_computes_it
from mfpde.runs.find import Content, Found, changed_keys, choose, end_of, extend, look
from mfpde.runs.loop import Loop
from mfpde.runs.match import check_match
from mfpde.runs.moved import take_along
from mfpde.runs.report import Reporter, Silent
from mfpde.simulation import Simulation, build_simulation
from mfpde.store.checkpoints import Checkpoints, behind_links, folder_of
from mfpde.store.provenance import HOST, now
from mfpde.store.writer import Writer
from mfpde.version import __version__

Work = Callable[[], bool]  #: what remains to be done: runs to the end, or tells that it was stopped


@usual_arithmetic
def resume(
    output: Path,
    until: float | None = None,
    device: str | None = None,
    allow_device_change: bool = False,
    restart: bool = False,
    report: Reporter | None = None,
) -> bool:
    """Go on with a run.

    Arguments:
        until: a later end; the run goes to where it was meant to go if None.
        device: number or part of the name of an OpenCL device; the one the run had if None.
        allow_device_change: whether to go on on another kind of device, where results are not the same bit by
            bit.
        restart: run anew from time 0, with the case of the run; the output so far is kept under another name.
    Returns:
        True if the run reached its end, False if it was asked to stop again.
    Raises:
        InputError: there is nothing to go on from, or something does not match; nothing is changed then.
        RunError: as in `simulate`.
    """
    report = report or Silent()
    with within_reach(output):
        try:
            output = behind_links(output)
            if output.is_file() and not folder_of(output).is_dir():
                take_along(output, report)
            has_checkpoints = bool(output.name) and folder_of(output).is_dir()
        except OSError as error:
            if obstacle(error):
                raise
            has_checkpoints = False  # too long to be a name, which is said next
    if not has_checkpoints:
        refuse_what_is_no_output(output)
        missing = f"has no checkpoints beside it (the folder {folder_of(output).name})"
        raise InputError(
            f"{output}: {missing}, so there is nothing to go on from; if the output was moved, move that"
            " folder too, else start with mfpde run"
        )
    with Checkpoints(output) as checkpoints:
        contents, problems = checkpoints.good()
        for problem in problems:
            report.warn(f"{problem}; an older checkpoint serves")
        if not contents:
            raise InputError(
                f"{output}: no good checkpoint is in {checkpoints.folder.name}, so there is nothing to go on"
                " from; start with mfpde run"
            )
        found = look(output)
        with understood(output):
            if restart or (contents[0]["state"] is None and not problems):
                work = _anew(contents[0], until, device, checkpoints, found, report)
            else:
                content = choose(output, contents, found, report)
                work = _on(content, until, device, allow_device_change, checkpoints, found, report)
        return work()


@contextmanager
def understood(output: Path) -> Iterator[None]:
    """Within this block, a checkpoint that lacks what this version looks for is refused.

    Raises:
        InputError: it does.
    """
    try:
        yield
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        what = f"{type(error).__name__}: {first_line(error)}"
        raise InputError(
            f"{output}: its checkpoint is not one that mfpde {__version__} understands ({what})"
        ) from error


def _anew(
    content: Content,
    until: float | None,
    device: str | None,
    checkpoints: Checkpoints,
    found: Found,
    report: Reporter,
) -> Work:
    """From time 0; an output that is not the very beginning of this run is kept under another name."""
    output, aside = checkpoints.output, None
    if until is not None:
        extend(content, until)
    if output.exists() and not (found.run == content["run"] and found.frames <= 1):
        names = (output.with_name(f"{output.name}.before-restart{k or ''}") for k in itertools.count())
        aside = next(name for name in names if not name.exists())
        report.warn(f"running anew from the start; {output} is kept as {aside.name}")
    else:
        report.warn(f"{output}: the run was stopped before its first checkpoint; running anew from the start")
    data = dataset_from_tables(content["data"]) if content.get("data") is not None else None
    history = [*content["resumes"], _history(content)]
    return partial(
        begin,
        _case_of(content, report),
        output,
        checkpoints,
        device,
        report,
        data,
        content["ends"],
        history,
        aside,
    )


def _on(
    content: Content,
    until: float | None,
    device: str | None,
    allow_device_change: bool,
    checkpoints: Checkpoints,
    found: Found,
    report: Reporter,
) -> Work:
    """From a checkpoint."""
    output = checkpoints.output
    if until is not None:
        extend(content, until)
    elif found.finished and content["time"] >= end_of(content):
        report.warn(f"{output} is finished (time {end_of(content):g}); to go on, give a later time: --until")
        return lambda: True
    case = _case_of(content, report)
    data = dataset_from_tables(content["data"]) if content["data"] is not None else None
    if device is None:
        device = _device_of(case, content["device"]["name"])
    with device_failures():
        simulation = build_simulation(case, device, data, content["state"], report.tell)
    tell_device(simulation, report)
    facts = content | what_computes_it(simulation) | facts_of(simulation)
    check_match(output, content, facts, allow_device_change, report)
    facts["resumes"] = [*content["resumes"], _history(content)]
    del facts["state"], content["state"]
    return partial(_continue, simulation, checkpoints, facts, content["frames"], report)


def _continue(
    simulation: Simulation, checkpoints: Checkpoints, facts: Content, frames: int, report: Reporter
) -> bool:
    with closing(
        Writer(checkpoints.output, checkpoints.folder, simulation.layout(), {}, frames=frames)
    ) as writer:
        for message in writer.notes:
            report.warn(message)
        return Loop(simulation, checkpoints, writer, facts, report, frames).go()


def _history(content: Content) -> dict[str, Any]:
    """What is noted of a resume."""
    from_time, ends = content.get("time", 0.0), content["ends"]
    return {
        "resumed": now(),
        "mfpde_version": __version__,
        "from_time": from_time,
        "from_frames": content["frames"],
        "ends": ends,
    }


def _case_of(content: Content, report: Reporter) -> Case:
    """The case of a run; tells if its file has changed since."""
    its = content["case"]
    path = Path(its["path"])
    case = case_from_tables(its["tables"], path, its["text"])
    case._variant = its["variant"]
    try:
        if path.is_file() and path.read_text(encoding="utf-8-sig") != its["text"]:
            now_there = load_variants(path, (), [case.variant] if case.variant else [])
            keys = changed_keys(its["tables"], next(iter(now_there.values())).resolved())
            report.warn(
                f"{path} has changed since ({', '.join(keys) or 'its wording'}); the run goes on as it was"
                " begun"
            )
    except PermissionError:
        report.warn(
            f"{path} cannot be read, so nobody knows whether it has changed since; the run goes on as it was"
            " begun"
        )
    except (MfpdeError, OSError, UnicodeDecodeError):
        report.warn(f"{path} has changed since; the run goes on as it was begun")
    return case


def _device_of(case: Case, name: str) -> str | None:
    """What the run had, if it is here; None for what a new run would take."""
    if name == HOST:
        return NUMPY if case.eulerian.backend != "opencl" else None
    choices, _ = devices_here()
    return (
        name if case.eulerian.backend != "numpy" and any(device.name == name for device in choices) else None
    )
