"""A side: anything that advances to a time, is measured, and goes into checkpoints. A run is a list of
them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from mfpde.monitors.health import Health
from mfpde.sides.turns import Parts


class Side(ABC):
    """One of those that take turns in a run. What it need not do has a default.

    Between two outputs a run calls `head_for`, then `advance`; a checkpoint may be taken whenever `watch` is
    called.
    """

    name: str  #: what it is called, also in checkpoints
    may_diverge = False  #: whether its state may cease to be finite without ending the run

    @property
    @abstractmethod
    def time(self) -> float:
        """The time that all of it has reached."""

    @abstractmethod
    def parts(self) -> Parts:
        """What takes turns, in that order; nothing if another side moves it."""

    @abstractmethod
    def advance(self, until: float, watch: Callable[..., None]) -> None:
        """Bring it to a time; `watch` is called after every step.

        Raises:
            RunError: an invariant broke; the message tells where.
        """

    @abstractmethod
    def save(self, saved: dict[str, Any]) -> None:
        """Put all that a side built anew needs to go on bit by bit into a checkpoint: under "particles" and
        its name or, where versions before looked for it, elsewhere.
        """

    @abstractmethod
    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""

    def head_for(self, until: float) -> None:  # noqa: B027
        """The way to an output begins; not called again where a checkpoint interrupted it."""

    def facts(self) -> dict[str, Any]:
        """What the progress tells of it."""
        return {}

    def views(self) -> dict[str, Any]:
        """What it shows to metrics at the present time, by name (`metrics.views`)."""
        return {}

    def remember(self, shown: Mapping[str, Any]) -> None:  # noqa: B027
        """Keep what later steps need of what was shown at an output."""

    def fingerprint(self) -> dict[str, float]:
        """Numbers that tell whether it was built, to the last bit, like another one."""
        return {}

    def check(self, health: Health, shown: Mapping[str, Any], time: float) -> None:  # noqa: B027
        """Tell the health of the run what is to be said at an output."""

    def wall_shares(self, shown: Mapping[str, Any]) -> dict[str, tuple[str, float]]:
        """By component: what of it lies at the walls, and how much."""
        return {}

    def summary(self) -> dict[str, dict[str, Any]]:
        """Its tables among the health that is stored in the file."""
        return {}

    def is_stationary(self, tolerance: float) -> bool:
        """Whether nothing of it changes by more than this per unit time."""
        return False

    def rates(self, judged: str) -> str:
        """How fast it still changes, and what is to be said of that; empty if nobody asks."""
        return ""
