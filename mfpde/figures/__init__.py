"""Figures drawn from an opened run, ready for a paper: PDF and PNG.

To add one, write a module with ``draw(run) -> Figure | None`` and name it in `FIGURES`.
"""

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mfpde.errors import InputError, nearest

if TYPE_CHECKING:
    from mfpde.analysis.run import Run

#: figures in the order in which `mfpde plot` draws them; each is a module of this package
FIGURES = ("overview", "energy", "function", "marginals", "density", "gap_by_width", "gap_in_time")
FORMATS = ("pdf", "png")


def plot(run: "Run", folder: str | Path, names: Iterable[str] = FIGURES, formats: Iterable[str] = FORMATS) -> list[Path]:
    """Draw figures into a folder, which is made if needed; returns the files written.

    A figure whose quantities the run does not have is left out.

    Raises:
        InputError: an unknown figure, or a folder that cannot be made.
    """
    from mfpde.figures import style

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
    written = []
    for name in names:
        if name not in FIGURES:
            raise InputError(f"unknown figure '{name}'{nearest(name, FIGURES)}")
        with style.paper():
            figure = importlib.import_module(f"mfpde.figures.{name}").draw(run)
            if figure is None:
                continue
            for suffix in formats:
                written.append(folder / f"{name}.{suffix}")
                figure.savefig(written[-1])
    return written
