"""What goes wrong around a run: kills between two writes, full disks, second runs, damaged files. Nothing
published is lost or passes silently.
"""

import errno
import os
import shutil

import h5py
import numpy as np
import pytest
from conftest import small_case
from test_resume import assert_same, stop_after

import mfpde
from mfpde.errors import InputError, RunError, StorageError
from mfpde.runs import resume, simulate
from mfpde.store import archive, copies, handles
from mfpde.store.archive import Damaged, load_archive, save_archive
from mfpde.store.checkpoints import folder_of
from mfpde.store.checksums import count_good_frames
from mfpde.store.writer import Writer

TINY = {
    "time": 0.5,
    "parameters.a.cells": 9,
    "parameters.w.cells": 8,
    "parameters.b.cells": 8,
    "lagrangian.units": [5],
    "output": {"every": 0.1, "fields_every": 0.2},
}


class Spy:
    """`os` for a module, with something done before and after every change of a file."""

    def __init__(self, around):
        self.around = around

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in ("pwrite", "ftruncate", "link", "replace", "fsync"):
            return real

        def call(*arguments):
            return self.around(name, real, *arguments)

        return call


class Told:
    """A reporter that remembers."""

    def __init__(self):
        self.messages = []

    def progress(self, time, end, facts):
        pass

    def tell(self, message):
        pass

    def warn(self, message):
        self.messages.append(message)

    def __contains__(self, part):
        return any(part in message for message in self.messages)


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """A run that was stopped between two frames, after its third."""
    left = stop_after(monkeypatch, 10)
    assert not simulate(small_case(**TINY), tmp_path / "run.h5")
    left[0] = 10**9
    with h5py.File(tmp_path / "run.h5") as file:
        assert len(file["time"]) == 3
    return tmp_path / "run.h5"


def test_whoever_looks_between_any_two_writes_sees_a_whole_file(tmp_path, monkeypatch):
    """A SIGKILL leaves on the disk what is there at that moment; so every moment is looked at, also in the
    middle of long writes.
    """
    path, moments, published, seen = tmp_path / "run.h5", [0], [0], set()

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
            frames = len(file["time"])
            assert count_good_frames(file) == frames >= due

    def around(name, real, *arguments):
        if name == "pwrite" and len(arguments[1]) > 1:
            handle, block, place = arguments
            half = len(block) // 2
            real(handle, block[:half], place)
            look()
            return half + real(handle, block[half:], place + half)
        result = real(*arguments)
        look()
        return result

    def write_frame(self, *arguments):
        original(self, *arguments)
        published[0] += 1

    original = Writer.write_frame
    monkeypatch.setattr(Writer, "write_frame", write_frame)
    for module in (copies, handles):
        monkeypatch.setattr(module, "os", Spy(around))
    simulate(small_case(**TINY), path)
    assert published[0] == 6
    assert moments[0] > 60
    assert len(seen) >= 6


@pytest.mark.slow
@pytest.mark.parametrize("module", [copies, handles, archive])
def test_a_disk_that_fills_at_any_write_ends_the_run_and_nothing_else(module, tmp_path, monkeypatch):
    case = small_case(**TINY)
    simulate(case, tmp_path / "whole.h5")
    total = [0]
    # every write for one, to count them
    monkeypatch.setattr(
        module,
        "os",
        Spy(lambda name, real, *arguments: (total.__setitem__(0, total[0] + 1), real(*arguments))[1]),
    )
    simulate(case, tmp_path / "counted.h5")
    for failing in np.unique(np.geomspace(1, total[0], 6).astype(int)):
        path, done = tmp_path / f"full-{failing}.h5", [0]

        def around(name, real, *arguments, done=done, failing=failing):
            done[0] += 1
            if done[0] >= failing and name in ("pwrite", "fsync"):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(module, "os", Spy(around))
            message = ""
            try:
                simulate(case, path)
            except (StorageError, InputError) as error:
                message = str(error)
        if not message:
            continue  # the last operations were none that need room
        assert "No space left on device" in message
        assert len(message.splitlines()) == 1
        if path.exists():
            with h5py.File(path) as file:
                assert count_good_frames(file) == len(file["time"])
        if folder_of(path).exists():
            assert resume(path)  # there is room again
        else:
            assert simulate(case, path)
        assert_same(path, tmp_path / "whole.h5")


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # a superuser may write anywhere
    with pytest.raises(InputError, match="cannot be written to"):
        simulate(small_case(**TINY), tmp_path / "run.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_stays_one_and_its_file_is_written(tmp_path):
    (tmp_path / "scratch").mkdir()
    link, file = tmp_path / "run.h5", tmp_path / "scratch" / "file.h5"
    file.write_bytes(b"older")
    link.symlink_to(file)
    simulate(small_case(**TINY), link, overwrite=True)
    resume(link, until=0.6)
    assert link.is_symlink()
    assert mfpde.open_run(file).times[-1] == 0.6
    assert folder_of(file).is_dir()


def test_a_file_system_without_hard_links_is_refused(tmp_path, monkeypatch):
    def around(name, real, *arguments):
        if name == "link":
            raise PermissionError(errno.EPERM, "Operation not permitted")
        return real(*arguments)

    for module in (copies, handles):
        monkeypatch.setattr(module, "os", Spy(around))
    with pytest.raises(InputError, match="its file system has no hard links"):
        simulate(small_case(**TINY), tmp_path / "run.h5")


def test_two_runs_of_one_file_are_one_too_many(stopped, monkeypatch):
    inside = []

    def second(self, *arguments):
        for attempt in (
            lambda: simulate(small_case(**TINY), stopped, overwrite=True),
            lambda: resume(stopped),
        ):
            with pytest.raises(InputError, match="another run is writing it"):
                attempt()
            inside.append(True)
        original(self, *arguments)

    original = Writer.write_frame
    monkeypatch.setattr(Writer, "write_frame", second)
    assert resume(stopped)
    assert len(inside) >= 2


def damage(path, where=0.5):
    """Flip one bit."""
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 0x10
    path.write_bytes(content)


def newest(output):
    return sorted(folder_of(output).glob("checkpoint-*.npz"))[-1]


@pytest.mark.parametrize(
    "harm",
    [damage, lambda path: os.truncate(path, path.stat().st_size // 3), lambda path: path.write_bytes(b"")],
)
def test_a_damaged_checkpoint_is_noticed_and_an_older_one_serves(harm, stopped, tmp_path):
    simulate(small_case(**TINY), tmp_path / "whole.h5")
    harm(newest(stopped))
    told = Told()
    assert resume(stopped, report=told)
    assert "is damaged" in told
    assert "an older checkpoint serves" in told
    assert_same(stopped, tmp_path / "whole.h5")


def test_every_flipped_bit_of_an_archive_is_noticed_or_harmless(tmp_path):
    tree = {"numbers": np.arange(5.0), "inner": {"text": "x", "list": [1, None, float("nan")]}, "flag": True}
    path = tmp_path / "a.npz"
    save_archive(path, tree)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        try:
            found = load_archive(path)
        except Damaged:
            continue
        np.testing.assert_equal(found, tree)  # a date, or another field nobody uses


def harm_field(path, frame):
    """Flip a bit of a stored number behind HDF5's back, keeping its own checks intact."""
    with h5py.File(path, "r+") as file:
        file["eulerian/energy"][frame] *= 1 + 1e-15


def test_a_damaged_frame_is_noticed_and_a_checkpoint_before_it_serves(tmp_path, monkeypatch):
    simulate(small_case(**TINY), tmp_path / "whole.h5")
    left, path = stop_after(monkeypatch, 14), tmp_path / "run.h5"
    assert not simulate(small_case(**TINY), path)
    left[0] = 10**9
    assert [load_archive(p)["frames"] for p in sorted(folder_of(path).glob("checkpoint-*.npz"))] == [0, 3, 4]
    harm_field(path, 3)
    told = Told()
    assert resume(path, report=told)
    assert "frame 3 of 4 is not what was written" in told
    assert "1 frame(s) later than the checkpoint are computed again" in told
    assert_same(path, tmp_path / "whole.h5")


def test_a_damaged_early_frame_or_file_asks_what_to_do_and_restart_keeps_the_old_file(stopped, tmp_path):
    simulate(small_case(**TINY), tmp_path / "whole.h5")
    harm_field(stopped, 0)
    before = stopped.read_bytes()
    with pytest.raises(InputError, match=r"frame 0 is damaged, and no good checkpoint is as old.*--restart"):
        resume(stopped)
    assert stopped.read_bytes() == before
    os.truncate(stopped, len(before) // 2)
    with pytest.raises(InputError, match="cannot be read"):
        resume(stopped)
    told = Told()
    assert resume(stopped, restart=True, report=told)
    assert "is kept as run.h5.before-restart" in told
    assert (tmp_path / "run.h5.before-restart").stat().st_size == len(before) // 2
    assert_same(stopped, tmp_path / "whole.h5")


def test_a_run_killed_before_its_first_checkpoint_restarts_by_itself(tmp_path, monkeypatch):
    path, case = tmp_path / "run.h5", small_case(**TINY)
    simulate(case, tmp_path / "whole.h5")

    class Killed(BaseException):
        pass

    def kill(*_, **__):
        raise Killed

    from mfpde.runs import begin

    with monkeypatch.context() as patch:
        patch.setattr(begin, "build_simulation", kill)
        with pytest.raises(Killed):
            simulate(case, path)
    assert not path.exists()
    told = Told()
    assert resume(path, report=told)
    assert "stopped before its first checkpoint; running anew" in told
    assert_same(path, tmp_path / "whole.h5")


def test_what_does_not_match_is_refused_by_name(stopped, tmp_path):
    with pytest.raises(InputError, match=r"--until 0.2: the run goes to time 0.5 already"):
        resume(stopped, until=0.2)
    other = tmp_path / "other.h5"
    simulate(small_case(**TINY, **{"eulerian.scheme": "mc"}), other)
    shutil.copy(other, stopped)
    with pytest.raises(InputError, match=r"their cases differ in eulerian\.scheme"):
        resume(stopped)
    with pytest.raises(InputError, match="no such output"):
        resume(tmp_path / "absent.h5")
    shutil.rmtree(folder_of(other))
    with pytest.raises(InputError, match="has no checkpoints beside it"):
        resume(other)
    for path in folder_of(stopped).glob("checkpoint-*.npz"):
        content = load_archive(path)
        save_archive(path, content | {"checkpoint_schema": 99})
    with pytest.raises(InputError, match="checkpoint schema 99, this mfpde resumes schema 1"):
        resume(stopped)


def change_checkpoints(output, **changes):
    for path in folder_of(output).glob("checkpoint-*.npz"):
        save_archive(path, load_archive(path) | changes)


def test_another_device_is_refused_unless_it_is_allowed(stopped):
    device = load_archive(newest(stopped))["device"]
    change_checkpoints(stopped, device=device | {"type": "GPU", "name": "a card that is not here"})
    with pytest.raises(
        InputError, match=r"the device has another type: CPU, it was GPU.*--allow-device-change"
    ):
        resume(stopped)
    told = Told()
    assert resume(stopped, allow_device_change=True, report=told)
    assert "not the same bit by bit" in told


def test_other_data_and_other_versions_are_said(stopped):
    change_checkpoints(stopped, mfpde_version="0.0.1", fingerprint={"energy 0": 1.0})
    told = Told()
    assert resume(stopped, report=told)
    assert "not as it was when the run began: mfpde; results may differ" in told
    change_checkpoints(stopped, data_sha256="0" * 64)
    with pytest.raises(InputError, match="the data are not those of the run"):
        resume(stopped, until=1.0)


def test_a_case_file_that_changed_since_is_said_and_not_used(tmp_path, monkeypatch, command):
    from test_cli import CASE

    (tmp_path / "tiny.toml").write_text(CASE)
    left = stop_after(monkeypatch, 12)
    code, _, err = command("run", "tiny.toml")
    assert code == 130
    assert "mfpde resume tiny.h5" in err
    (tmp_path / "tiny.toml").write_text(CASE.replace("time = 0.4", "time = 0.7"))
    left[0] = 10**9
    code, _, err = command("resume", "tiny.h5")
    assert code == 0
    assert "has changed since (time" in " ".join(err.split())
    assert mfpde.open_run("tiny.h5").times[-1] == 0.4
    code, _, err = command("resume", "tiny.h5")
    assert code == 0
    assert "is finished (time 0.4)" in " ".join(err.split())
    assert command("resume", "tiny.h5", "--until", "0.6", "-q")[0] == 0
    run = mfpde.open_run("tiny.h5")
    assert run.times[-1] == 0.6
    assert [entry["ends"] for entry in run.attributes["resumes"]] == [[], [0.6]]


def test_a_longer_run_equals_one_that_was_meant_to_be_so_long(tmp_path):
    """Where the first end is an output time anyway."""
    simulate(small_case(**TINY), tmp_path / "short.h5")
    resume(tmp_path / "short.h5", until=0.8)
    simulate(small_case(**TINY | {"time": 0.8}), tmp_path / "long.h5")
    with h5py.File(tmp_path / "short.h5") as one, h5py.File(tmp_path / "long.h5") as other:
        np.testing.assert_array_equal(one["eulerian/energy"], other["eulerian/energy"])
        np.testing.assert_array_equal(one["lagrangian/5/prediction"], other["lagrangian/5/prediction"])


def test_a_state_that_is_not_finite_never_replaces_a_checkpoint(stopped, monkeypatch):
    from mfpde.lagrangian.opencl_backend import OpenCLBackend

    before = {path.name: path.read_bytes() for path in folder_of(stopped).glob("*.npz")}
    monkeypatch.setattr(OpenCLBackend, "checkpoint", lambda self, state: np.full(self.shape, np.nan))
    with pytest.raises(RunError, match="particles/networks/state is no longer finite"):
        resume(stopped)
    assert {path.name: path.read_bytes() for path in folder_of(stopped).glob("*.npz")} == before


BAD = {
    "collapse": (
        {"model.penalty.lambda": 1e12, "model.penalty.power": 8.0},
        "the time step collapsed",
        "the largest velocity is .*, along a, at a = ",
    ),
    "walls": (
        {
            "model.penalty.lambda": 0.0,
            "data.teacher": "200*sin(x0)",
            "time": 5.0,
            "output": {"every": 0.5, "fields_every": 1.0},
        },
        r"lies in the outermost cells of a or on its walls \(eulerian.wall_limit = 0.5\)",
        "widen parameters.a.domain",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_run_that_goes_bad_says_what_where_and_what_to_try(kind, tmp_path, command):
    changes, what, where = BAD[kind]
    with pytest.raises(
        RunError,
        match=f"{what}.*{where}.*run.h5 holds the .* before it, and run.h5.checkpoints the last good state",
    ) as caught:
        simulate(small_case(**TINY | changes), tmp_path / "run.h5")
    assert len(str(caught.value).splitlines()) == 1
    run = mfpde.open_run(tmp_path / "run.h5")
    assert run.health["failure"] in str(caught.value)
    assert np.isfinite(run.eulerian["energy"].values).all()
    assert len(list(folder_of(run.path).glob("checkpoint-*[1-9].npz"))) >= 1


def test_a_run_whose_units_are_not_finite_says_which(tmp_path, monkeypatch):
    from mfpde.lagrangian.opencl_backend import OpenCLBackend

    monkeypatch.setattr(OpenCLBackend, "error", lambda *_: float("nan"))
    with pytest.raises(
        RunError,
        match=(
            r"the networks are no longer finite at time 0 .*: unit \d+ of all moves fastest, along [awb] at"
            r" .*, from a = "
        ),
    ):
        simulate(small_case(**TINY, **{"eulerian.enabled": False}), tmp_path / "run.h5")


def test_a_mesh_that_does_not_fit_is_refused_with_one_that_would(tmp_path, monkeypatch):
    from mfpde.eulerian import memory

    case = small_case(
        **{"parameters.a.cells": 100_000, "parameters.w.cells": 100_000, "parameters.b.cells": 100_000}
    )
    with pytest.raises(
        InputError,
        match=(
            r"a mesh of 100000 x 100000 x 100000 cells needs about .* GB .*; use fewer cells: (\d+) x \1 x \1"
            r" would fit"
        ),
    ):
        simulate(case, tmp_path / "run.h5")
    with pytest.raises(InputError, match=r"units in all need about .* would fit"):
        simulate(
            small_case(**{"lagrangian.units": [10_000_000], "lagrangian.replicates": 10_000}),
            tmp_path / "run.h5",
        )
    monkeypatch.setattr(memory, "room", lambda device=None: (10**9, 10**5))
    with pytest.raises(InputError, match=r"needs .* per field, .* gives 0.0001 GB at once"):
        simulate(small_case(**{"parameters.a.cells": 101}), tmp_path / "run.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_full_says_what_would_fit(tmp_path, monkeypatch):
    import pyopencl as cl
    from pyopencl.tools import MemoryPool

    class Full(MemoryPool):
        def allocate(self, size):
            if self.managed_bytes > 200_000:
                raise cl.MemoryError("clCreateBuffer failed: MEM_OBJECT_ALLOCATION_FAILURE")
            return super().allocate(size)

    from mfpde.device import buffers

    monkeypatch.setattr(buffers, "MemoryPool", Full)
    with pytest.raises(RunError, match=r"has no room for .* GB more after .* GB .*cells would fit"):
        simulate(small_case(**{"lagrangian.units": []}), tmp_path / "run.h5")


def test_a_checkpoint_of_a_stranger_is_refused(stopped):
    import zipfile

    path = newest(stopped)
    content = load_archive(path)
    del content["state"]["solvers"][0]["moments"]
    save_archive(path, content)
    with pytest.raises(
        InputError, match=r"its checkpoint is not one that mfpde .* understands \(KeyError: 'moments'\)"
    ):
        resume(stopped)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("tree.json", "{}" + " " * 10**7)
    with pytest.raises(Damaged, match="compressed"):
        load_archive(path)
    save_archive(path, {"array": np.zeros(3)})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "code.npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
            + b" " * 60
            + b"\n",
        )
    with pytest.raises(InputError, match="checkpoint schema None"):
        resume(stopped)
