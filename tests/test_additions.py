"""What users add to an output is left alone: no verb refuses the file, reads it or loses it; what they change
in it is seen.
"""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from rich.console import Console

import mfpde
from mfpde import open_run
from mfpde.analysis.inspect import ATTRIBUTES, inspect
from mfpde.analysis.report import print_inspection
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.figures import plot
from mfpde.verify.files import verify_files

CASE = {
    "time": 0.1,
    "model": {"kind": "potential", "external": "x^2"},
    "parameters": {"x": {"domain": [-3, 3], "cells": 16, "initial": {"law": "normal", "std": 0.5}}},
    "lagrangian": {"units": [5], "replicates": 2},
    "eulerian": {"backend": "numpy"},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of a potential with its checkpoints."""
    path = tmp_path_factory.mktemp("added") / "a.h5"
    mfpde.run(case_from_tables(CASE, Path("small.toml")), path).close()
    return path


def copy_of(finished, folder, change):
    """A copy of the run, changed by whoever has it."""
    path = folder / "a.h5"
    shutil.copyfile(finished, path)
    shutil.copytree(f"{finished}.checkpoints", f"{path}.checkpoints")
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def attribute(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


def dataset(name, value):
    return lambda file: file.create_dataset(name, data=value)


def with_a_scale(file):
    file["mine"] = np.zeros(len(file["time"]))
    file["mine"].dims[0].attach_scale(file["time"])


def with_labels(file):
    """A dimension of one's own, with names of its places, and a dataset along it; xarray reads such labels
    when it opens a file.
    """
    file["mine/labels"] = ["a", "b", "c"]
    file["mine/labels"].make_scale("labels")
    file["mine/x"] = np.zeros((3, len(file["time"])))
    file["mine/x"].dims[0].attach_scale(file["mine/labels"])
    file["mine/x"].dims[1].attach_scale(file["time"])


def at_the_root(file):
    file["k"] = np.arange(4.0)
    file["k"].make_scale("k")
    file["eulerian/mine"] = np.zeros(4)
    file["eulerian/mine"].dims[0].attach_scale(file["k"])


ADDED = {
    "a note": (attribute("note", "all is well"), "attribute note"),
    "a list of words": (attribute("words", ["a", "b"]), "attribute words"),
    "a complex number": (attribute("z", 1 + 2j), "attribute z"),
    "numbers at the root": (dataset("mine", np.arange(7.0)), "mine"),
    "numbers in a group": (dataset("mine/x", np.arange(7.0)), "mine/x"),
    "numbers among ours": (dataset("eulerian/mine", np.arange(9.0)), "eulerian/mine"),
    "numbers over time": (with_a_scale, "mine"),
    "a name like one of ours": (dataset("eulerian/marginal_xy", np.zeros((2, 3))), "eulerian/marginal_xy"),
    "text": (dataset("note", "hello"), "note"),
    "texts": (dataset("mine/notes", ["a", "bb"]), "mine/notes"),
    "complex numbers": (dataset("z", np.zeros(3, complex)), "z"),
    "a table": (dataset("table", np.zeros(3, [("a", "f8"), ("b", "S4")])), "table"),
    "a scale with labels": (with_labels, "mine/labels, mine/x"),
    "a scale at the root": (at_the_root, "eulerian/mine, k"),
    "a group beside the widths": (dataset("lagrangian/x/y", 1.0), "lagrangian/x/y"),
}


@pytest.mark.parametrize("what", ADDED)
def test_an_addition_is_left_alone_and_listed(what, finished, tmp_path):
    change, name = ADDED[what]
    path = copy_of(finished, tmp_path, change)
    facts = inspect(path)
    assert facts["added"] == name.split(", ")
    assert not set(facts["added"]) & set(facts["datasets"])
    run = open_run(path)
    assert "sliced W2" in repr(run.compare())
    assert plot([run], tmp_path / "figures", ["energy"], ["png"])
    run.close()
    assert verify_files([path])["passed"]


@pytest.mark.parametrize("what", ["a note", "numbers among ours", "numbers over time", "texts"])
def test_a_resumed_run_keeps_additions(what, finished, tmp_path):
    change, name = ADDED[what]
    path = copy_of(finished, tmp_path, change)
    run = mfpde.resume(path, until=0.2)
    assert run.times[-1] == 0.2
    run.close()
    with h5py.File(path, "r+") as file:  # which somebody who had left it open would keep from us
        assert name.removeprefix("attribute ") in (file.attrs if name.startswith("attribute") else file)
    assert verify_files([path])["passed"]
    assert inspect(path)["added"] == [name]


def test_all_that_a_run_writes_is_ours(finished, small_run):
    for path in (finished, small_run.path):
        assert inspect(path)["added"] == []
    with h5py.File(finished) as file:
        assert set(file.attrs) <= ATTRIBUTES


def test_additions_are_said_on_the_screen(finished, tmp_path, capsys):
    path = copy_of(finished, tmp_path, ADDED["text"][0])
    print_inspection(inspect(path), path, Console())
    assert "not of mfpde, and left alone: note" in capsys.readouterr().out


UNSAFE = {
    "lists": lambda file: file.create_dataset("lists", (2,), h5py.vlen_dtype(np.dtype("f8"))),
    "lists of text": lambda file: file.create_dataset("table", (2,), np.dtype([("a", h5py.string_dtype())])),
    "references": lambda file: file.create_dataset("refs", (2,), h5py.ref_dtype),
    "bytes without a meaning": lambda file: file.create_dataset("raw", data=np.void(b"1234")),
    "a link elsewhere": lambda file: file.__setitem__("l", h5py.ExternalLink("other.h5", "/x")),
}


@pytest.mark.parametrize("what", UNSAFE)
def test_what_is_not_safe_to_open_is_refused_by_name(what, finished, tmp_path):
    path = copy_of(finished, tmp_path, UNSAFE[what])
    for look in (inspect, open_run, lambda path: verify_files([path])):
        with pytest.raises(InputError, match=r"which is not opened in outputs|a link to somewhere else"):
            look(path)
    with pytest.raises(InputError, match="bring a whole file back"):
        mfpde.resume(path, until=0.2)


CHANGED = {
    "a number": lambda file: file["eulerian/energy"].__setitem__(1, 0.5),
    "a dataset that is gone": lambda file: file.__delitem__("eulerian/mass"),
    "another shape": lambda file: (
        file.__delitem__("eulerian/mass"),
        file.create_dataset("eulerian/mass", data=np.zeros((2, 2))),
    ),
    "a mesh": lambda file: file["x"].__setitem__(0, 9.0),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_change_of_ours_is_seen_beside_an_addition(what, finished, tmp_path):
    path = copy_of(finished, tmp_path, CHANGED[what])
    with h5py.File(path, "r+") as file:
        file["mine"] = 1.0
    assert not verify_files([path])["passed"]
    with pytest.raises(InputError, match="damaged"):
        mfpde.resume(path, until=0.2)
