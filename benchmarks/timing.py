"""Best times of several candidates, taken in turn, so that all suffer alike from what else goes on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

import numpy as np

IN_A_ROW = 4
PAUSE = 0.01  #: seconds between two candidates: threads of the one before stop spinning


@dataclass(frozen=True)
class Candidate:
    """Something to time. `run` returns when the work is done; `result` tells what it computes, for checks."""

    who: str
    precision: str
    run: Callable[[], Any]
    result: Callable[[], np.ndarray] | None = None
    amount: float = 1.0  #: of work in one run: cells, or pairs of units and data
    note: str = ""


@dataclass(frozen=True)
class Absent:
    """A candidate that cannot be had here, and why."""

    who: str
    why: str


def gather(
    builders: Mapping[str, Callable[..., Sequence[Candidate]]], *arguments: Any
) -> tuple[list[Candidate], list[Absent]]:
    """Build every peer; one that is not installed, or fails to start, is absent rather than an error."""
    candidates: list[Candidate] = []
    absent: list[Absent] = []
    for who, builder in builders.items():
        try:
            candidates += builder(*arguments)
        except ImportError:
            absent.append(Absent(who, "not installed"))
        # a peer may fail in any way: no compiler, too new a processor; the rest must go on
        except Exception as error:
            absent.append(
                Absent(
                    who, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:80]
                )
            )
    return candidates, absent


def best_times(candidates: Sequence[Candidate], rounds: int = 12, budget: float = 3.0) -> list[float]:
    """Seconds of the fastest run of each candidate.

    Arguments:
        budget: seconds after which a candidate is left out of further rounds; each runs at least twice.
    """
    best = [float("inf")] * len(candidates)
    spent = [0.0] * len(candidates)
    for turn in range(rounds + 1):
        for k, candidate in enumerate(candidates):
            if turn > 1 and spent[k] > budget:
                continue
            sleep(PAUSE)
            # several in a row, as in a run: caches are warm and threads awake
            for _ in range(IN_A_ROW if turn > 0 else 1):
                start = perf_counter()
                candidate.run()
                seconds = perf_counter() - start
                spent[k] += seconds
                if turn > 0:  # the first run compiles and allocates
                    best[k] = min(best[k], seconds)
                if spent[k] > budget:
                    break
    return best


def best_time(run: Callable[[], Any], rounds: int = 12, budget: float = 3.0) -> float:
    """Seconds of the fastest run of one function."""
    return best_times([Candidate("", "", run)], rounds, budget)[0]
