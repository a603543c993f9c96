"""Outputs that were renamed, moved, copied or removed: what can still be resumed is never lost."""

import shutil
from pathlib import Path

import pytest

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.errors import InputError
from mfpde.store.archive import Damaged, load_archive, load_tree
from mfpde.store.checkpoints import folder_of, run_of

CASE = {
    "time": 0.1,
    "model": {"kind": "potential", "external": "x^2"},
    "parameters": {"x": {"domain": [-3, 3], "cells": 16, "initial": {"law": "normal", "std": 0.5}}},
    "eulerian": {"backend": "numpy"},
}


def case():
    return case_from_tables(CASE, Path("small.toml"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run."""
    path = tmp_path_factory.mktemp("moved") / "a.h5"
    mfpde.run(case(), path).close()
    return path


@pytest.fixture
def output(finished, tmp_path):
    """A copy of it with its checkpoints, to be moved about."""
    path = tmp_path / "a.h5"
    shutil.copyfile(finished, path)
    shutil.copytree(folder_of(finished), folder_of(path))
    return path


def content_of(folder):
    return {path.name: path.read_bytes() for path in folder.glob("checkpoint-*.npz")}


def test_a_new_run_does_not_replace_the_checkpoints_of_a_renamed_one(output):
    before = content_of(folder_of(output))
    output.rename(output.with_name("old.h5"))
    with pytest.raises(InputError, match="checkpoints of a run whose output was renamed, moved or removed"):
        mfpde.run(case(), output)
    assert content_of(folder_of(output)) == before
    assert not output.exists()


def test_all_targets_are_looked_at_before_any_variant_runs(output, command):
    tables = (
        'time = 0.1\n[model]\nkind = "potential"\nexternal = "x^2"\n[parameters.x]\ndomain = [-3, 3]\ninitial'
        ' = { law = "normal", std = 0.5 }\n'
    )
    (output.parent / "v.toml").write_text(tables + "[variants.one]\ntime = 0.1\n[variants.two]\ntime = 0.2\n")
    output.unlink()
    folder_of(output).rename(output.parent / "v-two.h5.checkpoints")
    code, _, err = command("run", "v.toml", "-q")
    assert code == 2
    assert "v-two.h5: beside it are checkpoints" in err
    assert not (output.parent / "v-one.h5").exists()


def test_resume_by_the_old_name_says_what_to_do(output):
    before = content_of(folder_of(output))
    output.rename(output.with_name("old.h5"))
    with pytest.raises(InputError, match="it does not exist; if it was renamed, resume it by its name now"):
        mfpde.resume(output, until=0.2)
    assert content_of(folder_of(output)) == before


def test_overwrite_replaces_them(output):
    output.unlink()
    mfpde.run(case(), output, overwrite=True).close()
    assert output.is_file()


@pytest.mark.slow
def test_resume_finds_the_checkpoints_of_a_renamed_output_and_frees_the_name(output, command):
    renamed = output.with_name("old.h5")
    output.rename(renamed)
    code, _, err = command("resume", renamed, "--until", "0.2")
    assert code == 0
    assert "was a.h5: the folder of its checkpoints is called old.h5.checkpoints from now on" in err
    assert not folder_of(output).exists()
    mfpde.run(case(), output).close()
    mfpde.resume(renamed, until=0.3).close()


def test_others_are_not_taken(output):
    """Checkpoints of another run of the same case, beside a renamed output whose own are gone."""
    renamed = output.with_name("old.h5")
    output.rename(renamed)
    shutil.rmtree(folder_of(output))
    mfpde.run(case(), output).close()
    before = content_of(folder_of(output))
    with pytest.raises(
        InputError, match=r"no checkpoints beside it .* if the output was moved, move that folder too"
    ):
        mfpde.resume(renamed, until=0.2)
    assert content_of(folder_of(output)) == before


def test_outputs_that_changed_places_are_told_where_their_checkpoints_are(output):
    other, between = output.with_name("b.h5"), output.with_name("between.h5")
    mfpde.run(case(), other).close()
    for old, new in ((output, between), (other, output), (between, other)):
        old.rename(new)
    with pytest.raises(
        InputError,
        match=(
            r"another run of the same case; its own are in b\.h5\.checkpoints, which must be called as this"
            r" one is"
        ),
    ):
        mfpde.resume(output, until=0.2)


def test_a_copy_does_not_take_them_from_the_original(output):
    copied = output.with_name("copy.h5")
    shutil.copyfile(output, copied)
    with pytest.raises(
        InputError, match=r"is a copy of a\.h5, to which the checkpoints in a\.h5\.checkpoints belong"
    ):
        mfpde.resume(copied, until=0.2)
    shutil.copytree(folder_of(output), folder_of(copied))
    mfpde.resume(copied, until=0.2).close()
    mfpde.resume(output, until=0.2).close()


def test_moved_with_their_folder_outputs_go_on_anywhere(output):
    elsewhere = output.parent / "other"
    elsewhere.mkdir()
    for path in (output, folder_of(output)):
        path.rename(elsewhere / path.name)
    mfpde.resume(elsewhere / "a.h5", until=0.2).close()
    assert not folder_of(output).exists()


def test_a_start_alone_is_no_loss(output):
    """A run that was killed before its first checkpoint leaves how it starts, which is in its case too."""
    output.unlink()
    for path in folder_of(output).glob("checkpoint-*.npz"):
        if path.name != "checkpoint-000000.npz":
            path.unlink()
    mfpde.run(case(), output).close()


def test_whose_checkpoints_are_is_told_without_their_arrays(output):
    folder = folder_of(output)
    newest = sorted(folder.glob("checkpoint-*.npz"))[-1]
    assert run_of(folder) == load_archive(newest)["run"] == load_tree(newest)["run"]
    newest.write_bytes(newest.read_bytes()[:-100])
    with pytest.raises(Damaged):
        load_tree(newest)
    assert run_of(folder) == load_tree(folder / "checkpoint-000000.npz")["run"]
