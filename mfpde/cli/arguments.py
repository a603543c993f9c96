"""Arguments and options that several verbs take."""

from pathlib import Path
from typing import Annotated

import typer

CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help="A case file (TOML), or the name of a shipped case.")
]
OutputArgument = Annotated[Path, typer.Argument(metavar="OUT", help="An output file of `mfpde run`.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress; warnings are still stored in the file.")
]


def check_scaling(scaling: str | None, network: Path | None) -> None:
    """Raises:
    InputError: --scaling without the network whose scaling it tells.
    """
    from mfpde.errors import InputError

    if scaling is not None and network is None:
        raise InputError("--scaling: belongs to --network, the network trained elsewhere")


def overrides(settings: list[str] | None, backend: str | None) -> list[str]:
    """What --set and --backend change of a case, as KEY=VALUE."""
    from mfpde.case.schema import BACKENDS
    from mfpde.errors import InputError, nearest

    if backend is not None and backend not in BACKENDS:
        raise InputError(f"--backend {backend}: is no backend{nearest(backend, BACKENDS)}")
    return [*(settings or []), *([f"eulerian.backend={backend}"] if backend is not None else [])]
