"""How a run is shown while it goes: a live bar on a terminal, sparse lines elsewhere, on stderr."""

import threading
import time as clock
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mfpde.console import Console

#: seconds between plain lines, and between updates of what the bar says
PLAIN_SECONDS = 10.0
LIVE_SECONDS = 0.1


class Display:
    """A reporter for people; use as a context manager."""

    def __init__(self, title: str, console: Console | None = None):
        self.console = console or Console(stderr=True)
        self.started = clock.monotonic()
        self.last = 0.0
        self.text, self.facts = "building kernels", dict[str, Any]()
        self.ended = threading.Event()
        self.bar: Progress | None = None
        if self.console.is_terminal:
            columns = (
                TextColumn("[bold]{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[text]}"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"),
            )
            self.bar = Moving(self, *columns, console=self.console, transient=True)
            self.task = self.bar.add_task(escape(title) or "run", total=1.0, text=self.text, left="")

    def __enter__(self) -> "Display":
        if self.bar is not None:
            self.bar.start()
        else:
            threading.Thread(target=self._lines, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ended.set()
        if self.bar is not None:
            self.bar.stop()

    def progress(self, time: float, end: float, facts: dict[str, Any]) -> None:
        """Show the side that moves, the time it has reached, and what goes with it."""
        now = clock.monotonic()
        side = facts.get("side", "")
        if side == self.facts.get("side") and now - self.last < LIVE_SECONDS:
            return
        self.last, self.facts = now, facts
        self.text = f"{side}  t {time:.4g}/{end:g}" + (describe(facts) if side == "density" else "")

    def tell(self, message: str) -> None:
        """Show what takes a while."""
        self.console.print(message, soft_wrap=True, markup=False)

    def warn(self, message: str) -> None:
        """Show a warning at once."""
        self.console.print(f"[yellow]warning:[/yellow] {escape(message)}", soft_wrap=True)

    def update(self) -> None:
        """Bring the bar up to date."""
        if self.bar is not None:
            estimate = self.facts.get("estimate")
            self.bar.update(
                self.task,
                completed=estimate.share() if estimate else 0.0,
                text=escape(self.text),
                left=self._left(),
            )

    def line(self) -> str:
        """What a plain line says now."""
        estimate, left = self.facts.get("estimate"), self._left()
        done = f"{estimate.share():.0%}  " if estimate else ""
        return f"{done}{self.text}  {clock.monotonic() - self.started:.0f} s{f', {left}' if left else ''}"

    def _left(self) -> str:
        estimate = self.facts.get("estimate")
        seconds = estimate.left() if estimate else None
        return (
            ""
            if seconds is None
            else f"{'at most' if self.facts.get('may_settle') else 'about'} {duration(seconds)} left"
        )

    def _lines(self) -> None:
        """Plain lines from a thread of their own: what takes long without a word is told of, too."""
        while not self.ended.wait(PLAIN_SECONDS):
            self.console.print(self.line(), soft_wrap=True, markup=False)


class Moving(Progress):
    """A bar that asks what it should show whenever it is drawn."""

    def __init__(self, display: Display, *columns: Any, **options: Any):
        self.display = display
        super().__init__(*columns, **options)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar as it is now."""
        if self.tasks:
            self.display.update()
        yield from super().get_renderables()


def duration(seconds: float) -> str:
    """Such as 43 s, 12 min or 3.2 h."""
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )


def describe(facts: dict[str, Any]) -> str:
    """Step, energy, mass drift, wall mass, and what sets the time step."""
    return (
        f"  step {facts['step']}  E {facts['energy']:.5g}  mass drift {facts['drift']:.0e}"
        f"  wall {facts['wall']:.0e}  dt {facts['dt']:.1e} ({facts['limit']})"
    )
