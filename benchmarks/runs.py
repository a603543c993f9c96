"""Whole runs, from the case to the file, and the time of a step beside that of the NumPy backend."""

from benchmarks.cases import four_axes
from benchmarks.ours import Case, load_case, whole_run
from benchmarks.rows import Part, Row


def measure_runs(
    selector: str | None = None, quick: bool = False, cases: dict[str, Case] | None = None
) -> Part:
    """Seconds of each run, of its density alone, and per step.

    Arguments:
        selector: how the user named the device.
        quick: runs end at a thirtieth of their time.
    """
    part = Part()
    chosen = cases or {
        "mcycle": load_case("mcycle"),
        "gaussian_mixture": load_case("gaussian_mixture"),
        "4-D, 24^4": four_axes(24).replace(time=2.0),
    }
    for name, case in chosen.items():
        timed = case.replace(time=case.time / 30) if quick else case
        found = whole_run(timed, selector)
        part.numbers[name] = found | {"time": timed.time}
        until = f"to t = {timed.time:g}"
        part.rows.append(
            Row("runs", name, "mfpde, end to end", case.eulerian.precision, found["seconds"], note=until)
        )
        per_cell_step = found["density_seconds"] / (found["cells"] * found["steps"])
        note = (
            f"{until}; {found['steps']:.0f} steps of {1e3 * found['density_seconds'] / found['steps']:.3g} ms"
        )
        part.rows.append(
            Row(
                "runs",
                name,
                "mfpde, density alone",
                case.eulerian.precision,
                found["density_seconds"],
                1 / per_cell_step,
                "cell step",
                note=note,
            )
        )
    return part
