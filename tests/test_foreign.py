"""Paths that lead to something else than a verb expects: each gets one sentence, and none is waited for."""

import os
import shutil

import pytest

OF_OUTPUTS = ("inspect", "compare", "plot", "resume", "verify")
OF_CASES = ("run", "converge")
CASE = "time = 1.0\n"
NOT_OUTPUTS = {
    "folder": "folder: is a folder; expected an output of mfpde run",
    "empty": "empty: is not a readable HDF5 file (it is empty); expected an output of mfpde run",
    "text.h5": "text.h5: is not a readable HDF5 file (it is text); expected an output of mfpde run",
    "weights.npz": "weights.npz: is not a readable HDF5 file (it is a ZIP archive, as NPZ files are)",
    "case.toml": (
        "case.toml: is a case file (TOML); expected an output of mfpde run; to make one: mfpde run case.toml"
    ),
    "smal.h5": "smal.h5: no such output file; did you mean 'small.h5'?",
    "a" * 300: "cannot be read: File name too long; expected an output of mfpde run",
}
NOT_CASES = {
    "folder": "folder: is a folder; expected a case file ending in .toml",
    "empty": "empty: is empty; expected a case file (TOML)",
    "text.h5": "text.h5: is not valid TOML: ",
    "weights.npz": "weights.npz: is a ZIP archive, as NPZ files are; expected a case file (TOML)",
    "small.h5": (
        "small.h5: is an HDF5 file; expected a case file (TOML); of an output: mfpde inspect small.h5, mfpde"
        " resume small.h5"
    ),
    "cas.toml": "cas.toml: no such case file, nor a shipped case of that name",
    "a" * 300: "is not the name of a file",
}


@pytest.fixture
def things(tmp_path, small_run):
    """A folder with a little of everything."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "text.h5").write_text("a line of text\n")
    (tmp_path / "weights.npz").write_bytes(b"PK\3\4" + bytes(100))
    (tmp_path / "case.toml").write_text(CASE)
    shutil.copy(small_run.path, tmp_path / "small.h5")


def _refused(command, verb, path, said):
    code, out, err = command(verb, path)
    assert (code, out) == (2, ""), (verb, err)
    assert said in err, (verb, err)
    assert err.count("\n") == 1


@pytest.mark.parametrize("path", NOT_OUTPUTS)
def test_what_is_no_output(command, things, path):
    for verb in OF_OUTPUTS:
        _refused(command, verb, path, NOT_OUTPUTS[path])


@pytest.mark.parametrize("path", NOT_CASES)
def test_what_is_no_case(command, things, path):
    for verb in OF_CASES:
        _refused(command, verb, path, NOT_CASES[path])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipes_and_devices_are_not_read(command, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in ("pipe", os.devnull):
        for verb in (*OF_OUTPUTS, *OF_CASES):
            _refused(command, verb, path, f"{path}: is no file but a device, a pipe or a socket; expected ")
