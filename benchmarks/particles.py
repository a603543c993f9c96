"""Gradients of all units of one network, with few inputs (the activation costs) and many (products do)."""

from benchmarks.cases import units_case
from benchmarks.ours import Device, Units, particle_gradient
from benchmarks.particle_peers import PEERS
from benchmarks.rows import Part, race
from benchmarks.timing import best_times, gather

DATA = 1024
#: inputs, units
CASES = ((1, 10_000), (50, 2_000))


def measure_particles(
    device: Device, quick: bool = False, cases: tuple[tuple[int, int], ...] = CASES, data: int = DATA
) -> Part:
    """Races, and time against the number of units."""
    part = Part()
    for inputs, count in cases:
        units = Units(units_case(inputs, data), count)
        name = f"n = {count}, L = {data}, {inputs} input{'s' if inputs > 1 else ''}"
        for precision in ("float32", "float64")[: 1 if quick else 2]:
            candidates, absent = gather(PEERS, units, precision, not quick and precision == "float32")
            ours = particle_gradient(units, precision, device)
            rows = race(
                "particles",
                name,
                [ours, *candidates],
                absent,
                units.reference,
                "pair",
                8 if quick else 20,
                0.5 if quick else 1.0,
            )
            part.rows += rows
            if precision == "float32":
                peers = {row.who: row.times_ours for row in rows[1:] if row.times_ours is not None}
                part.numbers[name] = {
                    "best_peer": min(peers, key=lambda who: peers[who], default=None),
                    "times_faster": peers,
                }
    part.scaling = _scaling(
        device,
        [data // 8, 2 * data] if quick else [data // 8, data // 2, 2 * data, 10 * data, 40 * data],
        data,
    )
    return part


def _scaling(device: Device, counts: list[int], data: int) -> list[dict]:
    """Seconds per gradient against units, one input, in float32."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for count in counts:
        units = Units(units_case(1, data), count)
        peers, _ = gather(PEERS, units, "float32", False)
        candidates = [
            particle_gradient(units, "float32", device),
            *(p for p in peers if p.who in ("NumPy", "JAX, grad", "Torch, autograd")),
        ]
        for candidate, seconds in zip(candidates, best_times(candidates, 8, 0.4), strict=True):
            xs, ys = curves.setdefault(candidate.who, ([], []))
            xs.append(count)
            ys.append(seconds)
    return [{"panel": "units", "who": who, "x": xs, "y": ys} for who, (xs, ys) in curves.items()]
