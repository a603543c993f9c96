"""What strangers write: cases, formulas, tables and outputs are read, or refused with one printable line, and
nothing else happens.

`python -m validation.fuzz` does the same with 25000 inputs of each kind, in a process that is watched.
"""

import io
import os
import time
import zipfile

import numpy as np
import pytest
import sympy
from conftest import read_columns
from hypothesis import given, settings
from hypothesis import strategies as st

from mfpde.case.data_tables import UniformInputs
from mfpde.case.load import load_case
from mfpde.data.inputs import draw_inputs
from mfpde.data.saved_network import read_network
from mfpde.errors import MAX_MESSAGE, InputError
from mfpde.expressions import evaluate, opencl_function, parse
from validation.fuzz import Outcome, _batch
from validation.fuzz_inputs import make_input, prepare
from validation.fuzz_targets import TARGETS

T = sympy.Symbol("t", real=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for inputs, with a table beside them and a pipe that stops whoever opens it."""
    path = tmp_path_factory.mktemp("hostile")
    prepare(path)
    return path


def refusal(read, *arguments):
    """The message with which an input is refused, None if it is read; all else is raised."""
    try:
        read(*arguments)
    except InputError as error:
        return str(error)
    return None


def is_read_or_refused(target, path):
    message = refusal(target, path)
    assert message is None or (message.isprintable() and len(message) <= MAX_MESSAGE + 5), message


# --- everything ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("entry", "count"), [("case", 60), ("formula", 120), ("table", 120), ("hdf5", 25)])
def test_mutated_inputs_are_read_or_refused(entry, count, folder):
    for number in range(count):
        suffix, content = make_input(entry, 2026, number)
        path = folder / f"input{suffix}"
        path.write_bytes(content)
        is_read_or_refused(TARGETS[entry], path)


@settings(max_examples=40)
@given(st.sampled_from([".toml", ".csv", ".npy", ".npz", ".h5"]), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(folder, suffix, content):
    path = folder / f"bytes{suffix}"
    path.write_bytes(content)
    for target in (TARGETS["hdf5"], TARGETS["case" if suffix == ".toml" else "table"]):
        is_read_or_refused(target, path)


def test_a_child_that_dies_or_hangs_is_put_down_to_its_input(folder, monkeypatch):
    monkeypatch.setattr("validation.fuzz.PATIENCE", 0.1)
    for what, kind in (
        (lambda path: os._exit(3), "crash"),
        (lambda path: time.sleep(60), "hang"),
        (lambda path: 1 / 0, "ZeroDivisionError"),
    ):
        monkeypatch.setitem(TARGETS, "formula", what)
        outcome = Outcome()
        assert _batch("formula", 0, 5, 6, folder, outcome) == 6
        assert [(f.number, f.kind) for f in outcome.findings] == [(5, kind)]


def test_a_message_is_one_line_and_has_no_codes_for_the_terminal():
    message = str(InputError("a\nb\x1b[2Jc\udcff" + "x" * 5000 + " expected this"))
    assert message.startswith(r"a\nb\x1b[2Jc\udcff")
    assert message.endswith("expected this")
    assert message.isprintable()
    assert len(message) < 1010


# --- formulas -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *(
            "exp(exp(exp(exp(99))))",
            "sin(exp(exp(9)))",
            "sigmoid(exp(1e15))",
            "1e400*t",
            "9" * 400 + "*t",
            "1e300*t^64*1e300",
            "9^9^9^9",
            "t^2^99",
        ),
        *(
            "(t^64)^-2",
            "(t^64)^64",
            "max(t," * 30 + "t" + ")" * 30,
            "-" * 500 + "t",
            "sin(" * 200 + "t" + ")" * 200,
            "t*" * 499 + "t",
        ),
        *("1if", "t\n+", "\udcff", "x0*(-1)^0.5", "log(t - t)", "t/relu(-1)"),
    ],
)
def test_formulas_that_grow_without_bound_are_refused_at_once(text):
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"^here: ") as caught:
        parse(text, ["t", "x0"], "here")
    assert str(caught.value).isprintable()
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            ("relu(1)", 1.0),
            ("max(2, 3)*t", 3.0),
            ("sigmoid(0)", 0.5),
            ("x0 + relu(t - t)", 1.0),
            ("min(1e15, min(65, 3))", 3.0),
        ),
        *(
            ("sqrt(t^2)", 1.0),
            ("(sqrt((-t/x0)^64))^0.5", 1.0),
            ("relu(((-tanh(t) + x0)^2)^1.5)", (1 - np.tanh(1)) ** 3),
        ),
        ("log(tan(tan(erf(sqrt(0.5 + softplus(9e29))))))", np.log(np.tan(np.tan(1)))),
        (
            "cos((tan(tanh((x0 - -1/t/1e15*softplus(log(t)))^63)))^-2)",
            np.cos(np.tan(np.tanh(1 + np.log(2) / 1e15)) ** -2),
        ),
    ],
)
def test_formulas_that_once_failed(text, value):
    expression = parse(text, ["t", "x0"])
    values = {"t": np.ones(2), "x0": np.ones(2)}
    np.testing.assert_allclose(evaluate(expression, values), value, rtol=1e-6)
    slope = sympy.diff(expression, T)
    curvature = sympy.diff(slope, T)
    evaluate(slope, values), evaluate(curvature, values)
    assert "((real)inf)" not in opencl_function(
        "f", [T], [("value", expression), ("slope", slope), ("curvature", curvature)]
    )


# --- cases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *(
            "x = " + "[" * 5000,
            "x = " + "[" * 500 + "]" * 500,
            "x = " + "{a=" * 500 + "1" + "}" * 500,
            "x = " + "9" * 5000,
            "time = 1\n" * 2,
            "#" * 1_000_001,
        ),
        *(
            '"\\n" = 1',
            'time = 1\n"\\u001b[2J" = 1',
            '[parameters.w]\ndomain = "\\n"',
            "\x00",
            "time = nan",
            "a" + ".a" * 100_000 + " = 1",
            "[" + "a." * 500 + "b]",
            "int = 1",
            "[list]",
            "[model]\nstr = 1",
        ),
    ],
)
def test_cases_that_are_none_are_refused_with_a_printable_line(text, tmp_path):
    (tmp_path / "case.toml").write_text(text)
    with pytest.raises(InputError, match=r"case\.toml: ") as caught:
        load_case(tmp_path / "case.toml")
    assert str(caught.value).isprintable()


def test_inputs_of_more_numbers_than_fit_in_memory_are_refused():
    with pytest.raises(InputError, match="100000000000 numbers"):
        draw_inputs(UniformInputs(law="uniform", samples=10_000_000, dimension=10_000))


# --- tables -------------------------------------------------------------------------------------------------


def npy(shape, descr="<f8", content=b"", version=b"\x01\x00"):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return (
        b"\x93NUMPY"
        + version
        + len(header).to_bytes(2 if version == b"\x01\x00" else 4, "little")
        + header
        + content
    )


def npz(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


COLUMN = npy("(3,)", content=bytes(24))
TABLES = {
    "a shape of terabytes": (".npy", npy("(1000000000000, 2)")),
    "a shape beyond 64 bits": (".npz", npz(x=npy("(4611686018427387904, 4)"), y=COLUMN)),
    "a negative shape": (".npz", npz(x=npy("(-3,)"), y=COLUMN)),
    "a header of gigabytes": (".npy", b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(100)),
    "more than a gigabyte of zeros": (".npz", npz(x=npy("(300000000,)", content=bytes(1000)), y=COLUMN)),
    "objects": (".npz", npz(x=npy("(1,)", "|O", b"\x80\x04N."), y=COLUMN)),
    "numbers of extended precision": (".npz", npz(x=npy("(3,)", "<f16", b"\xff\x7f" * 24), y=COLUMN)),
    "a damaged stream": (
        ".npz",
        npz(x=npy("(3,)", content=bytes(range(24))), y=COLUMN).replace(b"\x93", b"\x00", 1)[:-70],
    ),
    "a compression of patches": (
        ".npz",
        npz(x=COLUMN, y=COLUMN).replace(
            b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x20\x00"
        ),
    ),
    "a cell with codes for the terminal": (".csv", b"x,y\n1,\x1b[2J\n"),
    "a cell of a megabyte": (".csv", b"x,y\n1," + b"9" * 1_000_000),
    "a column of no name": (".csv", b"\n\n"),
}


@pytest.mark.parametrize("what", TABLES)
def test_tables_that_are_none_are_refused_without_making_room_for_them(what, tmp_path):
    suffix, content = TABLES[what]
    path = tmp_path / f"table{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^case: '.*table") as caught:
        read_columns(path, ["x", "y"], "case")
    assert str(caught.value).isprintable()
    if suffix == ".npz":
        with pytest.raises(InputError):
            read_network(path, ["x", "y"], {}, "mean")
