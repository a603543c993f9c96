"""Files that are locked, may not be read, or hold objects: each is called what it is, and none is called
damaged.
"""

import errno
import shutil
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from conftest import read_columns, small_case

from mfpde.data import arrays
from mfpde.data.saved_network import read_network
from mfpde.errors import InputError, OutOfReachError, obstacle
from mfpde.runs.resume import _case_of
from mfpde.store.archive import load_archive, save_archive

LOCKED = "is open in another program, which has locked it; close it there"
FORBIDDEN = "cannot be read, since you have no permission"
VERBS = [
    ["compare"],
    ["inspect"],
    ["plot"],
    ["verify"],
    ["resume"],
    ["resume", "--until", "9"],
    ["resume", "--restart"],
]


@contextmanager
def locked(path):
    """Hold a file as HDF5 does that writes to it; a second handle of one process is as good as another
    process.
    """
    fcntl = pytest.importorskip("fcntl")
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def forbid(monkeypatch, path):
    """Simulate a file without read permission, which root would read all the same."""

    def refuse(module, name):
        real = getattr(module, name)

        class Refusing(real):
            def __init__(self, file, *arguments, **options):
                if str(file) == str(path):
                    raise PermissionError(errno.EACCES, "Permission denied", str(path))
                super().__init__(file, *arguments, **options)

        monkeypatch.setattr(module, name, Refusing)

    refuse(h5py, "File")
    refuse(zipfile, "ZipFile")


@pytest.fixture
def output(small_run, tmp_path):
    """A copy of a run, with its checkpoints."""
    path = tmp_path / "a.h5"
    shutil.copyfile(small_run.path, path)
    shutil.copytree(f"{small_run.path}.checkpoints", f"{path}.checkpoints")
    return path


def test_a_locked_output_is_called_locked_by_every_verb(output, command):
    before = output.read_bytes(), sorted(output.parent.rglob("*"))
    with locked(output):
        for verb in VERBS:
            code, _, err = command(verb[0], output, *verb[1:])
            assert (code, err) == (2, f"mfpde: {output}: {LOCKED}\n"), verb
    assert (output.read_bytes(), sorted(output.parent.rglob("*"))) == before


def test_an_output_without_permission_is_called_so_by_every_verb(output, command, monkeypatch):
    forbid(monkeypatch, output)
    for verb in VERBS:
        code, _, err = command(verb[0], output, *verb[1:])
        assert code == 2, verb
        assert FORBIDDEN in err, verb
        assert "damaged" not in err, verb


def test_a_file_that_is_locked_after_it_was_opened_is_not_called_damaged(small_run, monkeypatch):
    from mfpde.results.opening import open_run

    run = open_run(small_run.path)
    monkeypatch.setattr(
        "xarray.open_datatree",
        lambda *_, **__: (_ for _ in ()).throw(BlockingIOError(errno.EAGAIN, "unable to lock file")),
    )
    monkeypatch.setattr(
        "xarray.open_groups",
        lambda *_, **__: (_ for _ in ()).throw(BlockingIOError(errno.EAGAIN, "unable to lock file")),
    )
    with pytest.raises(OutOfReachError, match=LOCKED):
        _ = run.times


def test_a_checkpoint_that_may_not_be_read_is_not_passed_over_for_an_older_one(output, command, monkeypatch):
    newest = sorted((output.parent / f"{output.name}.checkpoints").glob("checkpoint-*.npz"))[-1]
    forbid(monkeypatch, newest)
    code, _, err = command("resume", output, "--until", "9")
    assert code == 2
    assert f"{newest}: {FORBIDDEN}" in err


def test_a_case_that_may_not_be_read_is_not_said_to_have_changed(output, monkeypatch):
    """Root reads every file, so the missing permission is simulated."""
    before = Path.read_text

    def refuse(path, *arguments, **options):
        if path.suffix == ".toml":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return before(path, *arguments, **options)

    (output.parent / "small.toml").write_text("")
    monkeypatch.setattr(Path, "read_text", refuse)
    said = []
    its = {
        "tables": small_case().resolved(),
        "path": str(output.parent / "small.toml"),
        "text": "",
        "variant": "",
    }
    report = SimpleNamespace(warn=said.append)
    _case_of({"case": its}, report)
    assert said == [
        f"{output.parent / 'small.toml'} cannot be read, so nobody knows whether it has changed since; the"
        " run goes on as it was begun"
    ]


def test_an_archive_that_cannot_be_read_is_told_from_a_damaged_one(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    save_archive(path, {"x": np.zeros(3)})
    forbid(monkeypatch, path)
    with pytest.raises(OutOfReachError, match=FORBIDDEN):
        load_archive(path)


def test_data_and_networks_say_the_same(tmp_path, monkeypatch):
    table, network = tmp_path / "data.h5", tmp_path / "net.npz"
    with h5py.File(table, "w") as file:
        file["x"] = np.zeros(3)
    with locked(table), pytest.raises(InputError, match=LOCKED):
        read_columns(table, ["x"], "my.toml: data.file")
    np.savez(network, time=0.0, a=np.zeros(3))
    forbid(monkeypatch, network)
    with pytest.raises(OutOfReachError, match=FORBIDDEN):
        read_network(network, ["a"], {}, "mean")


def test_arrays_of_objects_are_called_so(tmp_path):
    np.save(tmp_path / "a.npy", np.array([1, None], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.array([1, None], dtype=object))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(InputError, match="of Python objects, which are not read; save numbers"):
            read_columns(tmp_path / name, ["x"], "my.toml: data.file")
    with (tmp_path / "a.npy").open("rb") as file, pytest.raises(arrays.Oversized, match="Python objects"):
        arrays.read_array(file, 10**6)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), LOCKED),
        (PermissionError(errno.EACCES, "unable to lock file, errno = 13"), LOCKED),
        (OSError(errno.ENOLCK, "unable to lock file, errno = 37"), "HDF5_USE_FILE_LOCKING=FALSE"),
        (PermissionError(errno.EACCES, "Permission denied"), FORBIDDEN),
        (OSError(errno.EMFILE, "Too many open files"), "too many files are open"),
        (OSError("Unable to synchronously open file (truncated file)"), ""),
        (OSError(errno.EIO, "Input/output error"), ""),
    ],
)
def test_errors_of_the_system_are_told_apart(error, said):
    assert said in obstacle(error)
    assert bool(said) == bool(obstacle(error))
