"""Who is told how a run goes."""

from typing import Any, Protocol


class Reporter(Protocol):
    """Told of progress and of warnings."""

    def progress(self, time: float, end: float, facts: dict[str, Any]) -> None:
        """Called often: after steps of the density and of the networks."""

    def tell(self, message: str) -> None:
        """Called for what takes a while before the run begins, and for what ended it."""

    def warn(self, message: str) -> None:
        """Called once for every thing the user should know."""


class Silent:
    """Tells nobody."""

    def progress(self, time: float, end: float, facts: dict[str, Any]) -> None:
        """Nothing."""

    def tell(self, message: str) -> None:
        """Nothing."""

    def warn(self, message: str) -> None:
        """Nothing; warnings are also stored in the file."""
