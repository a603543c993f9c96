"""The output file, read by the programs users have: xarray, VTK, silx, h5py."""

import json

import h5py
import numpy as np
import pytest
import xarray as xr
from conftest import small_case

import mfpde
from mfpde.errors import InputError, RunError
from mfpde.runs import simulate
from mfpde.runs.times import output_times


def test_bare_xarray_opens_every_group_with_coordinates(small_run):
    tree = xr.open_datatree(small_run.path)
    mu = tree["eulerian/mu"]
    assert mu.dims == ("fields_time", "a", "w", "b")
    assert mu.shape == (3, 17, 16, 13)
    np.testing.assert_allclose(tree["time"], [0, 0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(tree["fields_time"], [0, 0.5, 1.0])
    mass = (
        mu * (tree["a"][1] - tree["a"][0]) * (tree["w"][1] - tree["w"][0]) * (tree["b"][1] - tree["b"][0])
    ).sum(("a", "w", "b"))
    np.testing.assert_allclose(mass, 1, atol=1e-12)
    assert tree["lagrangian/60/prediction"].dims == ("time", "replicate_60", "data")
    assert tree["comparison/20/function_gap"].dims == ("time", "replicate_20")
    for node in tree.subtree:
        for name, variable in node.data_vars.items():
            if "VTKHDF" not in node.path:
                assert variable.attrs["long_name"], (node.path, name)
                assert "units" in variable.attrs


def test_marginals_predictions_and_gaps_in_the_file_are_consistent(small_run):
    mu, density = small_run.mu, small_run.eulerian
    cell = [float(mu[name][1] - mu[name][0]) for name in ("w", "b")]
    np.testing.assert_allclose(
        density["marginal_a"].sel(time=[0, 0.5, 1.0]), mu.sum(("w", "b")) * np.prod(cell), rtol=1e-12
    )
    weights = small_run.data["data_weights"].values
    for units in small_run.units:
        gap = ((small_run.lagrangian(units)["prediction"] - density["prediction"]) ** 2 * weights).sum("data")
        np.testing.assert_allclose(gap, small_run.comparison(units)["function_gap"], rtol=1e-12)
    loss = np.sum(weights * (density["prediction"] - small_run.data["targets"].values) ** 2, axis=1)
    np.testing.assert_allclose(loss, density["loss"], rtol=1e-13)


def test_predictions_follow_from_the_stored_units(small_run):
    networks = small_run.lagrangian(60)
    x = small_run.data["inputs"].values[:, 0]
    for frame, time in enumerate(small_run.eulerian["fields_time"].values):
        a, w, b = np.moveaxis(networks["particles"][frame].values, -1, 0)
        f = np.mean(a[..., None] * np.tanh(w[..., None] * x + b[..., None]), axis=1)
        np.testing.assert_allclose(f, networks["prediction"].sel(time=time), atol=1e-13)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_vtk_reads_mu_over_time(axes, tmp_path):
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOHDF import vtkHDFReader

    fixed = {f"parameters.{name}": {"fixed": 0.5} for name in "awb"[axes:]}
    run = mfpde.run(small_case(**fixed), tmp_path / "run.h5")
    reader = vtkHDFReader()
    reader.SetFileName(str(run.path))
    reader.UpdateInformation()
    assert reader.GetNumberOfSteps() == 3
    for step in range(3):
        reader.SetStep(step)
        reader.Update()
        image = reader.GetOutputDataObject(0)
        values = vtk_to_numpy(image.GetCellData().GetArray("mu"))
        np.testing.assert_array_equal(values, run.mu[step].values.ravel())
    last = run.tree[run.parameters[axes - 1]].values
    assert image.GetSpacing()[0] == pytest.approx(last[1] - last[0])
    assert image.GetOrigin()[0] == pytest.approx(-4.0)


def test_silx_plots_energy_on_opening(small_run):
    from silx.io import nxdata
    from silx.io import open as silx_open

    with silx_open(str(small_run.path)) as file:
        data = nxdata.get_default(file)
        assert data is not None
        assert data.is_valid
        assert data.signal_dataset_name == "energy"
        np.testing.assert_allclose(data.axes[0][()], [0, 0.25, 0.5, 0.75, 1.0])


def test_mu_is_stored_once(small_run):
    with h5py.File(small_run.path) as file:
        assert file["VTKHDF/CellData/mu"] == file["eulerian/mu"]
        scales = []
        file.visititems(
            lambda name, item: (
                scales.append(name) if isinstance(item, h5py.Dataset) and item.is_scale else None
            )
        )
    assert all("/" not in name for name in scales)


def test_provenance_and_case_are_complete(small_run):
    attributes = small_run.attributes
    assert attributes["schema_version"] == 1
    assert attributes["case_resolved"]["eulerian"]["scheme"] == "fromm"  # a default, filled in
    assert attributes["case_resolved"]["model"]["penalty"]["lambda"] == 0.01
    assert attributes["device"]["name"]
    assert attributes["libraries"]["numpy"] == np.__version__
    assert len(attributes["kernels_sha256"]) == 64
    assert attributes["started"] <= attributes["ended"]
    health = small_run.health
    assert health["finished"] is True
    assert health["eulerian"]["mass_drift"] <= 1e-12


def test_the_resolved_case_runs_again_to_the_same_bits(small_run, tmp_path):
    again = mfpde.run(small_case().replace(), tmp_path / "again.h5")
    np.testing.assert_array_equal(again.mu.values, small_run.mu.values)
    for units in small_run.units:
        np.testing.assert_array_equal(
            again.lagrangian(units)["prediction"].values, small_run.lagrangian(units)["prediction"].values
        )


def test_an_existing_output_is_refused_untouched(small_run, tmp_path):
    path = tmp_path / "there.h5"
    path.write_bytes(b"precious")
    with pytest.raises(InputError, match="--overwrite"):
        mfpde.run(small_case(), path)
    assert path.read_bytes() == b"precious"
    with pytest.raises(InputError, match="domain"):
        mfpde.run(small_case(**{"parameters.a.domain": [-1, 1]}), path, overwrite=True)
    assert path.read_bytes() == b"precious"
    assert mfpde.run(small_case(time=0.25), path, overwrite=True).health["finished"]


def test_a_run_that_goes_bad_keeps_its_frames_and_says_why(tmp_path, monkeypatch):
    from mfpde.eulerian import stepper

    monkeypatch.setattr(stepper, "MAX_HALVINGS", 1)
    monkeypatch.setattr(stepper.Stepper, "_transport", _refuse_after(6, stepper.Stepper._transport))
    path = tmp_path / "bad.h5"
    with pytest.raises(RunError, match="collapsed"):
        simulate(small_case(), path)
    run = mfpde.open_run(path)
    assert 1 <= len(run.times) < 5
    assert run.health["finished"] is False
    assert "collapsed" in run.health["failure"]
    run.compare()


def _refuse_after(count, transport):
    from mfpde.eulerian.state import Refused

    calls = iter(range(10**6))

    def refuse(self, *arguments):
        if next(calls) >= count:
            raise Refused
        return transport(self, *arguments)

    return refuse


def test_output_times_hold_start_end_and_every_multiple():
    times, stored = output_times(small_case(time=1.1, **{"output.every": 0.4, "output.fields_every": 0.5}))
    np.testing.assert_allclose(times, [0, 0.4, 0.5, 0.8, 1.0, 1.1])
    np.testing.assert_array_equal(stored, [True, False, True, False, True, True])


@pytest.mark.parametrize(
    ("time", "every", "fields_every", "frames", "fields"),
    [(1 / 3, None, None, 21, 5), (0.1 / 30, None, None, 21, 5), (6000, 0.7, 2.1, 8573, 2859)],
)
def test_no_output_time_comes_twice(time, every, fields_every, frames, fields):
    changes = {"output": {k: v for k, v in (("every", every), ("fields_every", fields_every)) if v}}
    times, stored = output_times(small_case(time=time, **changes))
    assert (len(times), int(stored.sum())) == (frames, fields)
    assert np.diff(times).min() > 0.01 * time / frames
    assert times[-1] == time


def test_four_axes_are_stored_without_a_vtk_image(tmp_path):
    data = {"teacher": "x0*x1", "inputs": {"law": "sphere", "dimension": 2, "samples": 9}}
    axis = {"domain": [-4, 4], "cells": 6, "initial": {"law": "normal", "within": [-3, 3]}}
    case = small_case(parameters={"a": axis, "w": axis, "b": axis}, data=data, time=0.1)
    run = mfpde.run(case, tmp_path / "four.h5")
    assert run.mu.dims == ("time", "a", "w1", "w2", "b")
    with h5py.File(run.path) as file:
        assert "VTKHDF" not in file


def test_json_attributes_are_plain_json(small_run):
    with h5py.File(small_run.path) as file:
        for name in ("case_resolved", "health", "device", "libraries"):
            json.loads(file.attrs[name])
