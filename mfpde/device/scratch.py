"""Temporary folders that last as long as the process that made them."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def make_scratch(prefix: str) -> Path:
    """A new temporary folder, which goes when this process ends; a copy of the process by fork leaves it
    alone.

    Raises:
        OSError: none can be made.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
