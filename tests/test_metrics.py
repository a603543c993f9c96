"""Metrics: what is declared is laid out, stored, listed, compared and documented; versions with more or
fewer of them go on with each other's runs.
"""

import json
import re
import sys

import h5py
import numpy as np
import pytest
import trial_metric
from conftest import small_case

import mfpde
from mfpde import metrics
from mfpde.analysis.inspect import inspect
from mfpde.metrics.declaration import AXES, GROWING, VALUES
from mfpde.runs import resume, simulate
from mfpde.simulation import build_simulation
from mfpde.store import reserved
from mfpde.verify.files import verify_files
from validation import docs

VARIABLES = metrics.variables()
NUMPY = {"eulerian.backend": "numpy", "time": 0.5}
#: cases that together have every variable of a network with data
EVERYTHING = [
    {"dynamics.birth_death": 1.0, "fluctuations": {"predict": True, "rank": 4}, "characteristics.nodes": 216},
    {"dynamics.diffusion": 0.1, "stationary": 1e-9, "eulerian.error_estimate": True},
    {"descent": {"steps": [0.1, 0.2], "batches": [0, 5], "units": 20, "replicates": 2}},
]
NEW = ["eulerian/kurtosis", "lagrangian/20/kurtosis", "lagrangian/60/kurtosis"]


def forget():
    """What was known of the metrics that there are."""
    for known in (metrics.variables, reserved.paths, reserved.taken):
        known.cache_clear()


@pytest.fixture
def version(monkeypatch):
    """Switch between this version and one that has one metric more."""

    def switch(*more):
        monkeypatch.setattr(metrics, "METRICS", (*names, *more))
        forget()

    names = metrics.METRICS
    monkeypatch.setitem(sys.modules, "mfpde.metrics.kurtosis", trial_metric)
    yield switch
    monkeypatch.undo()
    forget()


class Told:
    """Keeps what is said."""

    def __init__(self):
        self.said = []
        self.warn = self.tell = self.said.append

    def progress(self, time, end, facts):
        """Nothing."""


def lengths(path):
    """Lengths of all datasets along the times."""
    with h5py.File(path) as file:
        found = {}
        file.visititems(lambda name, item: found.update({name: item}) if hasattr(item, "shape") else None)
        return {
            name: len(item)
            for name, item in found.items()
            if item.ndim and len(item.dims[0]) and item.dims[0][0].name == "/time"
        }


# --- what is declared ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.path)
def test_a_variable_says_what_it_is(variable):
    assert variable.long_name
    assert variable.units == "1"
    dimensions = {v.path for v in VARIABLES if v.is_dimension} | {*GROWING, AXES, VALUES}
    assert set(variable.dims) <= dimensions
    assert all(name in ("{name}", "{units}") for name in re.findall(r"\{.*?\}", variable.path))
    assert variable.compared is None or variable.compared.table is None or variable.compared.form


@pytest.mark.parametrize("changes", EVERYTHING)
@pytest.mark.parametrize("with_fields", [False, True])
def test_what_is_measured_is_what_is_laid_out(changes, with_fields):
    simulation = build_simulation(small_case(**NUMPY | changes), "numpy")
    values, layout = simulation.frame(with_fields), simulation.layout()
    expected = {one.path: one for one in layout.growing if with_fields or one.dims[0] == "time"}
    assert values.keys() == expected.keys()
    sizes = {name: len(coordinates) for name, (coordinates, _) in layout.dimensions.items()}
    for path, value in values.items():
        assert np.shape(value) == tuple(sizes[dim] for dim in expected[path].dims[1:]), path


def test_the_page_of_the_output_file_lists_what_there_is():
    text = (docs.ROOT / "docs/output_file.md").read_text()
    assert all(docs._shown(variable.path) in text for variable in VARIABLES)
    assert docs.stale() == [], f"run {docs.COMMAND}"


# --- a new one, and older and newer versions ----------------------------------------------------------------


def test_a_new_metric_is_one_module_and_its_name(version, tmp_path):
    version("kurtosis")
    simulate(small_case(**NUMPY), tmp_path / "a.h5", device="numpy")
    facts = inspect(tmp_path / "a.h5")
    assert facts["added"] == []
    assert facts["datasets"]["eulerian/kurtosis"]["long_name"] == "excess kurtosis of the first component"
    run = mfpde.open_run(tmp_path / "a.h5")
    comparison = run.compare()
    assert comparison.table["eulerian"]["kurtosis"] == run.eulerian["kurtosis"].values.tolist()
    assert len(comparison.table["lagrangian"][0]["kurtosis"]["std"]) == 3
    assert re.search(r"Excess kurtosis\s+kurtosis +t = 0 .*\s+─+\s+density mu +-?\d", repr(comparison))
    assert "/lagrangian/N/kurtosis" in docs.datasets()
    run.close()


def test_a_run_of_before_it_goes_on_without_it(version, tmp_path):
    path, told = tmp_path / "a.h5", Told()
    simulate(small_case(**NUMPY), path, device="numpy")
    version("kurtosis")
    assert mfpde.open_run(path).compare().table["eulerian"]["kurtosis"] is None
    assert resume(path, until=0.75, device="numpy", report=told)
    assert [line for line in told.said if "kurtosis" in line] == [
        f"the file has no {', '.join(NEW)}, which mfpde would store now; it stays without"
    ]
    version()
    whole = tmp_path / "whole.h5"
    simulate(small_case(**NUMPY | {"time": 0.75}), whole, device="numpy")
    with h5py.File(path) as file, h5py.File(whole) as other:
        np.testing.assert_array_equal(file["eulerian/energy"], other["eulerian/energy"])
        np.testing.assert_array_equal(file["frame_checksum"], other["frame_checksum"])
    assert verify_files([path])["passed"]


def test_a_version_without_it_goes_on_with_a_run_that_has_it(version, tmp_path):
    path, told = tmp_path / "a.h5", Told()
    version("kurtosis")
    simulate(small_case(**NUMPY), path, device="numpy")
    with h5py.File(path) as file:
        before = file["eulerian/kurtosis"][...]
    version()
    facts = inspect(path)
    assert facts["added"] == []  # nobody's addition: the file says what is of mfpde
    assert "eulerian/kurtosis" in facts["datasets"]
    assert verify_files([path])["passed"]
    assert resume(path, until=1.0, device="numpy", report=told)
    expected = f"mfpde does not measure {', '.join(NEW)} any more: no values are added to it"
    assert [line for line in told.said if "kurtosis" in line] == [expected]
    assert set(lengths(path).values()) == {5}
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["eulerian/kurtosis"][:3], before)
        assert np.isnan(file["eulerian/kurtosis"][3:]).all()
    assert verify_files([path])["passed"]
    run = mfpde.open_run(path)
    assert run.eulerian["kurtosis"].sizes["time"] == 5
    assert "kurtosis" not in json.dumps(run.compare().table)
    run.close()
    version("kurtosis")  # and back
    assert resume(path, until=1.25, device="numpy", report=Told())
    with h5py.File(path) as file:
        assert np.isfinite(file["eulerian/kurtosis"][-1])
    assert verify_files([path])["passed"]


def test_frames_after_the_checkpoint_are_cut_from_what_is_not_measured_any_more(version, tmp_path):
    """A run that was killed after a frame without fields, which has no checkpoint."""
    path = tmp_path / "a.h5"
    version("kurtosis")
    simulate(small_case(**NUMPY), path, device="numpy")
    last = max((tmp_path / "a.h5.checkpoints").glob("checkpoint-*.npz"))
    last.unlink()
    version()
    assert resume(path, device="numpy", report=Told())
    assert set(lengths(path).values()) == {3}
    with h5py.File(path) as file:
        assert np.isnan(file["eulerian/kurtosis"][-1])
    assert verify_files([path])["passed"]
