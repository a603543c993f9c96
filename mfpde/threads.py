"""A few threads for NumPy, which lets go of the interpreter while it works on an array.

Work is cut by its own size, never by the number of threads, and results come back in the order of the work:
what is computed from them is the same bit by bit on one thread and on many.
"""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")

#: threads at most: beyond, the interpreter between two operations is what all of them wait for
MOST = 8
#: multiplications of a matrix product from which OpenBLAS would start threads of its own
SMALL_PRODUCT = 2**18
_inside = threading.local()


def count() -> int:
    """Threads that share work: the processors this process may use, or MFPDE_THREADS."""
    asked = os.environ.get("MFPDE_THREADS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST, available)


@cache
def _pool(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, "mfpde", lambda: setattr(_inside, "yes", True))


# threads do not come along into a copy of the process, which makes its own
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The function of every item, in order; of the first that fails, the error. Inside of another `each`, one
    after the other.
    """
    work = list(items)
    size = 1 if getattr(_inside, "yes", False) else min(count(), len(work))
    return [function(item) for item in work] if size < 2 else list(_pool(count()).map(function, work))


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b by so few rows of a at a time that BLAS does it where it is called: threads that start threads
    wait for each other most of the time.
    """
    rows = max(1, SMALL_PRODUCT // (b.shape[-2] * b.shape[-1]))
    if a.shape[-2] <= rows:
        return a @ b
    result = np.empty((*a.shape[:-1], b.shape[-1]), np.result_type(a, b))
    for first in range(0, a.shape[-2], rows):
        part = slice(first, first + rows)
        np.matmul(a[..., part, :], b, out=result[..., part, :])
    return result
