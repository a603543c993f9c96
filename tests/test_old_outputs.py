"""Outputs of earlier versions, kept as they were written: they open, compare, and are drawn for ever."""

import gzip
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

import mfpde
from mfpde.figures import plot

KEPT = sorted((Path(__file__).parent / "outputs").glob("*.h5.gz"))


@pytest.fixture(params=KEPT, ids=lambda path: path.name.removesuffix(".h5.gz"))
def old(request, tmp_path, command):
    """An old output, unpacked in the present folder."""
    path = tmp_path / "old.h5"
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


def test_there_are_some_of_every_kind():
    assert {path.name.split("-")[0] for path in KEPT} == {"network", "potential", "fluctuations"}


def test_an_old_output_opens_compares_and_is_drawn(old, tmp_path):
    run = mfpde.open_run(old)
    assert run.health["finished"]
    assert len(run.times) >= 3
    assert np.isfinite(run.mu.values).all()
    table = run.compare().table
    assert np.isfinite(table["eulerian"]["energy"]).all()
    assert table["lagrangian"]
    assert plot([run], tmp_path / "figures", ["energy"], ["png"])


def test_the_verbs_take_an_old_output(old, command):
    assert json.loads(command("inspect", old, "--json")[1])["schema"] == 1
    # in the folder of the command; a long path would break the lines of the table
    code, out, _ = command("verify", old.name)
    assert code == 0
    assert "written before outputs had checksums" in " ".join(out.split())
    code, _, err = command("resume", old)
    assert code == 2
    assert "has no checkpoints beside it" in err


@pytest.mark.parametrize(
    "kept", sorted((Path(__file__).parent / "outputs").glob("resumable-*.tar.gz")), ids=lambda path: path.name
)
def test_an_old_run_is_resumed(kept, tmp_path):
    """On whatever device is here: the bits may differ, what is understood may not."""
    with tarfile.open(kept) as archive:
        archive.extractall(tmp_path, filter="data")
    before = mfpde.open_run(tmp_path / "run.h5").eulerian["energy"].values
    run = mfpde.resume(tmp_path / "run.h5", until=0.6, allow_device_change=True)
    np.testing.assert_allclose(run.times, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    np.testing.assert_array_equal(run.eulerian["energy"].values[:5], before)
    assert run.health["finished"]
    assert run.eulerian["energy"].values[-1] < before[-1]
