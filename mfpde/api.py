"""The Python interface: run a case, open a run."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mfpde.analysis.compare import Comparison, compare
from mfpde.case import Case, load_case
from mfpde.errors import InputError, about
from mfpde.models import build_model
from mfpde.optima import TOLERANCE
from mfpde.results import opening
from mfpde.results.run import Run as StoredRun
from mfpde.runs import Reporter, simulate
from mfpde.runs import resume as _resume

if TYPE_CHECKING:
    from mfpde.optima.nonnegative import NonnegativeOptimum
    from mfpde.optima.optimum import Optimum


class Run(StoredRun):
    """A finished or interrupted run, read from its file when asked, with its comparison at hand."""

    def compare(
        self, tolerance: float | None = None, time: float | None = None, optimum: bool = False
    ) -> Comparison:
        """How far the networks are from the density; prints as the table of `mfpde compare`.

        Arguments: see `mfpde.analysis.compare.compare`.
        """
        return compare(self, tolerance, time, optimum)


def open_run(path: str | Path) -> Run:
    """Open an output file.

    Raises:
        InputError: no such file, one that is locked, not an mfpde output, or one of a newer schema.
    """
    return opening.open_run(path, Run)


def run(
    case: Case | str | Path,
    output: str | Path | None = None,
    overwrite: bool = False,
    device: str | None = None,
    report: Reporter | None = None,
) -> Run:
    """Run a case and open its output.

    Arguments:
        case: a case, or what `load_case` takes.
        output: name of the HDF5 file; a new file in the system's temporary folder if None.
        overwrite: replace an output that exists.
        device: number or part of the name of an OpenCL device, or "numpy"; the first that can be trusted if
            None.
        report: told of progress and warnings; nobody by default.
    Raises:
        InputError: the case is wrong; nothing is written.
        RunError: the run went bad; frames before that are in the file, the last good state in a checkpoint.
    """
    if not isinstance(case, Case):
        case = load_case(case)
    target = _new_file(case) if output is None else _settled(output)
    simulate(case, target, overwrite, device, report)
    return open_run(target)


def resume(
    output: str | Path,
    until: float | None = None,
    device: str | None = None,
    allow_device_change: bool = False,
    restart: bool = False,
    report: Reporter | None = None,
) -> Run:
    """Go on with a run that was stopped, from its newest good checkpoint, and open its output.

    Arguments: see `mfpde.runs.resume.resume`.
    """
    target = _settled(output)
    _resume(target, until, device, allow_device_change, restart, report)
    return open_run(target)


def optimum(
    case: Case | str | Path, grid: bool = False, interpolant: bool = False, tolerance: float = TOLERANCE
) -> "Optimum | NonnegativeOptimum":
    """The global minimum of a network's energy over all probability measures, or of that of spikes over all
    nonnegative ones, without any flow.

    Arguments:
        case: a case, or what `load_case` takes.
        grid: find the optimum of the mesh's own problem too.
        interpolant: and the least total variation of a function through the data.
        tolerance: of E, up to which atoms are taken up, and within which it is called certified.
    Raises:
        InputError: the case is wrong or that of a potential, or there is no minimum.
    """
    from mfpde.optima.of_problem import optimum_of  # solvers that other verbs do without

    if not isinstance(case, Case):
        case = load_case(case)
    with about(case.path):
        return optimum_of(build_model(case), grid, interpolant, tolerance)


def _settled(output: str | Path) -> Path:
    """An output's name that stays true should the process change its folder.

    As it is where the process has no folder any more.
    """
    try:
        return Path(output).absolute()
    except OSError:
        return Path(output)


def _new_file(case: Case) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="mfpde-")).absolute() / f"{case.path.stem}.h5"
    except OSError as error:
        raise InputError(
            f"no temporary folder can be made for the output ({error.strerror}); expected a name: output=..."
        ) from None


__all__ = ["Run", "open_run", "optimum", "resume", "run"]
