"""Who is told how a run goes."""

from typing import Any, Protocol


class Reporter(Protocol):
    """Told of progress and of warnings."""

    def progress(self, time: float, end: float, facts: dict[str, Any]) -> None:
        """Called often: after every step of every side, and before what takes long.

        Arguments:
            time: that the side has reached.
            facts: "side", its name; "estimate", of what is left (`runs.estimate.Estimate`); "may_settle",
                whether the run may end before; of the density also "step", "energy" and so on.
        """

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
