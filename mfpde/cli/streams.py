"""The streams of a command, whatever its caller has made of them.

Closed ones lead nowhere. Letters that an encoding has not are spelled. What cannot be said on stderr (a full
disk, a reader that has gone) ends no run; what cannot be printed on stdout is an error, and said once.
"""

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from mfpde.errors import RunError
from mfpde.letters import HANDLER


def settle_streams() -> None:
    """Give stdin, stdout and stderr streams that work; to be called before anything else.

    A file that is opened takes the number of a closed stream, and gets what native code says there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # the lowest number that is free is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
    sys.stdout, sys.stderr = _settled(sys.stdout, 1), _settled(sys.stderr, 2)


def flush_streams() -> None:
    """Write what is not written yet, as far as somebody reads it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, RunError):
            stream.flush()


class _Standard(io.FileIO):
    """stdout or stderr; once it cannot be written, nothing is."""

    def __init__(self, number: int):
        super().__init__(number, "w", closefd=False)
        self.number, self.failed = number, False

    def write(self, data: Any, /) -> int:
        if not self.failed:
            try:
                return super().write(data)
            except OSError as error:
                self.failed = True
                if self.number == 1 and isinstance(error, BrokenPipeError):
                    raise
                if self.number == 1:
                    raise RunError(f"stdout: cannot be written to: {error.strerror}") from None
        return len(data)


def _settled(stream: TextIO | None, number: int) -> TextIO:
    if stream is None:
        return _standard(number, "utf-8", False)
    if not isinstance(stream, io.TextIOWrapper):  # somebody's own
        return stream
    if os.name == "nt" or not _is(stream, number):  # terminals have functions of their own on Windows
        stream.reconfigure(errors=HANDLER)
        return stream
    return _standard(number, stream.encoding, stream.line_buffering)


def _standard(number: int, encoding: str, by_line: bool) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(_Standard(number)), encoding=encoding, errors=HANDLER, line_buffering=by_line
    )


def _is(stream: TextIO, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError):
        return False
