"""Turns that the sides of a run take: which part of a side moves, and how far it is."""

from collections.abc import Callable
from typing import Any

#: told the time that a part has reached, and facts: the "side", and those that sides tell of themselves
Watch = Callable[[float, dict[str, Any]], None]
#: the parts of a side in the order in which they move, with the time of each
Parts = dict[str, Callable[[], float]]


class Turn:
    """Watches the parts of one side, which are advanced one after another.

    Arguments:
        facts: what else to tell.
    """

    def __init__(self, parts: Parts, until: float, watch: Watch, facts: Callable[[], dict[str, Any]]):
        self.parts, self.until, self.watch, self.facts = parts, until, watch, facts
        self.before = {name: at() for name, at in parts.items()}

    def __call__(self, *_: Any) -> None:
        """After a step: say which part it was of; of one that was rejected, the part whose turn it is."""
        now = {name: at() for name, at in self.parts.items()}
        moved = next((name for name in now if now[name] != self.before[name]), None)
        name = moved or next((name for name in now if now[name] < self.until), next(reversed(now)))
        self.before = now
        self.watch(now[name], self.facts() | {"side": name})
