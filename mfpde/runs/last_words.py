"""A watcher beside a run: should native code end the process, it says what happened and how to go on
(`watcher`).

The exit code is then the one of the signal, as shells and schedulers expect it.
"""

import faulthandler
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PROGRAM = Path(__file__).with_name("watcher.py")

_pipe: IO[str] | None = None  #: to the watcher of the run that goes, if there is one
_ours = False  #: whether crashes are told to it, and not to somebody who asked before


@contextmanager
def watched(output: Path) -> Iterator[None]:
    """Within this block a watcher tells the user if the process ends without a word."""
    global _pipe, _ours
    try:
        command = [sys.executable, "-I", "-S", str(PROGRAM), str(output)]
        watcher = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
        )
    except (OSError, ValueError):  # no second process can be started: the run goes without
        yield
        return
    _pipe, _ours = watcher.stdin, not faulthandler.is_enabled()
    assert _pipe is not None
    note()
    try:
        yield
    finally:
        note(end=True)
        if _ours:
            faulthandler.disable()
        with suppress(OSError):
            _pipe.close()
        _pipe = None
        watcher.wait()


def note(**facts: object) -> None:
    """Let the watcher know, if there is one. Drivers that were loaded since may have put their own handlers
    of signals before ours.
    """
    if _pipe is not None:
        if _ours:
            faulthandler.disable()
            faulthandler.enable(file=_pipe, all_threads=False)
        with suppress(OSError):
            _pipe.write(json.dumps(facts) + "\n")
            _pipe.flush()
