"""The two ways a command can fail, and the exit code of each."""

import difflib
from collections.abc import Iterable


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
    close = difflib.get_close_matches(str(word).lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"{hint} (known: {', '.join(names)})" if names else hint
