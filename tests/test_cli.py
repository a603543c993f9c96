"""The verbs as a user types them: output, JSON keys, exit codes, wrong input."""

import json
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import typer

import mfpde
from mfpde.case.load import load_variants
from mfpde.cli import verbs
from mfpde.cli.app import build_app
from mfpde.figures import FIGURES, lacking
from mfpde.models import build_model

CASE = """
title = "tiny"
time = 0.4
[data]
teacher = "sin(x0)"
inputs = { law = "grid", low = -2, high = 2, points = 12 }
[parameters.a]
domain = [-4, 4]
cells = 11
initial = { law = "normal", within = [-3, 3] }
[parameters.w]
domain = [-4, 4]
cells = 10
initial = { law = "normal", within = [-3, 3] }
[parameters.b]
domain = [-4, 4]
cells = 9
initial = { law = "normal", within = [-3, 3] }
[lagrangian]
units = [10, 30]
replicates = 3
[output]
every = 0.1
fields_every = 0.2
"""


@pytest.fixture
def call(command):
    """`command` in a folder that holds tiny.toml."""
    Path("tiny.toml").write_text(CASE, encoding="utf-8")
    return command


@pytest.mark.slow
def test_from_case_to_figures(call):
    assert call("run", "tiny.toml")[0] == 0
    code, out, _ = call("compare", "tiny.h5")
    assert code == 0
    assert "rate: function gap ~ n^" in out
    code, out, _ = call("inspect", "tiny.h5")
    assert code == 0
    assert "health: finished" in out
    code, out, _ = call("plot", "tiny.h5")
    assert code == 0
    files = [Path(line) for line in out.split()]
    assert {f.suffix for f in files} == {".pdf", ".png"}
    drawn = {f.stem for f in files}
    assert drawn == set(FIGURES) - set(lacking(mfpde.open_run("tiny.h5")))
    assert drawn > {"overview", "energy", "function", "density", "gap_by_width", "bias_variance", "chaos"}
    assert all(f.stat().st_size > 5000 for f in files)


@pytest.mark.slow
def test_json_has_the_promised_keys_and_nothing_else_on_stdout(call):
    call("run", "tiny.toml", "-q")
    table = json.loads(call("compare", "tiny.h5", "--json")[1])
    assert set(table) == {
        "times",
        "eulerian",
        "lagrangian",
        "rate",
        "budget",
        "limit",
        "fluctuations",
        "chaos",
        "descent",
        "plan",
        "certificate",
    }
    assert {
        "energy",
        "loss",
        "mass_drift",
        "boundary_mass",
        "minimum_density",
        "resolution_time",
        "grid_error",
    } <= set(table["eulerian"])
    first = table["lagrangian"][0]
    assert {"units", "replicates", "energy", "function_gap", "w1", "sliced_w2"} <= set(first)
    assert set(first["energy"]) == {"mean", "std"}
    assert set(first["function_gap"]) == {"mean", "stderr"}
    assert set(first["w1"]) == {"a", "w", "b"}
    assert len(first["sliced_w2"]) == len(table["times"]) == 5
    assert [v is not None for v in first["sliced_w2"]] == [True, False, True, False, True]
    assert set(table["rate"]["function_gap"]) == {"slope", "low", "high", "time"}
    facts = json.loads(call("inspect", "tiny.h5", "--json")[1])
    assert set(facts) == {"schema", "case", "datasets", "added", "provenance", "health"}
    assert facts["datasets"]["eulerian/mu"] == {
        "shape": [3, 11, 10, 9],
        "dtype": "float64",
        "units": "1",
        "long_name": "density mu, cell averages",
    }
    doctor = json.loads(call("doctor", "--json")[1])
    assert {"devices", "extras", "advice"} <= set(doctor)
    assert {"platform", "name", "version", "fp64", "default"} <= set(doctor["devices"][0])


def test_converge_prints_a_table_json_and_a_figure(call):
    code, out, _ = call("converge", "tiny.toml", "--levels", "2", "-o", "orders.png")
    assert code == 0
    assert "observed order" in out
    assert Path("orders.png").stat().st_size > 5000
    table = json.loads(call("converge", "tiny.toml", "--levels", "2", "--refine", "dt", "--json")[1])
    assert {"refined", "levels", "orders"} <= set(table)
    assert set(table["levels"][0]) == {"value", "errors", "seconds"}
    assert len(table["orders"]["function"]) == 1
    code, _, err = call("converge", "tiny.toml", "--refine", "cell")
    assert code == 2
    assert "did you mean 'cells'?" in err


@pytest.mark.slow
def test_overrides_backends_and_parts_of_a_run(call):
    assert (
        call(
            "run",
            "tiny.toml",
            "-q",
            "-o",
            "n.h5",
            "--backend",
            "numpy",
            "--set",
            "lagrangian.units=[5]",
            "--set",
            "eulerian.scheme=mc",
        )[0]
        == 0
    )
    run = mfpde.open_run("n.h5")
    assert run.units == [5]
    assert run.case["eulerian"]["scheme"] == "mc"
    assert json.loads(call("compare", "n.h5", "--json")[1])["rate"]["function_gap"]["slope"] is None
    assert call("run", "tiny.toml", "-q", "-o", "density.h5", "--set", "lagrangian.units=[]")[0] == 0
    assert call("compare", "density.h5")[0] == 0
    assert call("run", "tiny.toml", "-q", "-o", "networks.h5", "--set", "eulerian.enabled=false")[0] == 0
    assert json.loads(call("compare", "networks.h5", "--json")[1])["eulerian"] is None
    for name in ("n", "density", "networks"):
        assert call("plot", f"{name}.h5", "--format", "svg")[0] == 0
    code, _, err = call("plot", "n.h5", "--format", "pgn")
    assert code == 2
    assert "--format pgn: is no format of figures; did you mean 'png'?" in err


def test_python_interface_gives_xarray(call):
    case = mfpde.load_case("tiny.toml")
    run = mfpde.run(case.replace(time=0.2))
    assert run.integrate(run.mu.sel(time=0.2), "b").dims == ("a", "w")
    assert "rate" in run.compare().table
    assert "function gap" in repr(run.compare())


def test_cases_are_listed_and_copied(call):
    code, out, _ = call("cases")
    assert code == 0
    assert {"mcycle", "gaussian_mixture", "birth_death", "dynamical_clt", "teacher_student"} <= set(
        re.findall(r"^\w+", out, re.M)
    )
    assert call("cases", "--copy", "mine")[0] == 0
    assert mfpde.load_case("mine/mcycle.toml").title
    assert call("cases", "--copy", "mine")[0] == 2


SMALL = {
    "stuck": [
        "time=1",
        "parameters.a.cells=11",
        "parameters.c.cells=40",
        "data.inputs.points=40",
        "data.inputs.high=9.75",
    ],
    "relu_optimum": [
        "parameters.a.cells=12",
        "parameters.w.cells=8",
        "parameters.b.cells=8",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=2",
    ],
    "mcycle": [
        "parameters.w.cells=20",
        "parameters.b.cells=20",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=4",
    ],
    "teacher_student": [
        "parameters.a.cells=21",
        "parameters.w.cells=20",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=4",
    ],
    "two_inputs": [
        "parameters.a.cells=9",
        "parameters.w.cells=8",
        "parameters.b.cells=8",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=4",
    ],
    "iris": [
        "parameters.a.cells=21",
        "parameters.w.cells=20",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=4",
        "characteristics.nodes=64",
    ],
    "population_teacher": [
        "parameters.a.cells=21",
        "parameters.w.cells=20",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=4",
    ],
    "gaussian_mixture": [
        "parameters.a.cells=33",
        "parameters.b.cells=32",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=4",
    ],
    "birth_death": ["parameters.a.cells=33", "parameters.b.cells=64", "time=1", "lagrangian.replicates=4"],
    "dynamical_clt": [
        *(
            "parameters.a.cells=17",
            "parameters.w.cells=16",
            "time=1",
            "lagrangian.units=[30,90]",
            "lagrangian.replicates=4",
        ),
        *("characteristics.nodes=256", "fluctuations.rank=16"),
    ],
    "law_of_large_numbers": [
        "parameters.a.cells=17",
        "parameters.w.cells=16",
        "time=1",
        "lagrangian.units=[30,90]",
        "lagrangian.replicates=4",
    ],
    "finite_steps": [
        "time=1",
        "lagrangian.units=[30]",
        "lagrangian.replicates=4",
        "descent.units=30",
        "descent.replicates=2",
        "descent.steps=[0.05,0.5]",
    ],
    "double_well": ["time=1", "parameters.x.cells=41", "lagrangian.units=[20]", "lagrangian.replicates=2"],
    "kuramoto": ["time=1", "parameters.s.cells=32", "lagrangian.units=[20]", "lagrangian.replicates=2"],
    "attention": ["time=0.2", "parameters.s.cells=64", "lagrangian.units=[20]", "lagrangian.replicates=2"],
    "spikes": ["time=1", "parameters.x.cells=16", "parameters.y.cells=16", "lagrangian.units=[25]"],
    "sphere": ["time=1", "lagrangian.units=[20,40]", "lagrangian.replicates=4", "characteristics.nodes=64"],
}


#: of cases with many: some that differ in kind; the others are built, and not run
VARIANTS = {
    "sphere": ["data_zero_penalty", "population"],
    "dynamical_clt": ["bias", "birth_death"],
    "birth_death": ["full_descent", "bad_births"],
    "stuck": ["bad_reservoir", "bad_networks"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_every_shipped_case_runs_small(name, call):
    assert set(SMALL) == {
        entry["name"]
        for entry in json.loads(call("cases", "--json")[1])["cases"]
        if entry["kind"] == "example"
    }
    settings = [word for override in SMALL[name] for word in ("--set", override)]
    settings += [word for variant in VARIANTS.get(name, []) for word in ("--variant", variant)]
    assert call("run", name, "-q", *settings, "--set", "output.every=0.5")[0] == 0
    for case in load_variants(name).values():
        build_model(case)
    variants = load_variants(name, only=VARIANTS.get(name, []))
    outputs = {variant: f"{name}-{variant}.h5" if variant else f"{name}.h5" for variant in variants}
    for variant, output in outputs.items():
        health = mfpde.open_run(output).health
        assert health["finished"]
        if variants[variant].eulerian.enabled:
            # that one runs in single precision
            assert health["eulerian"]["mass_drift"] < (1e-5 if name == "two_inputs" else 1e-12)
    assert call("plot", *outputs.values(), "--format", "png")[0] == 0


#: what is put wrong: overrides (or a change of the case's text), and what the one sentence must say
WRONG = [
    (["eulerian.shceme=mc"], "unknown key 'eulerian.shceme'; did you mean 'scheme'?"),
    (["egg=1"], "unknown key 'egg'"),
    (["parameters.a.cell=10"], "unknown key 'parameters.a.cell'; did you mean 'cells'?"),
    (["parameters.a.initial.sdt=1"], "unknown key 'parameters.a.initial.sdt'; did you mean 'std'?"),
    (["data.inputs.lo=1"], "unknown key 'data.inputs.lo'; did you mean 'low'?"),
    (["model.penalty.lamda=1"], "unknown key 'model.penalty.lamda'; did you mean 'lambda'?"),
    (["parameters.c.fixed=1"], "parameters.c: the model has no such parameter"),
    (["time=-1"], "time: "),
    (["time=soon"], "time: expected a number, got 'soon'"),
    (["time=nan"], "time: "),
    (["parameters.a.cells=10.5"], "parameters.a.cells: expected a whole number"),
    (["parameters.a.cells=-3"], "parameters.a.cells: "),
    (["parameters.a.domain=[4,-4]"], "low < high"),
    (["parameters.a.domain=[-1,1]"], "narrower than the initial normal law"),
    (["parameters.a.domain=wide"], "parameters.a.domain: expected [low, high], two numbers, got 'wide'"),
    (["parameters.a.initial.law=gauss"], "parameters.a.initial.law: 'gauss' is not one of the choices"),
    (["parameters.a.initial.std=0"], "parameters.a.initial.std: "),
    (["parameters.a.initial.within=[50,60]"], "next to no mass"),
    (["parameters.a.fixed=1"], "a 'fixed' parameter has neither"),
    (["lagrangian.units=[-5]"], "lagrangian.units.0: "),
    (["lagrangian.units=[10,10]"], "names a width twice"),
    (["lagrangian.replicates=[1,2,3]"], "'replicates' lists 3 counts for 2 widths"),
    (["lagrangian.replicates=0"], "lagrangian.replicates: "),
    (["eulerian.scheme=muscl"], "'muscl' is not one of the choices"),
    (["eulerian.backend=cuda"], "'cuda' is not one of the choices"),
    (["eulerian.cfl=0.9"], "eulerian.cfl: "),
    (["model.activation=rleu"], "unknown activation 'rleu'; did you mean 'relu'?"),
    (["model.activation=log(t)"], "is not finite"),
    (["model.activation=t+y"], "unknown name 'y'"),
    (["model.kind=transformer"], "model.kind: 'transformer' is not one of the choices"),
    (["model.penalty.power=0.5"], "model.penalty.power: "),
    (["data.teacher=sin(x1)"], "unknown name 'x1'"),
    (["data.teacher=1/x0", "data.inputs.points=13"], "is not finite"),
    (["data.teacher=__import__('os')"], "unknown function '__import__'"),
    (["data.inputs.law=cauchy"], "data.inputs.law: 'cauchy' is not one of the choices"),
    (["data.file=x.csv"], "either 'file'"),
    (["dynamics.births={a={law='point'}}"], "'births' needs birth_death > 0"),
    (
        ["dynamics.birth_death=1", "dynamics.births={c={law='point'}}"],
        "dynamics.births.c: is not a free parameter",
    ),
    (["dynamics.birth_death=1", "dynamics.births={a={law='point',at=9}}"], "dynamics.births.a: the domain"),
    (["output.every=0"], "output.every: "),
    (["output.every=1e-9"], "output.every: more than 100000 frames"),
    (["time.x=1"], "'time' holds a value, not a table"),
    (["eulerian.enabled=false", "lagrangian.units=[]"], "nothing to do"),
    (["time=true"], "time: expected a number, got True"),
    (["model.bias=yes"], "model.bias: expected true or false, got 'yes'"),
    (["parameters.a.initial.within=[3,3]"], "expected [low, high] with low < high"),
    (["parameters.a.periodic=true"], "parameters.a.periodic: f is linear in a"),
    (["parameters.b.periodic=true"], "parameters.b.periodic: the model is not periodic in b with period 8"),
    (
        ["parameters.a.initial={law='uniform',std=1}"],
        "unknown key 'parameters.a.initial.std' (known: law, low, high)",
    ),
    (["data.teacher={kind='formula'}"], "the key 'data.teacher.formula' is required"),
    (["lagrangian.seed=99999999999999999999999999"], "lagrangian.seed: "),
    (
        ["lagrangian.units=[10000000]", "lagrangian.replicates=100000"],
        "would fit; use fewer units or replicates",
    ),
    (["parameters.a.cells=999999", "parameters.w.cells=999999"], "GB; use fewer cells"),
    (["lagrangian.tolerance=1e-300"], "lagrangian.tolerance: expected at least 1e-13"),
    (["model.bias=false"], "parameters.b: the model has no bias"),
    (["model.penalty.strength=1"], "unknown key 'model.penalty.strength'"),
    (["nonsense"], "--set nonsense: expected key=value"),
]


@pytest.mark.parametrize(
    ("overrides", "message"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_wrong_settings_get_one_sentence(overrides, message, call):
    settings = [word for override in overrides for word in ("--set", override)]
    code, out, err = call("run", "tiny.toml", *settings)
    assert code == 2
    assert message in err
    assert "tiny.toml" in err or "--set" in err or "data." in err or "model." in err
    assert len(err.strip().splitlines()) == 1
    assert out == ""
    assert not Path("tiny.h5").exists()


FILE = 'file = "d.csv"\nx = "u"\ny = "v"'
TABLES = {
    "u,v\n1,2\n": "1 row(s) of data; at least 2",
    "u,v\n1,2\n3,four\n": "line 3, column 'v': expected a number, got 'four'",
    "u,v\n1,2\n3,nan\n": "line 3, column 'v': has no value; write data.missing = \"drop\"",
    "u,v\n1,2\n3\n": "line 3, column 'v': has no value",
    "u,w\n1,2\n3,4\n": "no column 'v'",
    "": "is empty",
    "u,v\n1,2\n1,3\n": "column 'u' is constant",
    "u,v\n1,2\n1_0,3\n": "expected a number, got '1_0'",
    "u,v\n1,2\n3,4,5\n": "line 3: has 3 cells under a header of 2",
}


@pytest.mark.parametrize("table", TABLES)
def test_wrong_tables_get_one_sentence(table, call):
    Path("tiny.toml").write_text(
        re.sub(r"teacher = .*\ninputs = .*", FILE + "\nstandardize = true", CASE), encoding="utf-8"
    )
    Path("d.csv").write_text(table, encoding="utf-8")
    code, _, err = call("run", "tiny.toml")
    assert code == 2
    assert TABLES[table] in err
    assert "d.csv" in err or "tiny.toml" in err
    assert len(err.strip().splitlines()) == 1


def test_wrong_files_get_one_sentence(call, tmp_path):
    Path("tiny.toml").write_text(re.sub(r"teacher = .*\ninputs = .*", FILE, CASE), encoding="utf-8")
    Path("bad.toml").write_text("time = = 3", encoding="utf-8")
    Path("binary.toml").write_bytes(b"\xff\xfe\x00")
    Path("text.h5").write_text("no", encoding="utf-8")
    Path("folder.h5").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe.h5")
    Path("digits.toml").write_text(f"time = {'9' * 5000}", encoding="utf-8")
    with h5py.File("other.h5", "w") as file:
        file["x"] = np.ones(3)
    np.savez("d.npz", u=np.array(["a", "b"]), v=np.ones(2))
    attempts = {
        ("run", "tiny.toml"): "data file 'd.csv' does not exist",
        ("run", "tiny.toml", "--set", "data.file=d.xls"): "expected a file ending in",
        (
            "run",
            "tiny.toml",
            "--set",
            "data.file=d.npz",
        ): "row 1 of the data, column 'u': expected a number, got 'a'",
        ("run", "absent.toml"): "no such case file",
        ("run", "mcylce"): "did you mean 'mcycle'?",
        ("run", "bad.toml"): "is not valid TOML",
        ("run", "binary.toml"): "not UTF-8",
        ("run", "."): "is a folder",
        ("run", "mcycle", "-o", "no/such/folder.h5"): "does not exist",
        ("run", "mcycle", "-o", "text.h5"): "exists already",
        ("run", "mcycle", "-o", "folder.h5"): "is a folder",
        ("run", "mcycle", "-o", "out.csv"): "expected one ending in .h5",
        **(
            {("run", "mcycle", "-o", "pipe.h5", "--overwrite"): "is not a regular file"}
            if hasattr(os, "mkfifo")
            else {}
        ),
        ("run", "x" * 5000): "is not the name of a file",
        ("run", "mcycle", "-o", "y" * 300 + ".h5"): "cannot be written",
        ("run", "digits.toml"): "is not valid TOML",
        ("cases", "--copy", "text.h5"): "cannot be copied there",
        ("compare", "folder.h5"): "is a folder",
        ("run", "mcycle", "--device", "warp drive"): "no OpenCL device of that name",
        ("run", "mcycle", "--device", "99"): "numbered from 0",
        ("compare", "absent.h5"): "no such output file",
        ("compare", "text.h5"): "not a readable HDF5 file",
        ("plot", "other.h5"): "not an output of mfpde run",
        ("inspect", "other.h5"): "not an output of mfpde run",
    }
    for arguments, message in attempts.items():
        code, out, err = call(*arguments)
        assert code == 2, (arguments, err)
        assert message in err, (arguments, err)
        assert len(err.strip().splitlines()) == 1, (arguments, err)
        assert out == ""
    assert Path("text.h5").read_text(encoding="utf-8") == "no"


def test_every_module_of_verbs_is_a_verb():
    commands = typer.main.get_command(build_app()).commands
    assert list(commands)[:3] == ["run", "resume", "compare"]  # in the order of a day's work
    assert set(commands) == {module.name for module in pkgutil.iter_modules(verbs.__path__)}


def test_help_is_quick_to_import():
    """--help must not import numerical libraries."""
    heavy = ("numpy", "scipy", "h5py", "xarray", "sympy", "pyopencl", "matplotlib", "pydantic")
    code = f"import sys, mfpde.cli; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def start_long_run(folder):
    """A run of many small frames in a process of its own, under way when this returns."""
    text = (
        CASE.replace("time = 0.4", "time = 4000")
        .replace("every = 0.1", "every = 2")
        .replace("every = 0.2", "every = 4")
    )
    (folder / "tiny.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mfpde", "run", "tiny.toml", "--set", "eulerian.scheme=mc"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (folder / "tiny.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    return process


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals to a process, only to all of a console")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_takes_a_checkpoint_and_says_how_to_go_on(number, tmp_path):
    process = start_long_run(tmp_path)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "mfpde resume tiny.h5" in err
    assert "Traceback" not in err
    run = mfpde.open_run(tmp_path / "tiny.h5")
    assert len(run.times) >= 1
    assert run.health["finished"] is False
    assert "interrupted" in run.health["failure"]
    run.compare()


@pytest.mark.slow
def test_a_killed_run_leaves_every_flushed_frame_readable(tmp_path):
    process = start_long_run(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    run = mfpde.open_run(tmp_path / "tiny.h5")
    assert len(run.times) >= 1
    assert run.health["finished"] is False
    assert np.isfinite(run.eulerian["energy"].values).all()
    run.compare()


def test_an_old_output_stays_until_the_new_run_has_a_frame(call):
    assert call("run", "tiny.toml", "-q")[0] == 0
    before = Path("tiny.h5").read_bytes()
    code, _, err = call(
        "run",
        "tiny.toml",
        "-q",
        "--overwrite",
        "--set",
        "model.penalty.lambda=1e12",
        "--set",
        "model.penalty.power=8",
    )
    assert code == 3
    assert "time step collapsed" in err
    assert mfpde.open_run("tiny.h5").health["failure"]  # it had its frame at time 0
    Path("tiny.h5").write_bytes(before)
    assert call("run", "tiny.toml", "-q", "--overwrite", "--set", "model.activation=log(t)")[0] == 2
    assert Path("tiny.h5").read_bytes() == before
    assert sorted(p.name for p in Path().iterdir()) == ["tiny.h5", "tiny.h5.checkpoints", "tiny.toml"]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_encoding_without_our_letters_ends_no_command(encoding, small_run):
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    for verb in ("inspect", "compare"):
        command = [sys.executable, "-m", "mfpde", verb, str(small_run.path)]
        done = subprocess.run(command, env=environment, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
