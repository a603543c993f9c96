"""`mfpde verify`: it passes here, and fails where something is wrong."""

import json

import h5py
import pytest
from test_cli import CASE

from mfpde.verify import checks, readers
from mfpde.verify.checks import _conservation, _kernels, _runs


@pytest.mark.slow
def test_all_is_well_here(command):
    code, out, _ = command("verify", "--json")
    facts = json.loads(out)
    assert [check["name"] for check in facts["checks"] if not check["passed"]] == []
    assert code == 0
    assert facts["passed"]
    assert len(facts["checks"]) == 19
    assert not any("not installed" in check["found"] for check in facts["checks"])


def test_kernels_that_compute_something_else_fail(device, monkeypatch):
    monkeypatch.setattr(checks, "ROUNDING", {"float64": 1e-17, "float32": 1e-17})
    failed = [check.name for check in _kernels(device) if not check.passed]
    assert len(failed) == 5


def test_mass_that_is_lost_fails(device, monkeypatch):
    from mfpde.eulerian.solver import Solver

    monkeypatch.setattr(Solver, "advance", lambda self, until: setattr(self, "mass_drift", 1e-9))
    assert [check.name for check in _conservation(device) if not check.passed] == ["mass stays 1"]


@pytest.mark.slow
def test_a_run_that_does_not_resume_to_the_same_bits_and_readers_that_misread_fail(
    device, monkeypatch, tmp_path
):
    from mfpde.verify import killing

    monkeypatch.setattr(killing, "differences", lambda one, other: ["eulerian/mu"])
    monkeypatch.setitem(readers.READERS, "h5py", ("h5py", lambda path: 1 / 0))
    monkeypatch.setitem(readers.READERS, "silx", ("no_such_package", None))
    found = {check.name: check for check in _runs(tmp_path, device.name)}
    assert not found["resumed, it equals one that was not killed"].passed
    assert not found["file opens in h5py"].passed
    assert "ZeroDivisionError" in found["file opens in h5py"].found
    assert found["file opens in silx"].found == "not installed, not checked"


def test_a_run_that_cannot_even_begin_is_told(device, monkeypatch, tmp_path):
    monkeypatch.setattr(checks, "CASE", CASE.replace('"sin(x0)"', '"log(-x0^2-1)"'))
    found = list(_runs(tmp_path, device.name))
    assert [check.passed for check in found] == [False]


@pytest.mark.parametrize("number", [0, 1])
def test_a_changed_number_in_a_file_is_found(number, command):
    from pathlib import Path

    Path("tiny.toml").write_text(CASE, encoding="utf-8")
    assert command("run", "tiny.toml", "-q")[0] == 0
    assert command("verify", "tiny.h5")[0] == 0
    with h5py.File("tiny.h5", "r+") as file:
        file["eulerian/energy" if number else "targets"][2] += 1e-15
    code, out, _ = command("verify", "tiny.h5")
    assert code == 3
    assert f"frame {2 * number} of 5 (from 0) is not what was written" in " ".join(out.split())
