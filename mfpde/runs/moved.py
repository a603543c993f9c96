"""Checkpoints of an output that was renamed: they bear the identity of their run, by which they are found."""

from pathlib import Path

from mfpde.data.hdf5 import open_hdf5
from mfpde.errors import InputError, OutOfReachError
from mfpde.runs.report import Reporter
from mfpde.store.checkpoints import ENDING, Checkpoints, folder_of, run_of
from mfpde.store.contents import sort_out


def take_along(output: Path, report: Reporter) -> None:
    """Give the checkpoints of an output its name, if they lie beside it under an older one.

    Raises:
        InputError: the output is a copy of another that is still there, or a run holds the checkpoints.
    """
    run = _run_in(output)
    folder = checkpoints_of(run, output)
    if folder is None:
        return
    older = folder.with_name(folder.name.removesuffix(ENDING))
    if _run_in(older) == run:
        raise InputError(
            f"{output}: is a copy of {older.name}, to which the checkpoints in {folder.name} belong; resume"
            f" that, or copy the folder too, as {folder_of(output).name}"
        )
    with Checkpoints(older):  # nobody else has them
        pass
    folder.rename(folder_of(output))
    report.warn(
        f"{output} was {older.name}: the folder of its checkpoints is called {folder_of(output).name} from"
        " now on"
    )


def checkpoints_of(run: str, output: Path) -> Path | None:
    """The folder with the checkpoints of a run, beside an output."""
    folders = sorted(output.absolute().parent.glob(f"*{ENDING}")) if run else []
    return next((folder for folder in folders if run_of(folder) == run), None)


def _run_in(output: Path) -> str:
    """The run that wrote an output; empty if it does not tell. A pipe is not waited for."""
    if not output.is_file():
        return ""
    try:
        with open_hdf5(output, output) as file:
            sort_out(file, output)  # whoever wrote it
            return str(file.attrs["run"])
    except OutOfReachError:
        raise
    except (InputError, OSError, KeyError, RuntimeError, ValueError):
        return ""
