"""What the certificates of a run prove together: E* is one number, so the best bound of all times serves
each.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mfpde.results.run import Run


@dataclass(frozen=True)
class Certified:
    """Lower bounds of E* that a run has found."""

    lower_bounds: np.ndarray  #: at every output time (times,)
    proven: np.ndarray  #: which of them are proven (times,)
    kind: str  #: what they are worth

    @property
    def best(self) -> float:
        """The largest; of the proven ones, if any is."""
        kept = self.lower_bounds[self.proven] if np.any(self.proven) else self.lower_bounds
        return float(np.nanmax(kept))

    @property
    def is_proven(self) -> bool:
        """Whether the best is proven."""
        return bool(np.any(self.proven))


def certified(run: "Run") -> Certified | None:
    """The bounds of a run; None if it has none: a potential, or a file of an earlier version."""
    if "certificate" not in run.tree.children:
        return None
    found = run.group("certificate")
    bounds = found["lower_bound"]
    return Certified(bounds.values, found["proven"].values > 0.5, str(bounds.attrs.get("long_name", "")))
