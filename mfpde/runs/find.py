"""What there is to go on from: the output, its checkpoints, and whether they belong together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfpde.data.hdf5 import open_hdf5
from mfpde.errors import InputError, OutOfReachError, first_line, within_reach
from mfpde.runs.moved import checkpoints_of
from mfpde.runs.report import Reporter
from mfpde.store.checkpoints import folder_of
from mfpde.store.checksums import count_good_frames
from mfpde.store.contents import sort_out

Content = dict[str, Any]  #: of a checkpoint, see docs/long_runs.md


@dataclass(frozen=True)
class Found:
    """What an output file says of itself."""

    unreadable: str = ""  #: why it cannot be read; empty if it can
    run: str = ""  #: whose it is, as checkpoints tell too
    frames: int = 0
    good: int = 0  #: of these, how many from the first on are as they were written
    finished: bool = False
    case: dict[str, Any] = field(default_factory=dict)  #: as resolved


def look(output: Path) -> Found:
    """Look at an output, whatever state it is in.

    Raises:
        OutOfReachError: it is locked, or may not be read: there is nothing to be said of its state.
    """
    with within_reach(output):
        is_there = output.exists()
    if not is_there:
        return Found("it does not exist; if it was renamed, resume it by its name now")
    try:
        with open_hdf5(output, output) as file:
            sort_out(file, output)  # whoever wrote it
            attributes = dict(file.attrs)
            case = json.loads(attributes.get("case_resolved", "{}"))
            return Found(
                "",
                str(attributes.get("run", "")),
                len(file["time"]),
                count_good_frames(file),
                "ended" in attributes,
                case,
            )
    except OutOfReachError:
        raise
    except (InputError, OSError, KeyError, RuntimeError, ValueError) as error:
        return Found(first_line(error) or type(error).__name__)


def choose(output: Path, contents: Sequence[Content], found: Found, report: Reporter) -> Content:
    """The newest checkpoint whose frames are all in the file, as they were written.

    Arguments:
        contents: of the good checkpoints, newest first.
        found: what the output says.
    Raises:
        InputError: there is none, or the checkpoints are of another run.
    """
    anew = (
        f"to run it anew from the start, keeping this file under another name: mfpde resume {output}"
        " --restart"
    )
    if found.unreadable:
        reason = found.unreadable.removeprefix(f"{output}: ")
        raise InputError(
            f"{output}: cannot be read ({reason}), so a checkpoint has no frames to go on after; bring a"
            f" whole file back, or, {anew}"
        )
    own = [content for content in contents if content["run"] == found.run]
    if not own:
        keys = changed_keys(contents[0]["case"]["tables"], found.case)
        changed = f"their cases differ in {', '.join(keys)}" if keys else "it is another run of the same case"
        its = checkpoints_of(found.run, output)
        advice = f"its own are in {its.name}, which must be called as this one is" if its else anew
        raise InputError(
            f"{output}: is not the output of the run whose checkpoints are in {folder_of(output).name}:"
            f" {changed}; {advice}"
        )
    if found.good < found.frames:
        report.warn(
            f"{output}: frame {found.good} of {found.frames} is not what was written (its checksum differs):"
            " the file is damaged"
        )
    usable = [content for content in own if content["frames"] <= found.good and content["state"] is not None]
    if not usable:
        raise InputError(f"{output}: frame {found.good} is damaged, and no good checkpoint is as old; {anew}")
    if later := found.frames - usable[0]["frames"]:
        report.warn(f"{later} frame(s) later than the checkpoint are computed again")
    return usable[0]


def changed_keys(one: Any, other: Any, path: str = "") -> list[str]:
    """Dotted keys in which two tables differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = [
            changed_keys(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
            for key in sorted({*one, *other})
        ]
        return [key for keys in found for key in keys]
    return [] if one == other else [path]


def end_of(content: Content) -> float:
    """The time to which a run goes, or at which it ended because it was stationary."""
    stationary = content.get("stationary")
    return max([content["case"]["tables"]["time"] if stationary is None else stationary, *content["ends"]])


def extend(content: Content, until: float) -> None:
    """Let a run go on to a later time.

    Raises:
        InputError: it goes as far already.
    """
    if not until > end_of(content):
        raise InputError(
            f"--until {until:g}: the run goes to time {end_of(content):g} already; expected a later time"
        )
    content["ends"].append(until)
