"""When checkpoints are taken, and how they are kept."""

import os
import signal

import numpy as np
import pytest
from conftest import small_case
from test_faults import TINY, Told

from mfpde.runs import simulate
from mfpde.runs.loop import Loop
from mfpde.store.archive import load_archive, save_archive
from mfpde.store.checkpoints import folder_of


@pytest.fixture
def taken(monkeypatch):
    """Times and frames of all checkpoints that are taken."""
    found, original = [], Loop.save

    def save(self):
        found.append((self.time, self.frames))
        original(self)

    monkeypatch.setattr(Loop, "save", save)
    return found


def test_there_is_one_with_every_stored_density_and_none_besides_within_a_minute(taken, tmp_path):
    simulate(small_case(**TINY), tmp_path / "run.h5")
    assert taken == [(0.0, 1), (0.2, 3), (0.4, 5), (0.5, 6)]
    assert sorted(path.name for path in folder_of(tmp_path / "run.h5").iterdir()) == [
        *("checkpoint-000000.npz", "checkpoint-000003.npz", "checkpoint-000004.npz", "lock"),
    ]
    assert load_archive(folder_of(tmp_path / "run.h5") / "checkpoint-000000.npz")["state"] is None


def test_the_clock_takes_them_in_the_middle_of_an_interval_but_not_at_any_price(taken, tmp_path, monkeypatch):
    from mfpde.runs import loop

    case = small_case(**TINY | {"output": {"every": 0.5, "fields_every": 0.5, "checkpoint_every": 1e-6}})
    monkeypatch.setattr(loop, "SHARE", 1e6)
    simulate(case, tmp_path / "often.h5")
    assert len([time for time, _ in taken if 0 < time < 0.5]) >= 3
    taken.clear()
    monkeypatch.setattr(loop, "SHARE", 1e-6)  # then another would cost too much
    simulate(case, tmp_path / "seldom.h5")
    assert taken == [(0.0, 1), (0.5, 2)]


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no SIGUSR1")
def test_sigusr1_takes_one_and_the_run_goes_on(taken, tmp_path, monkeypatch):
    original, left = Loop._watch, [5]

    def watch(self, *arguments):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGUSR1)
        original(self, *arguments)

    monkeypatch.setattr(Loop, "_watch", watch)
    told = Told()
    assert simulate(small_case(**TINY), tmp_path / "run.h5", report=told)
    assert len(taken) == 5
    assert "as asked" in told


def test_an_archive_gives_back_what_it_was_given(tmp_path):
    tree = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fortran": np.asfortranarray(np.ones((3, 2))),
        "empty": np.zeros(0),
        "list": [{"b": np.int64(3), "c": None}, [np.array([True])]],
        "number": 0.1 + 0.2,
        "infinite": float("inf"),
        "text": "°",
    }
    save_archive(tmp_path / "a.npz", tree)
    found = load_archive(tmp_path / "a.npz")
    np.testing.assert_equal(found, tree)
    assert found["a"].dtype == np.float32
    assert found["fortran"].flags.f_contiguous
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz"]


def test_a_failed_write_leaves_the_archive_before_it(tmp_path, monkeypatch):
    save_archive(tmp_path / "a.npz", {"a": 1})

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        save_archive(tmp_path / "a.npz", {"a": 2})
    assert load_archive(tmp_path / "a.npz") == {"a": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz"]
