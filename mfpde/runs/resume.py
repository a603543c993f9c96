"""Go on with a run that was stopped, from the newest good checkpoint; no case file is needed."""

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py

from mfpde import __version__
from mfpde.case import Case
from mfpde.case.load import case_from_tables, load_variants
from mfpde.data.dataset import dataset_from_tables
from mfpde.device.buffers import device_failures
from mfpde.device.program import kernels_digest
from mfpde.errors import InputError, MfpdeError
from mfpde.runs.begin import begin, facts_of, layout_of
from mfpde.runs.loop import Loop
from mfpde.runs.report import Reporter, Silent
from mfpde.simulation import build_simulation
from mfpde.store.checkpoints import Checkpoints, folder_of
from mfpde.store.checksums import count_good_frames
from mfpde.store.provenance import now
from mfpde.store.writer import Writer

Content = dict[str, Any]  #: of a checkpoint

#: of a device, what must not change for results to stay the same bit by bit
DEVICE_CLASS = ("type", "platform", "name")


@dataclass(frozen=True)
class Found:
    """What the output file says of itself."""

    readable: str  #: why it cannot be read; empty if it can
    run: str = ""
    frames: int = 0
    good: int = 0  #: of these, how many from the first on are as they were written
    finished: bool = False
    case: dict[str, Any] = field(default_factory=dict)


def resume(
    output: Path, until: float | None = None, device: str | None = None, allow_device_change: bool = False, restart: bool = False,
    report: Reporter | None = None,
) -> bool:  # fmt: skip
    """Go on with a run.

    Arguments:
        until: a later end; the run goes to where it was meant to go if None.
        device: number or part of the name of an OpenCL device; the one the run had if None.
        allow_device_change: whether to go on on another kind of device, where results are not the same bit by bit.
        restart: run anew from time 0, with the case of the run; the output so far is kept under another name.
    Returns:
        True if the run reached its end, False if it was asked to stop again.
    Raises:
        InputError: there is nothing to go on from, or something does not match; nothing is changed then.
        RunError: as in `simulate`.
    """
    report = report or Silent()
    if not folder_of(output).is_dir():
        there = "has no checkpoints beside it" if output.is_file() else "no such output"
        raise InputError(f"{output}: {there} (the folder {folder_of(output).name}), so there is nothing to go on from; start with mfpde run")
    with Checkpoints(output) as checkpoints:
        contents, problems = checkpoints.good()
        for problem in problems:
            report.warn(f"{problem}; an older checkpoint serves")
        if not contents:
            raise InputError(f"{output}: no good checkpoint is in {checkpoints.folder.name}, so there is nothing to go on from; start with mfpde run")
        found = _look(output)
        if restart or _never_had_one(contents, problems):
            if until is not None:
                _check_until(contents[0], until)
                contents[0]["ends"].append(until)
            return _restart(output, contents[0], checkpoints, device, report, found)
        content = _choose(output, contents, found, report)
        end = max([content["case"]["tables"]["time"], *content["ends"]])
        if until is not None:
            _check_until(content, until)
            content["ends"].append(until)
        elif found.finished and content["time"] >= end:
            report.warn(f"{output} is finished (time {end:g}); to go on, give a later time: --until")
            return True
        return _go_on(output, content, checkpoints, device, allow_device_change, report)


def _look(output: Path) -> Found:
    if not output.exists():
        return Found("it does not exist")
    try:
        with h5py.File(output, "r") as file:
            attributes = dict(file.attrs)
            case = json.loads(attributes.get("case_resolved", "{}"))
            return Found("", str(attributes.get("run", "")), len(file["time"]), count_good_frames(file), "ended" in attributes, case)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        return Found(str(error).splitlines()[0][:200])


def _never_had_one(contents: list[Content], problems: list[str]) -> bool:
    """Whether the run was killed before its first checkpoint."""
    return contents[0]["state"] is None and not problems


def _choose(output: Path, contents: list[Content], found: Found, report: Reporter) -> Content:
    """The newest checkpoint whose frames are all in the file, as they were written."""
    anew = f"to run it anew from the start, keeping this file under another name: mfpde resume {output} --restart"
    if found.readable:
        raise InputError(f"{output}: cannot be read ({found.readable}), so a checkpoint has no frames to go on after; {anew}")
    own = [content for content in contents if content["run"] == found.run]
    if not own:
        keys = changed_keys(contents[0]["case"]["tables"], found.case)
        changed = f"their cases differ in {', '.join(keys)}" if keys else "it is another run of the same case"
        raise InputError(f"{output}: is not the output of the run whose checkpoints are in {folder_of(output).name}: {changed}; {anew}")
    if found.good < found.frames:
        report.warn(f"{output}: frame {found.good} of {found.frames} is not what was written (its checksum differs): the file is damaged")
    usable = [content for content in own if content["frames"] <= found.good and content["state"] is not None]
    if not usable:
        raise InputError(f"{output}: frame {found.good} is damaged, and no good checkpoint is as old; {anew}")
    if usable[0]["frames"] < found.frames:
        report.warn(f"{found.frames - usable[0]['frames']} frame(s) later than the checkpoint are computed again")
    return usable[0]


def changed_keys(one: Any, other: Any, path: str = "") -> list[str]:
    """Dotted keys in which two tables differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = [changed_keys(one.get(key), other.get(key), f"{path}.{key}".lstrip(".")) for key in sorted({*one, *other})]
        return [key for keys in found for key in keys]
    return [] if one == other else [path]


def _check_until(content: Content, until: float) -> None:
    end = max([content["case"]["tables"]["time"], *content["ends"]])
    if not until > end:
        raise InputError(f"--until {until:g}: the run goes to time {end:g} already; expected a later time")


def _case_of(content: Content, report: Reporter) -> Case:
    its = content["case"]
    path = Path(its["path"])
    case = case_from_tables(its["tables"], path, its["text"])
    case._variant = its["variant"]
    try:
        if path.is_file() and path.read_text(encoding="utf-8-sig") != its["text"]:
            now_there = load_variants(path, (), [case.variant] if case.variant else [])
            keys = changed_keys(its["tables"], next(iter(now_there.values())).resolved())
            report.warn(f"{path} has changed since ({', '.join(keys) or 'its wording'}); the run goes on as it was begun")
    except (MfpdeError, OSError, UnicodeDecodeError):
        report.warn(f"{path} has changed since; the run goes on as it was begun")
    return case


def _restart(output: Path, content: Content, checkpoints: Checkpoints, device: str | None, report: Reporter, found: Found) -> bool:
    own = found.run == content["run"] and found.frames <= 1
    aside = None
    if output.exists() and not own:
        names = (output.with_name(f"{output.name}.before-restart{k or ''}") for k in itertools.count())
        aside = next(name for name in names if not name.exists())
        report.warn(f"running anew from the start; {output} is kept as {aside.name}")
    else:
        report.warn(f"{output}: the run was stopped before its first checkpoint; running anew from the start")
    data = dataset_from_tables(content["data"]) if content.get("data") is not None else None
    history = [*content["resumes"], _history(content)]
    return begin(_case_of(content, report), output, checkpoints, device, report, data, content["ends"], history, aside)


def _history(content: Content) -> dict[str, Any]:
    """What is noted of a resume."""
    from_time, ends = content.get("time", 0.0), content["ends"]
    return {"resumed": now(), "mfpde_version": __version__, "from_time": from_time, "from_frames": content["frames"], "ends": ends}


def _go_on(output: Path, content: Content, checkpoints: Checkpoints, device: str | None, allow_device_change: bool, report: Reporter) -> bool:
    case = _case_of(content, report)
    data = dataset_from_tables(content["data"]) if content["data"] is not None else None
    if device is None and case.eulerian.backend != "numpy" and _is_here(content["device"]["name"]):
        device = content["device"]["name"]
    with device_failures():
        simulation = build_simulation(case, device, data, content["state"])
    facts = content | facts_of(simulation) | {"mfpde_version": __version__, "kernels_sha256": kernels_digest()}
    _check_match(output, content, facts, allow_device_change, report)
    facts["resumes"] = [*content["resumes"], _history(content)]
    del facts["state"], content["state"]
    writer = Writer(output, checkpoints.folder, layout_of(simulation), {}, frames=content["frames"])
    try:
        return Loop(simulation, checkpoints, writer, facts, report, frames=content["frames"]).go()
    finally:
        writer.close()


def _is_here(name: str) -> bool:
    from mfpde.device.runtime import find_devices

    return any(device.name == name for device in find_devices())


def _check_match(output: Path, content: Content, facts: Content, allow_device_change: bool, report: Reporter) -> None:
    """Refuse another kind of device or other data; say aloud what else is not as it was.

    Raises:
        InputError: what does not match, by name.
    """
    was, now_on = content["device"], facts["device"]
    for name in DEVICE_CLASS:
        if was.get(name) != now_on.get(name):
            change = f"the device has another {name}: {now_on.get(name)}, it was {was.get(name)}"
            if not allow_device_change:
                raise InputError(f"{output}: {change}; results would not be the same bit by bit: choose it with --device, or --allow-device-change")
            report.warn(f"{change}, so results are not the same bit by bit")
            break
    if content["data_sha256"] != facts["data_sha256"]:
        raise InputError(f"{output}: the data are not those of the run (data_sha256); bring them back, or run anew with mfpde run")
    others = {"mfpde_version": "mfpde", "kernels_sha256": "the kernels", "machine": "the machine"}
    changed = [label for name, label in others.items() if content[name] != facts[name]]
    if not changed and content["fingerprint"] != facts["fingerprint"] and was == now_on:
        changed = ["what is built from the case (libraries or threads)"]
    if changed:
        report.warn(f"not as it was when the run began: {', '.join(changed)}; results may differ from an uninterrupted run in rounding")
