"""A real file system that is too small, then large enough, then read-only: mounted for this test alone, in a
namespace of its own.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import contextlib, json, subprocess, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import h5py
from conftest import small_case
from test_faults import TINY
from mfpde.errors import MfpdeError
from mfpde.runs import resume, simulate
from mfpde.store.checksums import count_good_frames
from mfpde.verify.killing import differences

disk, case, told = Path(sys.argv[2]), small_case(**TINY), {}
whole, path, other = disk.parent / "whole.h5", disk / "run.h5", disk / "other.h5"

def attempt(name, work):
    try:
        told[name] = [0 if work() else 130, ""]
    except MfpdeError as error:
        told[name] = [error.exit_code, str(error)]

def mount(options):
    subprocess.run(["mount", "-o", "remount," + options, disk], check=True)

def frames(path):
    with h5py.File(path) as file:
        return [len(file["time"]), count_good_frames(file)]

simulate(case, whole)
size = whole.stat().st_size
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={3 * size}", "none", disk], check=True)
filler = disk / "filler"
for share in range(12):  # less and less room, down to none
    with contextlib.suppress(OSError):  # then what there was of room is filled
        filler.write_bytes(bytes(int(size * (0.5 + 0.2 * share))))
    attempt(f"full {share}", lambda: simulate(case, path, overwrite=True))
    if path.exists():
        told[f"full {share}"] += frames(path)
    if told[f"full {share}"][0] == 3 and path.exists():
        before = path.read_bytes()
        attempt("still full", lambda: resume(path))
        told["intact"] = told.get("intact", True) and frames(path)[0] == frames(path)[1]
filler.unlink()
mount(f"size={12 * size}")
attempt("room again", lambda: resume(path))
told["same"] = differences(whole, path) == []
content = path.read_bytes()
mount("ro")
attempt("read-only run", lambda: simulate(case, other))
attempt("read-only overwrite", lambda: simulate(case, path, overwrite=True))
attempt("read-only resume", lambda: resume(path, until=0.9))
told["untouched"] = path.read_bytes() == content
print(json.dumps(told))
"""


def may_mount():
    return (
        shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.slow
@pytest.mark.skipif(
    not may_mount(), reason="mounting in a namespace needs unshare; test_faults fills a disk without it"
)
def test_a_small_disk_and_a_read_only_one(tmp_path):
    (tmp_path / "disk").mkdir()
    command = [
        "unshare",
        "-rm",
        sys.executable,
        "-c",
        SCRIPT,
        str(Path(__file__).parent),
        str(tmp_path / "disk"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    tried = {name: found for name, found in told.items() if name.startswith("full")}
    codes = [found[0] for found in tried.values()]
    assert 0 in codes  # with enough room
    assert 3 in codes  # the disk filled on the way
    for name, (code, message, *frames) in tried.items():
        assert code in (0, 2, 3), name
        assert code == 0 or "No space left on device" in message, name
        assert len(message.splitlines()) <= 1
        assert not frames or frames[0] == frames[1], name
    assert told["intact"]
    assert told["room again"] == [0, ""]
    assert told["same"]
    for name in ("read-only run", "read-only overwrite", "read-only resume"):
        code, message = told[name]
        assert code == 2, name
        assert "cannot be written to" in message, name
    assert told["untouched"]
