"""How a run is shown while it goes: a live bar on a terminal, sparse plain lines elsewhere. Everything goes to stderr."""

import time as clock
from types import TracebackType
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mfpde.console import Console

#: seconds between plain lines, and between refreshes of the bar
PLAIN_SECONDS = 10.0
LIVE_SECONDS = 0.1


class Display:
    """A reporter for people; use as a context manager."""

    def __init__(self, title: str, console: Console | None = None):
        self.console = console or Console(stderr=True)
        self.last = 0.0
        self.started = clock.monotonic()
        self.bar: Progress | None = None
        if self.console.is_terminal:
            columns = (
                TextColumn("[bold]{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[facts]}"),
                TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            )  # fmt: skip
            self.bar = Progress(*columns, console=self.console, transient=True)
            self.task = self.bar.add_task(title or "run", total=1.0, facts="building kernels")

    def __enter__(self) -> "Display":
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self.bar is not None:
            self.bar.stop()

    def progress(self, time: float, end: float, facts: dict[str, Any]) -> None:
        """Show the time reached and what goes with it."""
        now = clock.monotonic()
        if now - self.last < (LIVE_SECONDS if self.bar is not None else PLAIN_SECONDS):
            return
        self.last = now
        text = f"t {time:.4g}/{end:g}" + describe(facts)
        if self.bar is not None:
            self.bar.update(self.task, completed=time / end, facts=text)
        elif now - self.started >= PLAIN_SECONDS:
            left = (now - self.started) * (end - time) / time if time > 0 else float("nan")
            self.console.print(f"{text}  {now - self.started:.0f} s, about {left:.0f} s left", soft_wrap=True)

    def tell(self, message: str) -> None:
        """Show what takes a while."""
        self.console.print(message, soft_wrap=True, markup=False)

    def warn(self, message: str) -> None:
        """Show a warning at once."""
        self.console.print(f"[yellow]warning:[/yellow] {escape(message)}", soft_wrap=True)


def describe(facts: dict[str, Any]) -> str:
    """Step, energy, mass drift, wall mass, and what sets the time step."""
    if not facts:
        return ""
    return (
        f"  step {facts['step']}  E {facts['energy']:.5g}  mass drift {facts['drift']:.0e}"
        f"  wall {facts['wall']:.0e}  dt {facts['dt']:.1e} ({facts['limit']})"
    )
