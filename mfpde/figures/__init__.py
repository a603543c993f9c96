"""Figures drawn from opened runs, ready for a paper: PDF and PNG.

To add one, write a module with ``draw(run) -> Figure | None``, ``lacks(run) -> str``, which says why there is
no figure (`needs`), and ``NEEDS = "..."``, a few words on the same for help texts. With ``RUNS = "several"``
both functions take a list of runs, which are drawn side by side.
"""

import importlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfpde.arithmetic import usual_arithmetic
from mfpde.errors import InputError, first_line, nearest
from mfpde.kinds import FIGURES as REGISTRY
from mfpde.kinds import figures_of

if TYPE_CHECKING:
    from mfpde.results.run import Run

#: figures of one run, in the order in which `mfpde plot` draws them; each is a module of this package
FIGURES = figures_of("one")
#: figures of several runs side by side
FIGURES_OF_SEVERAL = figures_of("several")
FORMATS = ("pdf", "png")
KNOWN_FORMATS = ("pdf", "png", "svg")
#: of the environment, by which matplotlib finds its settings
VARIABLES = ("MPLBACKEND", "MATPLOTLIBRC", "MPLCONFIGDIR")


@usual_arithmetic
def plot(
    runs: "Run | Sequence[Run]",
    folder: str | Path,
    names: Iterable[str] | None = None,
    formats: Iterable[str] = FORMATS,
) -> list[Path]:
    """Draw figures into a folder, which is made if needed; returns the files written.

    A figure whose quantities the runs do not have is left out; `lacking` says why.

    Arguments:
        runs: one run, or several to be drawn side by side.
        names: all figures of one run, or of several, if None.
    Raises:
        InputError: an unknown figure, a folder that cannot be made, a damaged file, or settings with which
            matplotlib does not start.
    """
    from mfpde.results.sound import fits_together

    check_matplotlib()
    from mfpde.figures import style

    several, wanted = _chosen(runs, names)
    drawn = several if len(several) > 1 else several[0]
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
    written = []
    for name in wanted:
        with style.paper():
            with fits_together(" and ".join(str(run.path) for run in several)):
                figure = _module(name).draw(drawn)
            if figure is None:
                continue
            for suffix in formats:
                written.append(folder / f"{name}.{suffix}")
                figure.savefig(written[-1])
    return written


def check_matplotlib() -> None:
    """Import matplotlib, which reads the settings of the user, before any module of figures does.

    Raises:
        InputError: it cannot be imported with these.
    """
    try:
        importlib.import_module("matplotlib.style")
    # of a file that is no text, an unknown backend, or whatever is wrong with an installation
    except Exception as error:
        named = [f"{name} is set to '{os.environ[name]}'" for name in VARIABLES if os.environ.get(name)]
        where = f", where {' and '.join(named)}" if named else "; look at your matplotlibrc"
        raise InputError(
            f"matplotlib cannot be used ({type(error).__name__}: {first_line(error)}){where}"
        ) from None


def lacking(runs: "Run | Sequence[Run]", names: Iterable[str] | None = None) -> dict[str, str]:
    """Figures that cannot be drawn of these runs, and what the runs lack; arguments as of `plot`."""
    from mfpde.results.sound import fits_together

    several, wanted = _chosen(runs, names)
    with fits_together(" and ".join(str(run.path) for run in several)):
        found = {name: _module(name).lacks(several if len(several) > 1 else several[0]) for name in wanted}
    return {name: said for name, said in found.items() if said}


def _chosen(runs: "Run | Sequence[Run]", names: Iterable[str] | None) -> tuple[list["Run"], Sequence[str]]:
    """The runs as a list, and the figures that are wanted of them, each once.

    Raises:
        InputError: a figure that is not known, or not of so many runs.
    """
    several = list(runs) if isinstance(runs, Sequence) else [runs]
    known, others = (FIGURES, FIGURES_OF_SEVERAL) if len(several) == 1 else (FIGURES_OF_SEVERAL, FIGURES)
    wanted = list(dict.fromkeys(known if names is None else names))
    here, there = ("one run", "several runs") if len(several) == 1 else ("several runs", "one run")
    for name in wanted:
        if name in others:
            raise InputError(f"'{name}' is a figure of {there}, not of {here}{nearest(name, known)}")
        if name not in known:
            raise InputError(f"unknown figure '{name}' of {here}{nearest(name, known)}")
    return several, wanted


def _module(name: str) -> Any:
    return REGISTRY.module(name)
