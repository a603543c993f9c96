"""What others ask of a run while it goes: to stop (Ctrl-C, SIGTERM), or to take a checkpoint and go on (SIGUSR1)."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Asked:
    """What was asked, and not done yet."""

    to_stop: bool = False
    to_save: bool = False


@contextmanager
def listening(tell: Callable[[str], None]) -> Iterator[Asked]:
    """Within this block signals are noted rather than obeyed at once; a second Ctrl-C or SIGTERM stops at once.

    Only the main thread of a process hears signals; in others nothing is ever asked.
    """
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}

    def stop(number, frame):
        asked.to_stop = True
        tell("stopping with a checkpoint; press Ctrl-C again to stop at once")
        for second in (signal.SIGINT, signal.SIGTERM):
            signal.signal(second, previous[second])

    def save(number, frame):
        asked.to_save = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    signal.signal(signal.SIGUSR1, save)
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
