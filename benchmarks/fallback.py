"""The NumPy backend, which serves where no OpenCL device is usable, beside the device: whole runs of the shipped cases, one after the other."""

from benchmarks.ours import Case, InputError, run_seconds, shipped_cases
from benchmarks.rows import Part, Row

#: Seconds a run must take on the device to be compared: a case is cut short in time, by powers of ten, as far as that allows.
ENOUGH, ENOUGH_QUICK = 5.0, 0.5
SHORTEST = 1e-3  #: of the time of a case


def measure_fallback(selector: str | None = None, quick: bool = False, cases: dict[str, Case] | None = None) -> Part:
    """Seconds of each run from the case to the file, on the device, by NumPy, and their ratio.

    Arguments:
        selector: how the user named the device.
        quick: shorter runs.
    """
    part = Part()
    for name, case in (shipped_cases() if cases is None else cases).items():
        timed, device = _long_enough(case, selector, ENOUGH_QUICK if quick else ENOUGH)
        numpy = run_seconds(timed.replace({"eulerian.backend": "numpy"}), None)
        part.numbers[name] = {"time": timed.time, "device": device, "numpy": numpy, "ratio": numpy / device}
        until = f"to t = {timed.time:g} of {case.time:g}"
        precision = case.eulerian.precision if case.eulerian.enabled else case.lagrangian.precision
        part.rows.append(Row("fallback", name, "mfpde", precision, device, note=until))
        part.rows.append(Row("fallback", name, "mfpde, NumPy", precision, numpy, times_ours=numpy / device, note=until))
    return part


def _long_enough(case: Case, selector: str | None, enough: float) -> tuple[Case, float]:
    """The case, ending early if it takes long, and the seconds it takes."""
    share, seconds, compiled = SHORTEST, -1.0, False
    timed = case
    while share <= 1.0001 and seconds < enough:
        try:
            timed = case.replace(time=case.time * share)
            if not compiled:
                run_seconds(timed, selector)
            seconds, compiled = run_seconds(timed, selector), True
        except InputError:  # shorter than a step of the descent it is to make
            if share > 0.5:
                raise
        share *= 10
    return timed, seconds
