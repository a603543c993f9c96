"""What `run` and `resume` share: who is told how a run goes, and how a stopped one ends."""

import shlex
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import typer

from mfpde.cli.printing import say


def told(target: Path, quiet: bool) -> AbstractContextManager[Any]:
    """Who is told how a run goes: a display, or nobody."""
    from mfpde.cli.progress import Display
    from mfpde.runs import Silent

    return nullcontext(Silent()) if quiet else Display(target.stem)


def say_how_far(files: list[Path]) -> None:
    """How far finished runs are from the best measure, where that is known."""
    from mfpde.analysis.certificate import in_words
    from mfpde.results.opening import open_run

    for file in files:
        if said := in_words(open_run(file)):
            say(f"{file.name}: {said}")


def exit_if_stopped(finished: bool, target: Path) -> None:
    """Say how to go on with a run that was stopped, and exit."""
    if not finished:
        again = shlex.join(["mfpde", "resume", str(target)])
        say(
            f"interrupted, with a checkpoint: {target} can be compared, inspected and plotted as it is; to go"
            f" on: {again}"
        )
        raise typer.Exit(130)
