"""Runs on systems that lack what POSIX has, and on which open files keep their names: the same bits, and a
whole file at any moment.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import pytest
import windows
from conftest import small_case
from test_faults import TINY, Told
from test_resume import assert_same, stop_after

import mfpde
from mfpde.device import memory
from mfpde.errors import HeldError, InputError
from mfpde.runs import resume, simulate
from mfpde.store import copies, names
from mfpde.store.archive import load_archive, save_archive
from mfpde.store.checkpoints import Checkpoints, folder_of
from mfpde.store.checksums import count_good_frames
from mfpde.store.writer import Writer

CASE = small_case(**TINY, **{"eulerian.backend": "numpy"})
write_frame = Writer.write_frame
IMPORT_ALL = """
import importlib, os, pkgutil, sys
sys.path[:0] = sys.argv[1:]
import mfpde, pytest, windows
modules = pkgutil.walk_packages(mfpde.__path__, "mfpde.")
found = [module.name for module in modules if module.name != "mfpde.__main__"]
for name in found:  # with all libraries, which know systems in their own ways
    importlib.import_module(name)
for name in ["mfpde", *found]:
    del sys.modules[name]
windows.take_away(pytest.MonkeyPatch())
for name in ["mfpde", *found]:
    importlib.import_module(name)
print(len(found))
"""


@pytest.fixture
def whole(tmp_path):
    """A run that nobody disturbed, made as on POSIX."""
    assert simulate(CASE, tmp_path / "whole.h5")
    return tmp_path / "whole.h5"


@pytest.fixture
def on_windows(whole, monkeypatch):
    """Without what POSIX alone has, from here on; the undisturbed run was made before."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("which files are open is read from /proc")
    windows.take_away(monkeypatch)
    windows.keep_names(monkeypatch)
    return whole


@pytest.mark.slow
def test_every_module_imports_without_what_posix_alone_has():
    tests = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, str(tests), str(tests.parent)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 150


def test_the_stand_in_keeps_names(on_windows, tmp_path):
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"a")
    os.link(path, other)
    with other.open("rb"):
        for change in (
            path.unlink,
            other.unlink,
            lambda: path.rename(tmp_path / "c"),
            lambda: os.replace(on_windows, path),
        ):
            with pytest.raises(PermissionError):
                change()
    path.unlink()
    assert not hasattr(os, "pwrite")


def test_a_run_leaves_what_it_leaves_elsewhere(on_windows, tmp_path):
    path = tmp_path / "run.h5"
    assert simulate(CASE, path)
    assert_same(path, on_windows)
    assert sorted(p.name for p in folder_of(path).iterdir()) == sorted(
        p.name for p in folder_of(on_windows).iterdir()
    )
    assert simulate(CASE, path, overwrite=True)
    assert_same(path, on_windows)


def test_a_stopped_and_resumed_run_equals_one_that_was_not_stopped(on_windows, tmp_path, monkeypatch):
    path, left = tmp_path / "run.h5", stop_after(monkeypatch, 8)
    assert not simulate(CASE, path)
    left[0] = 7
    assert not resume(path)
    left[0] = 10**9
    assert resume(path)
    assert_same(path, on_windows)
    (tmp_path / "run.h5").write_bytes(b"damaged")
    assert resume(path, restart=True)
    assert_same(path, on_windows)
    assert (tmp_path / "run.h5.before-restart").read_bytes() == b"damaged"


def test_whoever_looks_sees_a_whole_file(on_windows, tmp_path, monkeypatch):
    path, published, moments, seen = tmp_path / "run.h5", [0], [0], set()

    def look():
        moments[0] += 1
        due = published[0]  # read first: the run goes on while a thread that writes checkpoints looks
        if not path.exists():
            assert due == 0
            return
        facts = path.stat()
        state = (facts.st_ino, facts.st_mtime_ns, facts.st_size, due)
        if state in seen:
            return
        seen.add(state)
        with h5py.File(path) as file:
            assert count_good_frames(file) == len(file["time"]) >= due

    def looked_around(real):
        def call(*arguments):
            look()
            result = real(*arguments)
            look()
            return result

        return call

    monkeypatch.setattr(copies, "write_at", looked_around(copies.write_at))
    monkeypatch.setattr(copies, "replace", looked_around(copies.replace))
    monkeypatch.setattr(
        Writer,
        "write_frame",
        lambda self, *arguments: (write_frame(self, *arguments), published.__setitem__(0, published[0] + 1)),
    )
    simulate(CASE, path)
    assert published[0] == 6
    assert moments[0] > 60
    assert len(seen) >= 6


def hold_from(monkeypatch, frame, seconds=None):
    """Let a reader open the output after so many frames, for so many seconds or until it is closed; gives a
    list with the reader in it.
    """
    readers = []

    def write(self, *arguments):
        write_frame(self, *arguments)
        if len(self.file["time"]) == frame and not readers:
            readers.append(h5py.File(self.path))
            if seconds is not None:
                threading.Timer(seconds, readers[0].close).start()

    monkeypatch.setattr(Writer, "write_frame", write)
    return readers


def test_a_reader_is_waited_for(on_windows, tmp_path, monkeypatch):
    readers = hold_from(monkeypatch, 3, seconds=0.3)
    assert simulate(CASE, tmp_path / "run.h5")
    assert not readers[0]
    assert_same(tmp_path / "run.h5", on_windows)


def test_a_reader_that_stays_ends_the_run_with_one_sentence_and_it_is_resumed(
    on_windows, tmp_path, monkeypatch
):
    monkeypatch.setattr(names, "PATIENCE", 0.2)
    path, readers = tmp_path / "run.h5", hold_from(monkeypatch, 3)
    with pytest.raises(
        HeldError,
        match=r"run\.h5: .*is open in another program.*holds the 3 frame.*; close it there, and go on with",
    ) as caught:
        simulate(CASE, path)
    assert len(str(caught.value).splitlines()) == 1
    assert count_good_frames(readers[0]) == len(readers[0]["time"]) == 3
    with pytest.raises(HeldError):  # what is still open is not touched
        resume(path)
    assert count_good_frames(readers[0]) == 3
    readers[0].close()
    assert resume(path)
    assert_same(path, on_windows)
    assert list(folder_of(path).glob("*.h5")) == []


def test_a_reader_at_the_end_is_in_nobodys_way(on_windows, tmp_path, monkeypatch):
    path, readers = tmp_path / "run.h5", hold_from(monkeypatch, 6)
    assert simulate(CASE, path)
    assert_same(path, on_windows)
    assert len(list(folder_of(path).glob("copy-*.h5"))) == 1  # which is the output itself, by another name
    readers[0].close()
    assert resume(path, until=0.6)
    assert mfpde.open_run(path).times[-1] == 0.6
    assert list(folder_of(path).glob("*.h5")) == []


def test_a_lock_refuses_a_second_run_and_leaves_nothing(on_windows, tmp_path):
    path = tmp_path / "run.h5"
    with Checkpoints(path), pytest.raises(InputError, match="another run is writing it at this moment"):
        simulate(CASE, path)
    assert not folder_of(path).exists()
    with pytest.raises(InputError, match="log"):
        simulate(small_case(**TINY | {"model.activation": "log(t)", "eulerian.backend": "numpy"}), path)
    assert not folder_of(path).exists()


def test_an_archive_waits_for_a_scanner(on_windows, tmp_path):
    path = tmp_path / "a.npz"
    save_archive(path, {"a": 1})
    scanner = path.open("rb")
    threading.Timer(0.2, scanner.close).start()
    save_archive(path, {"a": 2})
    assert load_archive(path) == {"a": 2}


def test_other_permissions_are_not_waited_for(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(names, "PAUSES", (1e9, 1e9))
    with pytest.raises(PermissionError):
        names.replace(tmp_path / "a", tmp_path / "b")


def test_a_killed_run_leaves_no_lock_behind(tmp_path):
    path = tmp_path / "run.h5"
    code = "import sys, time; from pathlib import Path; from mfpde.store.checkpoints import Checkpoints\n"
    code += "held = Checkpoints(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another run is writing it"):
            simulate(CASE, path)
        process.kill()
    assert simulate(CASE, path)


def test_a_container_may_have_less_memory_than_its_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CONTAINER_LIMITS", ())
    total = memory.host_bytes()
    assert total > 10**8
    for text, expected in {"1000000\n": 10**6, "max\n": total, "9223372036854771712\n": total}.items():
        (tmp_path / "memory.max").write_text(text, encoding="ascii")
        monkeypatch.setattr(memory, "CONTAINER_LIMITS", (tmp_path / "memory.max", tmp_path / "absent"))
        assert memory.host_bytes() == expected


def test_signals_that_are_not_here_are_not_listened_to(monkeypatch):
    import signal

    from mfpde.runs.signals import listening

    before = signal.getsignal(signal.SIGINT)
    windows.take_away(monkeypatch)
    told = Told()
    with listening(told.warn) as asked:
        signal.raise_signal(signal.SIGINT)
        assert asked.to_stop
        assert not asked.to_save
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopping with a checkpoint" in told
