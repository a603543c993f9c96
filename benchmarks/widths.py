"""What the width of explicit vectors costs in a transport stage and in the gradient of a network."""

from benchmarks.cases import mcycle_mesh
from benchmarks.ours import Device, Stage, Units, manners, particle_gradient, transport_stage
from benchmarks.rows import Part, Row
from benchmarks.timing import best_times


def measure_widths(device: Device, quick: bool = False) -> Part:
    """Seconds in each manner as multiples of the first, which runs take; measured in turn."""
    part = Part()
    built = [b for b in map(device.built, manners(device)) if b.vector_bytes <= device.vector_bytes]
    case = mcycle_mesh(32 if quick else 64)
    stage, units = Stage(case), Units(case, 1000 if quick else 5000)
    for precision in ("float64", "float32"):
        for what, candidates in (
            ("transport stage", [transport_stage(case, stage, precision, b)[0] for b in built]),
            ("network gradient", [particle_gradient(units, precision, b) for b in built]),
        ):
            times = best_times(candidates, 4 if quick else 12)
            part.rows += [
                Row("widths", what, b.form, precision, t, times_ours=t / times[0])
                for b, t in zip(built, times, strict=True)
            ]
    return part
