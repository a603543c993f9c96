"""What `plot` and `run --plot` share: the figures of runs, and a word on those that cannot be drawn."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import typer

from mfpde.cli.printing import say


def draw(
    outputs: list[Path],
    folder: Path | None = None,
    only: list[str] | None = None,
    formats: list[str] | None = None,
) -> None:
    """Draw figures of one or several runs, and print the names of their files.

    Raises:
        InputError: a format or figure is unknown, or what was asked for cannot be drawn.
    """
    from mfpde.errors import InputError, nearest
    from mfpde.figures import FIGURES, FIGURES_OF_SEVERAL, FORMATS, KNOWN_FORMATS, lacking, plot
    from mfpde.results.opening import open_run

    for suffix in formats or ():
        if suffix not in KNOWN_FORMATS:
            raise InputError(f"--format {suffix}: is no format of figures{nearest(suffix, KNOWN_FORMATS)}")
    runs = [open_run(output) for output in outputs]
    shown = " and ".join(map(str, outputs))
    for name, said in lacking(runs, only).items() if only else ():
        raise InputError(f"{shown}: --only {name}: the figure needs {said}")
    files = plot(runs, folder or figures_folder(outputs), only, formats or FORMATS)
    print_names(files)
    drawable = FIGURES if len(runs) == 1 else FIGURES_OF_SEVERAL
    drawn = {file.stem for file in files}
    undrawn = [] if only else [name for name in drawable if name not in drawn]
    reasons = "; ".join(f"{name} needs {said}" for name, said in lacking(runs, undrawn).items())
    if not files:
        raise InputError(f"{shown}: nothing can be drawn: {reasons}")
    if reasons:
        say(f"not drawn: {reasons}")


def print_names(files: Sequence[Path]) -> None:
    """Names of files, one a line, on stdout."""
    for file in files:
        typer.echo(str(file))


def figures_folder(outputs: list[Path]) -> Path:
    """The folder of figures: beside the first output, named by what the names of all share."""
    letters = itertools.takewhile(
        lambda column: len(set(column)) == 1, zip(*(output.stem for output in outputs), strict=False)
    )
    shared = "".join(column[0] for column in letters).rstrip("-_.") or "comparison"
    return outputs[0].with_name(f"{shared}_figures")
