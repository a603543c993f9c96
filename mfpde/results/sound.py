"""Outputs of strangers: whether a file is whole, and what is said when its parts do not fit together."""

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from mfpde.errors import InputError, MfpdeError, first_line, within_reach
from mfpde.store.contents import Contents

Verb = TypeVar("Verb", bound=Callable[..., Any])


def count_frames(contents: Contents, path: Path) -> int:
    """The number of frames of an output.

    Raises:
        InputError: its times are none.
    """
    times = contents.own.get("time")
    if times is None:
        return 0
    if (
        times.ndim != 1
        or times.dtype.kind != "f"
        or not np.all(np.isfinite(times[()]))
        or np.any(np.diff(times[()]) <= 0)
    ):
        raise InputError(f"{path}: 'time' does not hold increasing times; it is no whole output of mfpde run")
    return len(times)


@contextmanager
def fits_together(path: Path | str) -> Iterator[None]:
    """Within this block, what a reader stumbles over is put down to the file, whose parts do not fit."""
    try:
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"), within_reach(path):
            yield
    except (MfpdeError, MemoryError):
        raise
    except Exception as error:
        raise InputError(
            f"{path}: is damaged, or no whole output of mfpde run ({type(error).__name__}:"
            f" {first_line(error)})"
        ) from error


def of_outputs(verb: Verb) -> Verb:
    """A verb whose first argument is a run, reading whose file may go wrong."""

    @functools.wraps(verb)
    def careful(run, *arguments, **options):
        with fits_together(run.path):
            return verb(run, *arguments, **options)

    return cast(Verb, careful)
