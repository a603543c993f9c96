"""When something of a run is stored."""

from collections.abc import Sequence

import numpy as np

from mfpde.case import Case
from mfpde.errors import InputError


def output_times(
    case: Case, ends: Sequence[float] = (), stationary: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Times at which something is stored, and which of them store fields.

    The start and the end are always stored, with fields.

    Arguments:
        ends: times to which a run was extended after its end; every one is stored.
        stationary: when the run ended before its time, being stationary, before it was extended.
    """
    every, fields_every = case.output_every, case.output_fields_every
    first_end = case.time if stationary is None else stationary
    last = max(first_end, *ends) if ends else first_end
    if last / min(every, fields_every) > 100_000:
        raise InputError(
            f"{case.path}: output.every: more than 100000 frames would be stored; choose a longer interval"
        )
    same = 1e-9 * min(every, fields_every)
    series, fields = (np.arange(1, int(last / step) + 1) * step for step in (every, fields_every))
    candidates = [(float(t), False) for t in series] + [
        (float(t), True) for t in (0.0, *fields, first_end, *ends)
    ]
    times: list[float] = []
    stored: list[bool] = []
    for t, with_fields in sorted(candidates):
        if times and t - times[-1] < same:  # multiples of both intervals differ by rounding
            stored[-1] = stored[-1] or with_fields
        else:
            times.append(float(f"{t:.15g}"))  # 0.3 rather than 3 * 0.1
            stored.append(with_fields)
    found = np.array(times)
    for end in (first_end, *ends):  # exactly, not as a rounded multiple
        found[np.argmin(np.abs(found - end))] = end
    return found, np.array(stored)
