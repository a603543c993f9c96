"""`mfpde verify`: whether all of this works here."""

from pathlib import Path
from typing import Annotated

import typer

from mfpde.cli.arguments import JsonOption
from mfpde.cli.printing import print_json

OUTPUTS = "Check these outputs instead: are frames as they were written?"
DEVICE = "OpenCL device: its number or part of its name; default: the one runs would use."
FOLDER = "A folder on the file system where runs will write; default: here."


def verify(
    outputs: Annotated[list[Path] | None, typer.Argument(metavar="[OUT...]", help=OUTPUTS)] = None,
    device: Annotated[str | None, typer.Option(help=DEVICE)] = None,
    folder: Annotated[Path, typer.Option(help=FOLDER)] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Whether mfpde works here: kernels against the reference, conservation, a killed run that is resumed,
    readers of the file. One verdict.

    Takes about a quarter of a minute. Exit code 3 if a check fails.

    Examples: `mfpde verify`, `mfpde verify --device 1 --folder scratch`, `mfpde verify mcycle.h5`
    """
    from mfpde.console import Console

    if outputs:
        from mfpde.verify.files import verify_files

        facts = verify_files(outputs)
    else:
        from mfpde.verify.checks import verify as run_checks

        with Console(stderr=True).status("checking"):
            facts = run_checks(device, folder)
    if as_json:
        print_json(facts)
    else:
        from mfpde.verify.report import print_verdict

        print_verdict(facts, Console())
    if not facts["passed"]:
        raise typer.Exit(3)
