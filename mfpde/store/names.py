"""Names of files, on systems where a file that a program has open keeps its name (Windows) as on those where
it does not.

There, a file that is open can be neither renamed, nor replaced, nor deleted under any of its names, unless
whoever opened it allows that, and hardly anybody does, HDF5 and Python included. Virus scanners and search
indexes open new files too, for a moment; so it pays to try again.
"""

import errno
import os
import time
from pathlib import Path

#: what Windows says of a file that is open elsewhere: access denied, sharing violation, lock violation
OPEN_ELSEWHERE = (5, 32, 33)
#: seconds for which a name is waited for, and between two attempts
PATIENCE = 60.0
PAUSES = (0.01, 0.5)

HELD = (
    "it is open in another program, or as a run in this one, and an open file cannot be replaced on this"
    " system"
)


class HeldOpen(OSError):
    """A file cannot be replaced, since a program has it open."""


def is_held(error: OSError) -> bool:
    """Whether an error may mean that a file is open; never true where names of open files can change."""
    return getattr(error, "winerror", None) in OPEN_ELSEWHERE


def replace(source: Path, target: Path) -> None:
    """Give `source` the name `target`, in one step; where whoever has `target` open is in the way, once it is
    closed.

    Raises:
        HeldOpen: it is still open after `PATIENCE` seconds; nothing has changed.
        OSError: what else went wrong.
    """
    deadline, pause = time.monotonic() + PATIENCE, PAUSES[0]
    while True:
        try:
            return os.replace(source, target)
        except PermissionError as error:
            if not is_held(error):
                raise
            if time.monotonic() >= deadline:
                raise HeldOpen(errno.EACCES, HELD) from None
        time.sleep(pause)
        pause = min(2 * pause, PAUSES[1])


def remove(path: Path) -> bool:
    """Remove a name if it is there; False if that must wait, because somebody has its file open.

    Raises:
        OSError: what else went wrong.
    """
    try:
        path.unlink(missing_ok=True)
    except PermissionError as error:
        if not is_held(error):
            raise
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where a program can ask for that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    # on Windows no folder can be opened; its file systems write names in the order in which they were given
    except PermissionError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems do not sync folders
            raise
    finally:
        os.close(handle)
