"""The NumPy backend beside the device: whole runs of the shipped cases.

NumPy serves where no OpenCL device is usable.
"""

from benchmarks.ours import Case, InputError, run_seconds, shipped_cases
from benchmarks.rows import Part, Row

QUICK_SHARE = 0.1  #: of the time of a case
WARM_SHARE = 1e-3  #: of the run that compiles the kernels, which is not timed


def measure_fallback(
    selector: str | None = None, quick: bool = False, cases: dict[str, Case] | None = None
) -> Part:
    """Seconds of each run from the case to the file, on the device, by NumPy, and their ratio.

    Arguments:
        selector: how the user named the device.
        quick: runs end at a tenth of their time.
    """
    part = Part()
    for name, case in (shipped_cases() if cases is None else cases).items():
        timed, device = _on_device(case, selector, QUICK_SHARE if quick else 1.0)
        numpy = run_seconds(timed.replace({"eulerian.backend": "numpy"}), None)
        part.numbers[name] = {"time": timed.time, "device": device, "numpy": numpy, "ratio": numpy / device}
        precision = case.eulerian.precision if case.eulerian.enabled else case.lagrangian.precision
        until = f"to t = {timed.time:g}"
        part.rows.append(Row("fallback", name, "mfpde", precision, device, note=until))
        part.rows.append(
            Row("fallback", name, "mfpde, NumPy", precision, numpy, times_ours=numpy / device, note=until)
        )
        print(
            f"  {name}: {device:.1f} s on the device, {numpy:.1f} s by NumPy ({numpy / device:.2f} times),"
            f" {until}",
            flush=True,
        )
    return part


def _on_device(case: Case, selector: str | None, share: float) -> tuple[Case, float]:
    """The case, cut short if it can be, and its seconds once kernels are compiled."""
    timed = case.replace(time=case.time * share)
    try:
        run_seconds(case.replace(time=case.time * share * WARM_SHARE), selector)
        return timed, run_seconds(timed, selector)
    except InputError:  # a descent by steps longer than that
        run_seconds(case, selector)
        return case, run_seconds(case, selector)
