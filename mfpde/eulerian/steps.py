"""What single steps of the density are: their limits, what they did, and why they are refused."""

from dataclasses import dataclass
from typing import NamedTuple

from mfpde.eulerian.state import Refused, State

#: what to do about steps that collapse, by what sets them
REMEDIES = {
    "positivity": (
        "velocities are too large for the mesh; use a narrower domain, a weaker penalty, or a bounded"
        " activation"
    ),
    "accuracy": (
        "the density changes too fast for eulerian.tolerance; use more cells, a larger tolerance, or a"
        " potential that is less steep"
    ),
    "redo": (
        "shorter and shorter steps had to be taken again; use more cells, or a potential that is less steep"
    ),
}


class Limits(NamedTuple):
    """Largest steps at a state, by reason."""

    positivity: float
    energy: float


@dataclass(frozen=True)
class Step:
    """What one step did."""

    state: State
    dt: float
    #: what set dt: "positivity", "energy", "reaction", "accuracy", "max_step", "output", or "redo" after a
    #: step was redone
    limit: str
    halvings: int
    least: float  #: min(0, smallest density met)
    #: dt (2 int |grad V|^2 dmu + 2 alpha Var V), by the rule of the transport stages; NaN with diffusion
    dissipated: float
    rejected: int = 0  #: longer steps whose error was too large


class Taken(NamedTuple):
    """A step of a given length, before its error is judged."""

    state: State
    least: float
    dissipated: float


class TooLong(Refused):
    """The error of a step is larger than allowed."""
