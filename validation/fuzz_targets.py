"""What is fuzzed: four entry points that read what strangers write.

Each returns, or raises InputError with one printable line.
"""

import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sympy

from mfpde.analysis.compare import compare
from mfpde.analysis.inspect import inspect
from mfpde.analysis.report import print_inspection
from mfpde.case import Case
from mfpde.case.data_tables import Data
from mfpde.case.load import load_variants
from mfpde.console import Console
from mfpde.data import tables
from mfpde.data.saved_network import read_network
from mfpde.errors import InputError
from mfpde.expressions import evaluate, opencl_function, parse
from mfpde.models import build_model
from mfpde.results.opening import open_run
from mfpde.runs.times import output_times

#: which of the outputs are compared, one in so many: xarray opens them slowly, least so those up to some
#: bytes
SMALL, EVERY_SMALL, EVERY = 60_000, 4, 32
#: numbers of inputs up to which models are built
SMALL_MODEL = 20_000


def read_case(path: Path) -> None:
    """Load a case with the overrides that its comments name, and build its models if they are small."""
    lines = path.read_bytes().decode(errors="replace").splitlines()
    overrides = [line.removeprefix("#set ") for line in lines if line.startswith("#set ")]
    for case in load_variants(path, overrides).values():
        output_times(case)
        case.resolved()
        if _is_small(case):
            build_model(case)


def _is_small(case: Case) -> bool:
    if case.data is None or case.data.inputs is None:
        return case.data is None or (case.data.dimension or 0) <= 8
    inputs = case.data.inputs
    count = getattr(inputs, "samples", None) or getattr(inputs, "points", 0) ** min(inputs.dimension, 20)
    return count * inputs.dimension <= SMALL_MODEL


def read_formula(path: Path) -> None:
    """Parse, evaluate, differentiate twice and print for the compiler."""
    expression = parse(path.read_bytes().decode(errors="surrogateescape"), ["t", "x0"], "formula")
    t = sympy.Symbol("t", real=True)
    slope = sympy.diff(expression, t)
    curvature = sympy.diff(slope, t)
    values = {"t": np.linspace(-3, 3, 8), "x0": np.linspace(0, 1, 8)}
    for each in (expression, slope, curvature):
        evaluate(each, values)
    opencl_function(
        "f",
        [t, sympy.Symbol("x0", real=True)],
        [("value", expression), ("slope", slope), ("curvature", curvature)],
    )
    sympy.srepr(expression)


def _numbers(path: Path, names: list[str]) -> None:
    reading = Data(file=path.name, x=["0"], y="1")
    table = tables.read_table(path, names, [], reading, "case.toml: data.file")
    for name in names:
        table.numbers(name, reading)


def read_table(path: Path) -> None:
    """Two columns of a table; an archive is also read as a network."""
    errors = []
    readers: list[Callable[[], object]] = [lambda: _numbers(path, ["x", "y"])]
    if path.suffix == ".npy":
        readers.append(lambda: _numbers(path, ["0", "1"]))
    if path.suffix == ".npz":
        readers += [
            lambda: read_network(path, ["a", "w", "b"], {}, "mean"),
            lambda: read_network(path, ["a", "w1", "w2"], {"a": 1.0}),
        ]
    for read in readers:
        try:
            read()
        except InputError as error:
            errors.append(error)
    if len(errors) == len(readers):
        raise errors[0]


def read_hdf5(path: Path) -> None:
    """Inspect an output as the verb does; compare it, if it is small or its turn."""
    console = Console(file=io.StringIO(), width=118)
    facts = inspect(path)
    json.dumps(facts)
    print_inspection(facts, path, console)
    if zlib.crc32(path.read_bytes()) % (EVERY_SMALL if path.stat().st_size <= SMALL else EVERY):
        return
    run = open_run(path)
    try:
        comparison = compare(run)
        json.dumps(comparison.table)
        repr(comparison)
        repr(run)
    finally:
        run.close()


TARGETS: dict[str, Callable[[Path], None]] = {
    "case": read_case,
    "formula": read_formula,
    "table": read_table,
    "hdf5": read_hdf5,
}
