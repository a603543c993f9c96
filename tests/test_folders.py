"""A process that goes to another folder, or has none any more: cases and outputs stay where they are, and
messages name them as the user did.
"""

import copy
import os
import pickle
import tempfile

import pytest

import mfpde
from mfpde.case.load import load_variants
from mfpde.data.dataset import build_dataset
from mfpde.errors import InputError

CASE = """
time = 0.05
data = {file = "table.csv", x = ["x"], y = "y"}
parameters.a = {domain = [-4, 4], cells = 8, initial = {law = "normal", within = [-3, 3]}}
parameters.w.fixed = 1.0
parameters.b.fixed = 0.0
lagrangian.units = []
[variants.one]
time = 0.1
"""


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A function that goes to another folder; before, the present one holds a case, `case.toml`, and its
    data.
    """
    (tmp_path / "home").mkdir()
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    (tmp_path / "home" / "case.toml").write_text(CASE, encoding="utf-8")
    (tmp_path / "home" / "table.csv").write_text(
        "x,y\n" + "\n".join(f"{k},{k % 3}" for k in range(9)), encoding="utf-8"
    )
    return lambda: os.chdir(tmp_path / "away")


def test_a_case_finds_its_data_from_everywhere_however_it_was_copied(elsewhere):
    case = mfpde.load_case("case.toml", variant="one")
    pickled = pickle.dumps(case)
    elsewhere()
    unpickled = pickle.loads(pickled)  # noqa: S301 (it is ours)
    copies = (
        unpickled,
        copy.deepcopy(case),
        copy.copy(case),
        case.model_copy(),
        case.replace(time=0.2),
        case.replace().replace(),
    )
    for kept in (case, *copies):
        assert build_dataset(kept).x.shape == (9, 1)
        assert (str(kept.path), kept.text, kept.variant) == ("case.toml", CASE, "one")
        assert kept.place == case.place


def test_variants_find_their_data_too(elsewhere):
    cases = load_variants("case.toml", ["time=0.3"])
    elsewhere()
    assert build_dataset(cases["one"]).x.shape == (9, 1)


def test_messages_name_the_case_as_the_user_did(elsewhere):
    case = mfpde.load_case("case.toml", ["data.x=['z']"])
    elsewhere()
    with pytest.raises(InputError, match=r"^case\.toml: "):
        build_dataset(case)


def test_an_output_stays_where_the_run_began(elsewhere, tmp_path):
    class Leaving:
        def progress(self, time, end, facts):
            elsewhere()

        def tell(self, message):
            pass

        def warn(self, message):
            pass

    case = mfpde.load_case("case.toml", variant="one")
    run = mfpde.run(case, "out.h5", device="numpy", report=Leaving())
    assert run.times[-1] == 0.1
    assert [path.name for path in (tmp_path / "away").iterdir()] == []
    os.chdir(tmp_path / "home")
    opened = mfpde.open_run("out.h5")
    resumed = mfpde.resume("out.h5", until=0.2, report=Leaving())
    assert resumed.times[-1] == 0.2
    assert str(opened.path) == "out.h5"
    assert opened.case["time"] == 0.1
    assert opened.mu.sizes["time"] > 1


def test_a_process_without_a_folder_runs_where_names_are_whole(tmp_path, elsewhere):
    home = tmp_path / "home"
    elsewhere()
    (tmp_path / "away").rmdir()
    try:
        run = mfpde.run(mfpde.load_case(home / "case.toml"), home / "out.h5", device="numpy")
        assert run.health["finished"]
        with pytest.raises(InputError, match=r"out\.h5"):
            mfpde.run(mfpde.load_case(home / "case.toml"), "out.h5", device="numpy")
    finally:
        os.chdir(home)


def test_where_no_temporary_folder_can_be_made_a_name_is_asked_for(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(InputError, match="no temporary folder can be made for the output"):
        mfpde.run("v01_contraction", device="numpy")
