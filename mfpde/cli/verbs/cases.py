"""`mfpde cases`: the cases that ship with mfpde."""

from pathlib import Path
from typing import Annotated

import typer

from mfpde.cli.arguments import JsonOption
from mfpde.cli.printing import print_json

COPY = "Copy the cases and their data into a folder, to edit them."
#: kinds of cases, and what is said above their lists
KINDS = {"example": "", "verification": "\nWith known solutions, for mfpde converge:"}


def cases(
    copy: Annotated[Path | None, typer.Option("--copy", metavar="FOLDER", help=COPY)] = None,
    as_json: JsonOption = False,
) -> None:
    """The shipped cases, one line each.

    Examples: `mfpde cases`, `mfpde cases --copy my_cases`
    """
    from mfpde.case.shipped import copy_cases, list_cases

    if copy is not None:
        for file in copy_cases(copy):
            typer.echo(str(file))
        return
    listed = list_cases()
    if as_json:
        print_json({"cases": listed})
        return
    width = max(len(entry["name"]) for entry in listed)
    for kind, heading in KINDS.items():
        if heading:
            typer.echo(heading)
        for entry in listed:
            if entry["kind"] == kind:
                typer.echo(f"{entry['name']:<{width}}  {entry['title']}")
