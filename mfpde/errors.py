"""The two ways a command can fail, and the exit code of each."""

import difflib
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MAX_LISTED = 16
#: characters of a message; of a longer one the middle is left out
MAX_MESSAGE = 1000


class MfpdeError(Exception):
    """An error whose message is one sentence meant for the user; the CLI prints it without a traceback."""

    exit_code = 1

    def __init__(self, message: object = ""):
        super().__init__(one_line(str(message)))


class InputError(MfpdeError):
    """The user's input is wrong: a key, a file, a formula, an option."""

    exit_code = 2


class OutOfReachError(InputError):
    """A file, which may well be whole, cannot be read at this moment: a program has it locked, or permission
    lacks.
    """


class RunError(MfpdeError):
    """The run went bad: a non-finite value, a cap that was hit, a broken invariant."""

    exit_code = 3


def one_line(text: str) -> str:
    """Text for a terminal: what would break its line or steer the terminal is spelt out, since it may be a
    stranger's.
    """
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )
    return (
        shown
        if len(shown) <= MAX_MESSAGE
        else f"{shown[: MAX_MESSAGE // 2]} ... {shown[-MAX_MESSAGE // 2 :]}"
    )


def first_line(error: BaseException) -> str:
    """The beginning of what a library says of an error; nothing if it says nothing."""
    return next(iter(str(error).splitlines()), "")[:200]


class StorageError(RunError):
    """What the run wants to keep cannot be written: the disk is full, or not there any more."""

    remedy = "make room"


class HeldError(StorageError):
    """The output cannot be replaced, since a program has it open (Windows)."""

    remedy = "close it there"


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known spelling is nearest to `word`, and list what is known.

    Returns a clause that starts with "; ", ready to be appended to a message.
    """
    names = [str(name) for name in known]
    lowered = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.5)
    hint = f"; did you mean '{lowered[close[0]]}'?" if close and lowered[close[0]] != word else ""
    listed = ", ".join(names[:MAX_LISTED]) + (
        f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    )
    return f"{hint} (known: {listed})" if names else hint


def obstacle(error: OSError) -> str:
    """What keeps a file from being read that may well be whole: the predicate of a sentence; empty if the
    error is of another kind.
    """
    locking = "unable to lock file" in str(error)  # HDF5 says so, whatever the number of the error
    held = isinstance(error, BlockingIOError) or getattr(error, "winerror", None) in (32, 33)
    if held or (locking and isinstance(error, PermissionError)):
        return "is open in another program, which has locked it; close it there"
    if locking:
        return (
            "is on a file system without locks; set HDF5_USE_FILE_LOCKING=FALSE in the environment to read it"
            " nevertheless"
        )
    if isinstance(error, PermissionError):
        return "cannot be read, since you have no permission; ask its owner, or change its mode"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "cannot be opened, since too many files are open; close some"
    return ""


@contextmanager
def within_reach(source: object) -> Iterator[None]:
    """Within this block, which opens a file, an error that tells nothing of what the file holds is not put
    down to damage.

    Raises:
        OutOfReachError: the file is locked, or may not be read.
    """
    try:
        yield
    except OSError as error:
        if clause := obstacle(error):
            raise OutOfReachError(f"{source}: {clause}") from None
        raise


@contextmanager
def about(source: object) -> Iterator[None]:
    """Within this block, messages of input errors begin with what they are about, unless they do already."""
    try:
        yield
    except InputError as error:
        if str(error).startswith((str(source), "--")):
            raise
        raise InputError(f"{source}: {error}") from None
