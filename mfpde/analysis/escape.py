"""Which networks have left a plateau by when: the share whose energy has fallen below a level that the case
states, with its binomial interval.
"""

from typing import NamedTuple

import numpy as np

from mfpde.results.run import Run

#: confidence of intervals
CONFIDENCE = 0.95


class Escaped(NamedTuple):
    """Of the networks of one width."""

    times: np.ndarray  #: output times (T,)
    number: np.ndarray  #: of networks that have been below the level by then (T,)
    of: int  #: networks
    low: np.ndarray  #: Wilson's interval of the probability (T,)
    high: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """Of the networks (T,)."""
        return self.number / self.of


def level_of(run: Run) -> float | None:
    """The level that the case states, `output.escape`."""
    return run.case["output"].get("escape")


def escaped(run: Run, units: int, level: float) -> Escaped:
    """How many networks of a width have had E < level by every output time."""
    from scipy.stats import binomtest  # takes a third of a second

    energies = run.lagrangian(units)["energy"].values
    below = np.maximum.accumulate(energies < level, axis=0)
    count, of = below.sum(axis=1), energies.shape[1]
    intervals = {
        int(k): binomtest(int(k), of).proportion_ci(CONFIDENCE, method="wilson") for k in np.unique(count)
    }
    low, high = np.array([[intervals[int(k)].low, intervals[int(k)].high] for k in count]).T
    return Escaped(run.times, count, of, low, high)
