"""The two ways a command can fail, and the exit code of each."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MAX_LISTED = 16


class MfpdeError(Exception):
    """An error whose message is one sentence meant for the user; the CLI prints it without a traceback."""

    exit_code = 1


class InputError(MfpdeError):
    """The user's input is wrong: a key, a file, a formula, an option."""

    exit_code = 2


class RunError(MfpdeError):
    """The run went bad: a non-finite value, a cap that was hit, a broken invariant."""

    exit_code = 3


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known spelling is nearest to `word`, and list what is known.

    Returns a clause that starts with "; ", ready to be appended to a message.
    """
    names = [str(name) for name in known]
    lowered = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.5)
    hint = f"; did you mean '{lowered[close[0]]}'?" if close and lowered[close[0]] != word else ""
    listed = ", ".join(names[:MAX_LISTED]) + (f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else "")
    return f"{hint} (known: {listed})" if names else hint


@contextmanager
def about(source: object) -> Iterator[None]:
    """Within this block, messages of input errors begin with what they are about, unless they do already."""
    try:
        yield
    except InputError as error:
        if str(error).startswith((str(source), "--")):
            raise
        raise InputError(f"{source}: {error}") from None
