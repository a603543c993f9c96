"""`python -m benchmarks [--only PART ...] [--quick] [--out DIR] [--device D]`: one table, results.json, and
figures.

Peers that are not installed are named as such; `pip install -e ".[bench]"` gets them. Keys of results.json:

  machine   facts of the device; copy (bytes/s), fma and minmax (numbers/s) measured in this run
  versions  of mfpde and of the peers, null where one is not installed
  parts     by part: rows (one per line of the table), numbers (limits, shares, curves), scaling (points of
            the figure)
  claims    what the benchmarks must show: what, found, wanted, at_most, holds
  figures, quick, seconds
"""

import argparse
import json
import os
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

# threads that wait must sleep, since the next candidate needs the core; read when PyTorch starts
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from benchmarks.accuracy import QUICK, measure_accuracy
from benchmarks.claims import judge
from benchmarks.fallback import measure_fallback
from benchmarks.figures import draw_accuracy, draw_roofline, draw_scaling
from benchmarks.machine import FIELD, Machine, measure_machine
from benchmarks.ours import choose_device
from benchmarks.particles import measure_particles
from benchmarks.potential import measure_potential
from benchmarks.rows import Part, as_json, print_table
from benchmarks.runs import measure_runs
from benchmarks.transport import measure_transport
from benchmarks.widths import measure_widths
from mfpde.console import Console

PARTS = ("transport", "potential", "particles", "runs", "accuracy")
ON_REQUEST = ("fallback", "widths")  #: most of an hour, half a minute
PEERS = ("numpy", "jax", "torch", "fipy", "py-pde")


def main(arguments: list[str] | None = None) -> None:
    """Measure, draw, write, tell."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=(*PARTS, *ON_REQUEST), default=list(PARTS), metavar="PART",
        help=f"some of: {', '.join(PARTS)} (all if not given); fallback: NumPy beside the device on "
        "all shipped cases; widths: narrower vectors",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and cases, no compiler: under a minute"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/benchmarks"), help="folder of results.json and the figures"
    )
    parser.add_argument(
        "--device", help="number or part of the name of an OpenCL device; the first if not given"
    )
    options = parser.parse_args(arguments)
    start, device = perf_counter(), choose_device(options.device)
    machine = measure_machine(device, options.quick)
    measure = {
        "transport": lambda: measure_transport(device, machine, options.quick),
        "potential": lambda: measure_potential(device, options.quick),
        "particles": lambda: measure_particles(device, options.quick),
        "runs": lambda: measure_runs(options.device, options.quick),
        "accuracy": lambda: measure_accuracy(device, QUICK if options.quick else None),
        "fallback": lambda: measure_fallback(options.device, options.quick),
        "widths": lambda: measure_widths(device, options.quick),
    }
    parts: dict[str, Part] = {}
    for name in (name for name in (*PARTS, *ON_REQUEST) if name in options.only):
        began = perf_counter()
        parts[name] = measure[name]()
        print(f"{name}: {perf_counter() - began:.0f} s", flush=True)
    figures, claims = draw(options.out, machine, parts), judge(parts)
    results = {
        "machine": machine.as_json(),
        "versions": {package: _version(package) for package in ("mfpde", *PEERS)},
        "parts": {name: as_json(part) for name, part in parts.items()},
        "claims": [claim.as_json() for claim in claims],
        "figures": figures,
        "quick": options.quick,
        "seconds": perf_counter() - start,
    }
    (options.out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    console = Console(width=max(shutil.get_terminal_size().columns, 160))
    print_table([row for part in parts.values() for row in part.rows], console)
    for line in (describe_machine(machine), *claims):
        console.print(str(line), highlight=False, soft_wrap=True)
    console.print(
        f"{results['seconds']:.0f} s; wrote {options.out / 'results.json'} and {', '.join(figures)}"
    )


def draw(folder: Path, machine: Machine, parts: dict[str, Part]) -> list[str]:
    """The figures there are numbers for; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    if "transport" in parts:
        draw_roofline(machine, parts["transport"], folder / "roofline.png")
        drawn.append("roofline.png")
    if any(part.scaling for part in parts.values()):
        draw_scaling(list(parts.values()), folder / "scaling.png")
        drawn.append("scaling.png")
    if "accuracy" in parts:
        draw_accuracy(parts["accuracy"], folder / "accuracy.png")
        drawn.append("accuracy.png")
    return drawn


def describe_machine(machine: Machine) -> str:
    """One line of limits."""
    rates = ", ".join(
        f"{p}: {2 * machine.fma[p] / 1e9:.0f} Gop/s multiply-adds, {machine.minmax[p] / 1e9:.0f} min/max/add"
        for p in machine.fma
    )
    facts = machine.facts
    copy = f"copy {machine.copy['field'] / 1e9:.1f} GB/s (read and write, {FIELD / 1e6:.0f} MB)"
    return f"{facts['device']['name']}, {facts['cores']} cores; {copy}; {rates}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
