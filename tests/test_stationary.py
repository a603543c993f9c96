"""Steady states: a run ends when its density has settled, says so, stores its last density, and can be taken
further.
"""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from mfpde.case.load import case_from_tables
from mfpde.eulerian.build import build_solver
from mfpde.models import build_model

CASE = """
time = {time}
stationary = {tolerance}
[model]
kind = "potential"
external = "x^2/2"
interaction = "x^2/2"
[parameters.x]
domain = [-4, 4]
cells = 33
initial = {{ law = "normal", mean = 0.5, std = 0.6 }}
[dynamics]
{dynamics}
[eulerian]
backend = "numpy"
[lagrangian]
units = {units}
replicates = 2
[output]
every = 1.0
"""


def write(path, time=40.0, tolerance=1e-5, dynamics="diffusion = 0.4", units=()):
    path.write_text(CASE.format(time=time, tolerance=tolerance, dynamics=dynamics, units=list(units)))


def health(path):
    with h5py.File(path) as file:
        return json.loads(file.attrs["health"])


@pytest.mark.slow
def test_a_run_ends_when_it_is_stationary_with_networks_beside_it(command, tmp_path):
    write(tmp_path / "ou.toml", units=[20])
    code, _, told = command("run", "ou.toml")
    assert code == 0
    assert "stationary at time" in told
    facts = health("ou.h5")
    assert facts["finished"]
    assert (facts["ended_by"], 3 < facts["stationary_at"] < 20) == ("stationary", True)
    with xr.open_datatree("ou.h5") as tree:
        eulerian = tree["eulerian"]
        end = float(eulerian.time[-1])
        assert float(eulerian.fields_time[-1]) == end == facts["stationary_at"]
        assert float(eulerian.density_rate[-1]) < 1e-5 < float(eulerian.density_rate[-2])
        assert float(eulerian.gibbs_residual[-1]) < 2e-5  # the rate of the slowest mode is 1
        assert tree["lagrangian/20"].energy.sizes["time"] == eulerian.sizes["time"]
    code, _, told = command("resume", "ou.h5")
    assert (code, "is finished" in told) == (0, True)
    later = facts["stationary_at"] + 2.5  # well before `time`
    assert command("resume", "ou.h5", "--until", later)[0] == 0
    facts = health("ou.h5")
    assert (facts["finished"], facts["ended_by"]) == (True, "time")
    with xr.open_datatree("ou.h5") as tree:
        assert tree.time.values[-4:] == pytest.approx([later - 2.5, later - 1.5, later - 0.5, later])
    assert command("compare", "ou.h5", "--json")[0] == 0


def test_a_run_that_has_not_settled_says_so(command, tmp_path):
    write(tmp_path / "ou.toml", time=1.0)
    code, _, told = command("run", "ou.toml")
    assert code == 0
    assert "warning: not stationary at time 1" in told
    assert health("ou.h5")["ended_by"] == "time"


def test_transport_alone_settles_too(command, tmp_path):
    write(tmp_path / "flow.toml", dynamics="", tolerance=1e-3)
    assert command("run", "flow.toml")[0] == 0
    assert health("flow.h5")["ended_by"] == "stationary"
    with h5py.File("flow.h5") as file:
        assert "gibbs_residual" not in file["eulerian"]


def test_a_gibbs_state_is_recognised_and_another_is_not():
    axis = {"domain": [-3, 3], "cells": 12, "initial": {"law": "normal", "std": 0.5}}
    tables = {
        "time": 1.0,
        "model": {"kind": "potential", "external": "x^4/4 - x*y + y^2"},
        "parameters": {"x": axis, "y": axis | {"cells": 9, "stretch": 2.0}},
        "dynamics": {"diffusion": 0.3},
        "eulerian": {"backend": "numpy"},
        "lagrangian": {"units": []},
    }
    case = case_from_tables(tables, Path("gibbs.toml"))
    solver = build_solver(case, build_model(case))
    x, y = np.meshgrid(*(axis.centres for axis in solver.mesh.axes), indexing="ij")
    gibbs = np.exp(-(x**4 / 4 - x * y + y**2) / 0.3)
    gibbs /= np.sum(gibbs * solver.mesh.volumes)
    first = solver.gibbs_residual()
    assert first == pytest.approx(np.sum(np.abs(solver.density() - gibbs) * solver.mesh.volumes), rel=1e-12)
    solver.state = solver.stepper.states.of(gibbs)
    assert solver.gibbs_residual() < 1e-13 < first


def test_stationary_needs_a_density(command, tmp_path):
    write(tmp_path / "ou.toml", units=[20])
    code, _, told = command("run", "ou.toml", "--set", "eulerian.enabled=false")
    assert code == 2
    assert "stationary" in told
