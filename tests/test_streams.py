"""Streams that are closed, full, or that nobody reads: no traceback, no lost run, and no word in a file of
results.
"""

import os
import subprocess
import sys

import pytest

import mfpde

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")
CASE = """
time = 0.1
model = {kind = "potential", external = "x^2/2"}
parameters.x = {domain = [-8, 8], cells = 16, initial = {law = "normal"}}
lagrangian.units = []
"""


@pytest.fixture
def shell(tmp_path):
    """A command line, with `mfpde` in it; gives exit code, stdout and stderr."""
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    (tmp_path / "mfpde").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mfpde "$@"\n', encoding="utf-8")
    (tmp_path / "mfpde").chmod(0o755)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    def run(line):
        done = subprocess.run(
            ["sh", "-c", line.replace("mfpde", "./mfpde")],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_nowhere(closed, shell, tmp_path):
    code, out, err = shell(f"mfpde run case.toml -o out.h5 --backend numpy {closed}")
    assert (code, out) == (0, "")
    assert ("wrote" in err) == ("2>&-" not in closed)
    assert mfpde.open_run(tmp_path / "out.h5").health["finished"]


def test_devices_work_with_closed_streams(shell):
    assert shell("mfpde run case.toml <&- >&- 2>&-") == (0, "", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device")
def test_a_full_disk_behind_stdout_is_said_once(shell):
    for verb in ("cases", "cases --json", "--help"):
        assert shell(f"mfpde {verb} >/dev/full") == (
            3,
            "",
            "mfpde: stdout: cannot be written to: No space left on device\n",
        )


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device")
def test_a_full_disk_behind_stderr_ends_no_run(shell, tmp_path):
    assert shell("mfpde run case.toml -o out.h5 --backend numpy 2>/dev/full")[0] == 0
    assert shell("mfpde run nothing 2>/dev/full")[0] == 2
    assert mfpde.open_run(tmp_path / "out.h5").health["finished"]


def test_a_reader_that_has_gone_ends_no_run(shell, tmp_path):
    code, _, _ = shell(
        "(mfpde run case.toml -o out.h5 --set output.every=0.001 --backend numpy; echo $? > code) 2>&1 | true"
    )
    assert code == 0
    assert (tmp_path / "code").read_text() == "0\n"
    assert mfpde.open_run(tmp_path / "out.h5").health["finished"]
