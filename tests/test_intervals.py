"""Intervals of outputs that are longer than the run."""

import re

import pytest
from conftest import small_case

import mfpde
from mfpde.case.load import load_variants
from mfpde.case.shipped import shipped_files
from mfpde.errors import InputError

CASE = """
time = 1.0
[model]
kind = "potential"
external = "x^2"
[parameters.x]
initial = { law = "normal" }
[eulerian]
enabled = false
[lagrangian]
units = [5]
replicates = 2
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(CASE)
    return path


@pytest.mark.parametrize("key", ["every", "fields_every"])
def test_a_case_that_never_stores_is_refused(case, key):
    case.write_text(f"{CASE}[output]\n{key} = 2\n")
    with pytest.raises(
        InputError, match=rf"case.toml: output.{key} = 2 is longer than the run; expected at most time = 1$"
    ):
        mfpde.load_case(case)


def test_an_interval_on_the_command_line_is_refused_by_its_option(case):
    with pytest.raises(
        InputError,
        match=r"^--set output.every=5: output.every = 5 is longer than the run; expected at most time = 1$",
    ):
        mfpde.load_case(case, ["output.every=5"])
    mfpde.load_case(case, ["output.every=1"])


@pytest.mark.parametrize(
    ("output", "said", "frames"),
    [
        (
            {"every": 2.0},
            (
                r"output.every = 2: longer than the run \(time = 1\), so nothing is stored between the times"
                r" of output.fields_every"
            ),
            5,
        ),
        (
            {"fields_every": 2.0},
            r"output.fields_every = 2: .* the density is stored at the start and the end alone",
            21,
        ),
        (
            {"every": 2.0, "fields_every": 4.0},
            r"output.every = 2 and output.fields_every = 4: .* the start and the end alone are stored",
            2,
        ),
    ],
)
def test_a_shortened_run_tells_what_it_stores(case, tmp_path, output, said, frames):
    run = mfpde.run(mfpde.load_case(case).replace({"output": output}), tmp_path / "out.h5")
    (warning,) = run.health["warnings"]
    assert re.search(said, warning)
    assert len(run.times) == frames


@pytest.mark.parametrize("name", shipped_files())
def test_shipped_cases_may_be_shortened(name):
    assert all(case.time == 0.05 for case in load_variants(name, ["time=0.05"]).values())


def test_intervals_within_the_run_are_no_matter(tmp_path):
    assert small_case().longer_than_run == {}
    assert small_case(time=0.3).longer_than_run == {"output.fields_every": 0.5}
