"""Folders for compiled programs that cannot be written, and variables that hide drivers: runs go on, or one
true sentence says why not.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mfpde.device import absence, scratch, user_cache
from mfpde.device.choice import choose, devices_here
from mfpde.device.user_cache import NAMES, prepare_user_cache
from mfpde.errors import InputError

REPORT = """
import json, os
from mfpde.device.choice import devices_here
from mfpde.verify.probe import problem_of
devices, told = devices_here()
problems = [problem_of("potential", "float64", d) for d in devices]
print(json.dumps({"problems": problems, "told": told, "scratch": os.environ.get("POCL_CACHE_DIR")}))
"""


@pytest.fixture
def nowhere(tmp_path):
    """A name under a file, where nobody can write, not even root."""
    (tmp_path / "file").touch()
    return tmp_path / "file" / "below"


@pytest.fixture
def anew(tmp_path, monkeypatch):
    """`prepare_user_cache` as in a new process, with a cache folder of its own."""
    for name in (user_cache.VARIABLE, user_cache.POCL_VARIABLE):
        monkeypatch.setenv(name, "")  # so that what is set is taken back
    monkeypatch.setenv(user_cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(user_cache.POCL_VARIABLE)
    monkeypatch.setattr(scratch.atexit, "register", lambda *_: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return prepare_user_cache.__wrapped__


@pytest.mark.slow
def test_devices_work_where_the_drivers_own_cache_cannot_be_written(nowhere, tmp_path):
    for place in (nowhere, nowhere.parent):
        environment = os.environ | {"POCL_CACHE_DIR": str(place), "TMPDIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", REPORT], env=environment, capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        assert set(found["problems"]) == {""}
        assert f"POCL_CACHE_DIR: '{place}' cannot be written to" in found["told"]
        assert not Path(found["scratch"]).exists()  # it went with the process


@pytest.mark.parametrize("name", NAMES)
def test_every_folder_that_is_needed_is_tried(anew, tmp_path, name):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / name).touch()
    assert anew().startswith(f"'{tmp_path / 'cache' / name}' cannot be written to")
    assert Path(os.environ[user_cache.VARIABLE]).name.startswith("mfpde-cache-")


def test_a_folder_that_can_be_written_is_kept_in_silence(anew, tmp_path):
    assert anew() == ""
    assert os.environ[user_cache.VARIABLE] == str(tmp_path / "cache")


def test_a_disk_without_room_counts_as_one_that_cannot_be_written(anew, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, content):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: Full())
    assert "No space left on device" in anew()


def test_where_nothing_can_be_written_this_is_said(anew, nowhere, monkeypatch):
    monkeypatch.setenv(user_cache.VARIABLE, str(nowhere))
    monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
    told = anew()
    assert "can be kept nowhere" in told
    assert str(nowhere) in told


def test_a_copy_of_the_process_leaves_temporary_folders_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.atexit, "register", lambda *_: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = scratch.make_scratch("mfpde-")
    scratch._remove(folder, os.getpid() + 1)
    assert folder.is_dir()
    scratch._remove(folder, os.getpid())
    assert not folder.exists()


@pytest.mark.parametrize(
    ("variable", "value", "platforms"),
    [
        ("OCL_ICD_VENDORS", "/nonexistent", False),
        ("OCL_ICD_VENDORS", os.devnull, False),
        ("POCL_DEVICES", "warp", True),
        ("POCL_DEVICES", "", True),
    ],
)
def test_a_variable_that_hides_drivers_is_named(variable, value, platforms):
    program = "import json; from mfpde.device.choice import choose; print(json.dumps(choose().notes))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {variable: value},
        capture_output=True,
        text=True,
        check=True,
    )
    (note,) = json.loads(done.stdout)
    assert f"{variable} is set to '{value}'" in note
    assert f"to get an OpenCL device: unset {variable}" in note
    assert ("the driver of Portable Computing Language shows none" in note) == platforms
    assert "pip install" not in note


def test_what_is_installed_is_not_to_be_installed(monkeypatch):
    for name in absence.SUSPECTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(absence.platform, "system", lambda: "Linux")
    monkeypatch.setattr(absence.platform, "machine", lambda: "x86_64")
    for installed in (True, False):
        monkeypatch.setattr(absence, "_installed", lambda package, there=installed: there)
        assert ("pip install pocl" in absence.how_to_get_one()) != installed


def test_a_binding_led_astray_names_the_variable(monkeypatch):
    monkeypatch.setitem(sys.modules, "mfpde.device.drivers", None)
    monkeypatch.setenv("PYOPENCL_NO_CACHE", "perhaps")
    assert "PYOPENCL_NO_CACHE is set to 'perhaps'" in devices_here()[1]
    with pytest.raises(InputError, match="PYOPENCL_NO_CACHE is set to 'perhaps'"):
        choose("opencl")
