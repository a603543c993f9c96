"""Small cases and backends that tests share."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from mfpde.case.data_tables import Data
from mfpde.case.load import case_from_tables
from mfpde.cli import entry
from mfpde.data.tables import read_table
from mfpde.device.choice import choose_device
from mfpde.errors import InputError
from mfpde.eulerian.numpy_backend import NumpyBackend
from mfpde.eulerian.opencl_backend import OpenCLBackend
from mfpde.models import build_model

# the same examples every time: a test that fails must fail for whoever runs it next
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


#: relative error of NumPy's functions on any processor: its vector versions of exp, sin, tanh and others may
#: err by 4 units in the last place
FUNCTIONS = 4 * np.finfo(np.float64).eps


def difference_error(step, size, third=1.0):
    """Bound of the error of (f(t + step) - f(t - step)) / (2 step).

    Arguments:
        size: of f, which is known to a few times the error of NumPy's functions.
        third: of its third derivative.
    """
    return third * step**2 / 6 + 4 * FUNCTIONS * size / step


def small_case(**changes):
    """A tanh network (a, w, b) that learns sin(1.5 x) on 20 points; keys are dotted paths."""
    axis = {"domain": [-4, 4], "cells": 16, "initial": {"law": "normal", "within": [-3, 3]}}
    tables = {
        "time": 1.0,
        "model": {"penalty": {"lambda": 0.01, "power": 2}},
        "data": {"teacher": "sin(1.5*x0)", "inputs": {"law": "grid", "low": -2, "high": 2, "points": 20}},
        "parameters": {"a": axis | {"cells": 17}, "w": axis, "b": axis | {"cells": 13}},
        "lagrangian": {"units": [20, 60], "replicates": 3},
        "output": {"every": 0.25, "fields_every": 0.5},
    }
    case = case_from_tables(tables, Path("small.toml"))
    return case.replace(changes) if changes else case


def read_columns(path, names, where):
    """Columns of a data file, as numbers."""
    reading = Data(file=path.name, x=["0"], y="1")
    table = read_table(path, names, [], reading, where)
    columns = [table.numbers(name, reading) for name in names]
    if any(column.missing.any() for column in columns):
        raise InputError(f"{table.source}: lacks a value")
    return [column.values for column in columns]


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run `mfpde ...` in an empty folder; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(entry, "_leave", sys.exit)  # the process of the tests goes on

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mfpde", *map(str, arguments)])
        code = 0
        try:
            entry.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def device():
    """The default device, or what MFPDE_TEST_DEVICE selects: the same tests under another runtime."""
    return choose_device(os.environ.get("MFPDE_TEST_DEVICE"))


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A finished run of the small case, with its case kept as text."""
    import mfpde

    return mfpde.run(small_case(), tmp_path_factory.mktemp("run") / "small.h5")


def build_backends(case, device, forms=("row", "cell"), faint=0.0):
    """The mesh and network of a case, and its backends by name."""
    network = build_model(case)
    mesh = network.parameters.mesh()
    arrays = network.on_mesh(mesh)
    settings, tau = case.eulerian, case.dynamics.diffusion
    backends = {"numpy": NumpyBackend(mesh, arrays, settings.scheme, settings.precision, tau, faint)}
    for form in forms:
        backends[form] = OpenCLBackend(
            mesh, arrays, settings.scheme, settings.precision, device, form, tau, faint
        )
    return network, mesh, backends


def rough_density(mesh, seed=0):
    """A random density with zeros, steep steps and a total mass of 1."""
    random = np.random.default_rng(seed)
    density = random.random(mesh.shape) ** 4
    density[density < 0.05] = 0.0
    return density / np.sum(density * mesh.volumes)
