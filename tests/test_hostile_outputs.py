"""HDF5 of strangers: damaged, edited or reaching for other files, it is refused with one line, and its text
is shown as it is.
"""

import gzip
import io
import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import read_columns
from rich.console import Console
from test_hostile_input import refusal

from mfpde import open_run
from mfpde.analysis.inspect import inspect
from mfpde.analysis.report import print_inspection
from mfpde.errors import InputError
from mfpde.figures import plot
from validation.fuzz_outputs import outputs

OUTPUT = Path(__file__).parent / "outputs" / "potential-0.1.0.h5.gz"


@pytest.fixture
def output(tmp_path):
    """A genuine output of a potential, to be spoilt."""
    path = tmp_path / "run.h5"
    path.write_bytes(gzip.decompress(OUTPUT.read_bytes()))
    return path


def spoilt(path, change):
    with h5py.File(path, "a") as file:
        change(file)
    return path


def external(name):
    def change(file):
        file.create_dataset(name, (4,), "f8", external=[("trap.h5", 0, h5py.h5f.UNLIMITED)])

    return change


def virtual(name):
    def change(file):
        layout = h5py.VirtualLayout((4,), "f8")
        layout[:] = h5py.VirtualSource("trap.h5", "time", (4,))
        file.create_virtual_dataset(name, layout)

    return change


def trap(folder):
    """A file for whose end whoever opens it waits forever, where there is such a thing."""
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "trap.h5")


def linked(name):
    return lambda file: file.__setitem__(name, h5py.ExternalLink("trap.h5", "/time"))


ELSEWHERE = {"external storage": external, "a virtual dataset": virtual, "an external link": linked}


@pytest.mark.parametrize("what", ELSEWHERE)
@pytest.mark.parametrize("name", ["x", "group/x"])
def test_a_table_does_not_make_us_open_other_files(what, name, tmp_path):
    trap(tmp_path)
    path = spoilt(tmp_path / "table.h5", lambda file: file.create_dataset("y", data=np.zeros(4)))
    spoilt(path, ELSEWHERE[what](name))
    with pytest.raises(InputError, match=r"in another file|no column"):
        read_columns(path, [name, "y"], "case")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_a_damaged_virtual_dataset_is_not_opened(libver, tmp_path):
    path = tmp_path / "table.h5"
    with h5py.File(path, "w", libver=libver) as file:
        virtual("x")(file)
    content = bytearray(path.read_bytes())
    mapping = content.index(b"GCOL") + 32
    content[mapping + 1 : mapping + 9] = b"\xff" * 8  # the number of its sources
    path.write_bytes(content)
    with pytest.raises(InputError, match="in another file"):
        read_columns(path, ["x", "y"], "case")


@pytest.mark.parametrize("what", ELSEWHERE)
@pytest.mark.parametrize("name", ["other", "eulerian/other", "lagrangian/7"])
def test_an_output_does_not_make_us_open_other_files(what, name, output):
    trap(output.parent)
    spoilt(output, ELSEWHERE[what](name))
    for read in (inspect, open_run):
        with pytest.raises(InputError, match=r"in another file|a link to somewhere else"):
            read(output)


def without(name):
    return lambda file: file.__delitem__(name)


def resized(name, length):
    return lambda file: file[name].resize(length, axis=0)


def attribute(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


def replaced(name, **options):
    def change(file):
        del file[name]
        file.create_dataset(name, **options)

    return change


def table_without(name, *keys):
    def change(file):
        table = parent = json.loads(file.attrs[name])
        for key in keys[:-1]:
            parent = parent[key]
        del parent[keys[-1]]
        file.attrs[name] = json.dumps(table)

    return change


def a_cycle(file):
    file["lagrangian/10/again"] = file["/"]


def many_links(file):
    file["soft"] = h5py.SoftLink("/soft")


SPOILT = {
    "a group within itself": a_cycle,
    "a link to itself": many_links,
    "groups nested deep": lambda file: file.create_group("g/" * 40),
    "thousands of groups": lambda file: [file.create_group(f"lagrangian/{k}") for k in range(100, 2200)],
    "a type by name": lambda file: file.__setitem__("named", np.dtype("f8")),
    "times of terabytes": resized("time", 1 << 30),
    "values of terabytes": resized("eulerian/energy", 1 << 45),
    "a chunk of gigabytes": lambda file: file.create_dataset(
        "big", (1,), "f8", maxshape=(None,), chunks=(1 << 28,)
    ),
    "a filter of its own": lambda file: file.create_dataset("odd", (8,), "i4", chunks=(8,), scaleoffset=True),
    "a version that is text": attribute("schema_version", "one"),
    "a version that is a list": attribute("schema_version", [1, 1]),
    "no case": lambda file: file.attrs.__delitem__("case_resolved"),
    "a case nested deep": attribute("case_resolved", '{"a": ' * 3000),
    "a case that is a number of many digits": attribute("case_resolved", "[" + "9" * 5000 + "]"),
    "health that is none": attribute("health", "[]"),
    "health without warnings": table_without("health", "warnings"),
    "health that is not finished": table_without("health", "finished"),
    "energies that are text": replaced("lagrangian/10/energy", data=np.array([[b"a", b"b"]] * 5)),
    "times that are text": replaced("time", data=np.array([b"a"] * 5)),
    "times that do not grow": lambda file: file["time"].__setitem__(..., 0.0),
    "times of two axes": replaced("time", data=np.zeros((5, 2))),
}


@pytest.mark.parametrize("what", SPOILT)
def test_outputs_that_are_none_are_refused(what, output):
    with pytest.raises(InputError, match=r"run\.h5: ") as caught:
        inspect(spoilt(output, SPOILT[what]))
    assert str(caught.value).isprintable()


UNFIT = {
    "no energy": without("eulerian/energy"),
    "no comparison": without("comparison"),
    "no networks of a width": without("lagrangian/10/killed"),
    "energies of another shape": replaced("eulerian/energy", data=np.zeros((2, 2))),
}


@pytest.mark.parametrize("what", UNFIT)
def test_outputs_whose_parts_do_not_fit_are_not_compared(what, output):
    run = open_run(spoilt(output, UNFIT[what]))
    message = refusal(lambda: repr(run.compare()))
    run.close()
    assert message is not None
    assert message.startswith(str(output))
    assert message.isprintable()


@pytest.mark.parametrize("size", [0, 2**64 - 16, 2**63])
def test_a_heap_without_an_end_is_not_read(size, output):
    content = bytearray(output.read_bytes())
    first = content.index(b"GCOL") + 16
    content[first : first + 2] = (0 if size == 0 else 1).to_bytes(2, "little")
    content[first + 8 : first + 16] = size.to_bytes(8, "little")
    output.write_bytes(content)
    with pytest.raises(InputError, match=r"run\.h5: is damaged: a heap"):
        open_run(output)


def test_an_attribute_of_no_type_does_not_crash(tmp_path):
    content = next(image for image in outputs() if b"\0units\0\0\0\x19\x01" in image)
    path = tmp_path / "run.h5"
    path.write_bytes(content.replace(b"\0units\0\0\0\x19\x01", b"\0units\0\0\0\x19\x3f", 1))
    with pytest.raises(InputError, match=r"run\.h5: an attribute of .* holds neither numbers nor text"):
        open_run(path)


def test_a_damaged_output_is_refused_by_every_reader(output, tmp_path):
    whole = output.read_bytes()
    for length in (0, 7, 100, 3000, len(whole) // 2, len(whole) - 1000):
        output.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"is not a readable HDF5 file"):
            open_run(output)
    output.write_bytes(whole)
    run = open_run(spoilt(output, without("eulerian/energy")))
    with pytest.raises(InputError, match=r"run\.h5: is damaged"):
        plot(run, tmp_path, ["energy"])
    run.close()


def test_text_of_a_strangers_output_is_shown_as_it_is(output):
    def change(file):
        health = json.loads(file.attrs["health"]) | {
            "warnings": ["[/red]\x1b[2J"],
            "failure": "[/x]",
            "finished": False,
        }
        file.attrs.update({"health": json.dumps(health), "git_revision": "[/x]", "device": [1.0, 2.0]})
        file["time"].attrs["units"] = "[/x]\n"

    console = Console(file=io.StringIO(), width=200)
    facts = inspect(spoilt(output, change))
    json.dumps(facts)
    print_inspection(facts, output, console)
    shown = console.file.getvalue()
    assert r"warning: [/red]\x1b[2J" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 0.0, 1e308])
def test_numbers_that_no_run_gives_are_compared_without_a_warning(value, output):
    def change(file):
        for name in ("eulerian/energy", "eulerian/mass", "lagrangian/10/energy", "comparison/10/w1_x"):
            file[name][...] = value
        health = json.loads(file.attrs["health"])
        health["eulerian"]["mass_drift"] = {}
        file.attrs["health"] = json.dumps(health)

    run = open_run(spoilt(output, change))
    repr(run.compare())
    run.close()
