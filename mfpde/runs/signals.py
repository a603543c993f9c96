"""What others ask of a run while it goes: to stop (Ctrl-C, SIGTERM), or to take a checkpoint and go on
(SIGUSR1).

Systems differ in the signals they have: Windows has no SIGUSR1, and Ctrl-Break (SIGBREAK) as one more way to
stop.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

TO_STOP = ("SIGINT", "SIGTERM", "SIGBREAK")
TO_SAVE = ("SIGUSR1",)


@dataclass
class Asked:
    """What was asked, and not done yet."""

    to_stop: bool = False
    to_save: bool = False


def _here(names: tuple[str, ...]) -> list[int]:
    """Those of some signals that this system has, and that no program around this Python has taken, for which
    they could not be put back.
    """
    found = [int(getattr(signal, name)) for name in names if hasattr(signal, name)]
    return [number for number in found if signal.getsignal(number) is not None]


@contextmanager
def listening(tell: Callable[[str], None]) -> Iterator[Asked]:
    """Within this block signals are noted rather than obeyed at once; a second Ctrl-C or SIGTERM stops at
    once.

    Only the main thread of a process hears signals; in others nothing is ever asked.
    """
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    to_stop, to_save = _here(TO_STOP), _here(TO_SAVE)
    previous = {number: signal.getsignal(number) for number in (*to_stop, *to_save)}

    def stop(number, frame):
        asked.to_stop = True
        tell("stopping with a checkpoint; press Ctrl-C again to stop at once")
        for second in to_stop:
            signal.signal(second, previous[second])

    def save(number, frame):
        asked.to_save = True

    for number in to_stop:
        signal.signal(number, stop)
    for number in to_save:
        signal.signal(number, save)
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
