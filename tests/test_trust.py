"""Drivers that crash, hang, compute nonsense or forget end no run, here by a driver that does so on purpose
(`mfpde.device.false_driver`).
"""

import json
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from mfpde.device.apart import LIMIT_VARIABLE, run_apart
from mfpde.device.choice import choose
from mfpde.device.needs import ALL, Need
from mfpde.device.runtime import Manner
from mfpde.device.trust import asked_before, examine, manners, name_of
from mfpde.verify.probe import problem_of

CASE = """
time = 0.2
[data]
teacher = "sin(x0)"
inputs = { law = "grid", low = -2, high = 2, points = 8 }
[parameters.a]
domain = [-3, 3]
cells = 12
initial = { law = "normal", within = [-2, 2] }
[parameters.w]
domain = [-3, 3]
cells = 12
initial = { law = "normal", within = [-2, 2] }
[parameters.b]
fixed = 0.5
[eulerian]
enabled = false
[lagrangian]
units = [10, 20]
replicates = 2
"""
WITH_MESH = ["--set", "eulerian.enabled=true"]


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder for all workers: what drivers have compiled is nobody's verdict, and a sound driver need not
    be probed for every test.
    """
    return (
        tmp_path_factory.getbasetemp().parent
        / f"shared-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    )


@pytest.fixture
def run(tmp_path, shared):
    """Runs the case in a process of its own; a driver that fails as it is told has a cache of its own."""
    (tmp_path / "tiny.toml").write_text(CASE)

    def go(fault="", *arguments, name="tiny.h5", limit="60", verb=("run", "tiny.toml")):
        environment = os.environ | {
            "XDG_CACHE_HOME": str(tmp_path / "cache" if fault else shared),
            "POCL_CACHE_DIR": str(shared / "compiled"),
        }
        environment |= {"MFPDE_TEST_DRIVER": fault, LIMIT_VARIABLE: limit}
        command = [
            sys.executable,
            "-m",
            "mfpde",
            *verb,
            *(["-o", name] if verb[0] == "run" else []),
            *arguments,
        ]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        return done.returncode, " ".join(done.stderr.split()), tmp_path / name

    return go


def facts_of(path):
    with h5py.File(path) as file:
        return json.loads(file.attrs["device"]), json.loads(file.attrs["device_notes"])


def results_of(path):
    with h5py.File(path) as file:
        return file["lagrangian/20/prediction"][()]


# --- every width, wherever the tests run

LANES = (1, 2, 4, 8, 16)
WIDTHS = [
    (lanes * size, precision) for precision, size in (("float64", 8), ("float32", 4)) for lanes in LANES
]
EVERY_SOUND_WIDTH = """
import json, sys
from mfpde.device.runtime import Manner, find_devices
from mfpde.verify.probe import problem_of
device = next(d for d in find_devices() if d.identity == json.loads(sys.argv[1]))
for size, precision in json.loads(sys.argv[2]):
    for kind in ("mesh", "network"):
        if problem := problem_of(kind, precision, device.built(Manner(size))):
            print(json.dumps({"problem": f"{kind} {precision}, {size} bytes: {problem}"}))
            sys.exit()
print(json.dumps({"problem": ""}))
"""
WAYS_TO_FAIL = (
    "crashes",
    "does not answer",
    "without its kernels",
    "differs from the reference",
    "the OpenCL compiler",
)


def is_sound(size, device):
    return not device.is_cpu or size <= device.sound_bytes


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_every_sound_width_is_right_and_loads_again_in_a_second_process(
    precision, device, monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(LIMIT_VARIABLE, "300")
    sizes = [[size, p] for size, p in WIDTHS if p == precision and is_sound(size, device)]
    assert len(sizes) >= 3
    for _ in ("compiled", "loaded"):
        assert run_apart(["-c", EVERY_SOUND_WIDTH, json.dumps(device.identity), json.dumps(sizes)])[0] == ""


@pytest.mark.slow
@pytest.mark.parametrize(("size", "precision"), WIDTHS)
def test_a_width_that_may_not_be_sound_ends_no_process_but_that_of_the_probe(
    size, precision, device, monkeypatch, tmp_path
):
    """It is as likely to be refused (on Zen 4 under PoCL) as to be right."""
    if is_sound(size, device):
        return  # seen above
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(LIMIT_VARIABLE, "12")
    from mfpde.device import trust

    problem = trust._probe(device, 0, Manner(size), [Need("network", precision)], "kept")[
        f"network {precision}"
    ]
    assert problem == "" or any(word in problem for word in WAYS_TO_FAIL)


# --- drivers that fail


@pytest.fixture
def chosen(tmp_path, shared, monkeypatch):
    """What a case would run on under a driver that fails as it is told; this process builds nothing, the
    probes do.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("POCL_CACHE_DIR", str(shared / "compiled"))

    def choose_under(fault, **more):
        monkeypatch.setenv("MFPDE_TEST_DRIVER", fault)
        return choose(needs=[Need("network", "float64")], **more)

    return choose_under


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "said"),
    [("segfault", "SIGSEGV"), ("zeros", "differs from the reference"), ("forget", "without their kernels")],
)
def test_a_device_that_crashes_errs_or_forgets_in_every_manner_is_passed_over(fault, said, device, chosen):
    found = chosen(fault)
    assert found.device is None
    assert said in found.notes[0]
    assert "runs on NumPy" in found.notes[0]


@pytest.mark.slow
def test_a_driver_that_aborts_ends_no_run(run):
    code, err, path = run("abort")
    assert code == 0
    assert "SIGABRT" in err
    assert "runs on NumPy" in err
    described, notes = facts_of(path)
    assert described == {"name": "host (NumPy)"}
    assert "SIGABRT" in notes[0]
    assert run("", "--backend", "numpy", name="numpy.h5")[0] == 0
    assert np.array_equal(results_of(path), results_of(path.with_name("numpy.h5")))
    code, err, _ = run("abort", name="again.h5")  # the verdict is remembered, and said again
    assert code == 0
    assert "checking" not in err
    assert "runs on NumPy" in err


@pytest.mark.slow
def test_a_driver_that_hangs_is_given_up_after_two_manners(device, chosen, monkeypatch):
    monkeypatch.setenv(LIMIT_VARIABLE, "4")
    told = []
    found = chosen("hang", tell=told.append)
    assert found.device is None
    assert "does not answer within 4 seconds" in found.notes[0]
    assert len(told) == min(2, len(manners(device.built(Manner()))))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "form"), [("abort@wide", "vectors of 16 bytes"), ("segfault@rows", "cells")]
)
def test_what_fails_in_one_manner_is_built_in_another(fault, form, device, chosen):
    if not device.is_cpu:
        pytest.skip("GPUs have one manner")
    found = chosen(fault)
    assert form in found.device.form
    assert form in found.notes[0]
    assert "crashes" in found.notes[0]
    assert problem_of("network", "float64", found.device) == ""  # and there this process may build it


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["segfault@list", "hang@list"])
def test_drivers_that_fail_when_they_are_asked_for_devices_leave_numpy(fault, run):
    code, err, path = run(fault, limit="4")
    assert code == 0
    assert "cannot be asked for their devices" in err
    assert facts_of(path)[0] == {"name": "host (NumPy)"}
    code, err, _ = run(fault, "--backend", "opencl", name="no.h5", limit="4")
    assert code == 2
    assert "cannot be asked for their devices" in err


@pytest.mark.slow
def test_a_device_that_is_asked_for_by_name_is_used_whatever_the_probe_says(device, chosen):
    found = chosen("zeros", selector=device.name)
    assert found.device.name == device.name
    assert "because --device says so" in found.notes[0]
    assert "differs from the reference" in found.notes[0]


@pytest.mark.slow
def test_a_forgotten_program_is_built_anew_past_the_cache(run):
    """What a device that was asked for by name does in the second process that needs a program."""
    assert run("", "--device", "0", name="right.h5")[0] == 0
    for name in ("first.h5", "second.h5"):
        code, _, path = run("forget", "--device", "0", name=name)
        assert code == 0
        assert np.array_equal(results_of(path), results_of(path.with_name("right.h5")))


@pytest.mark.slow
def test_without_float64_float32_runs_on_the_device_and_float64_on_numpy(run):
    code, err, path = run("no_float64", *WITH_MESH)
    assert code == 0
    assert "no double precision" in err
    assert facts_of(path)[0] == {"name": "host (NumPy)"}
    single = [*WITH_MESH, "--set", "eulerian.precision=float32", "--set", "lagrangian.precision=float32"]
    code, err, path = run("no_float64", *single, name="single.h5")
    assert code == 0, err
    assert facts_of(path)[0]["fp64"] is False
    np.testing.assert_allclose(results_of(path), results_of(path.with_name("tiny.h5")), rtol=0, atol=1e-4)


# --- in the middle of a run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "said"), [("abort@late", "Aborted"), ("segfault@late", "Segmentation fault")]
)
def test_a_crash_in_the_middle_is_explained_and_the_run_goes_on_from_its_checkpoint(fault, said, run):
    longer = ["--set", "time=2.0", "--set", "output.every=0.01", "--set", "output.fields_every=0.01"]
    code, err, path = run(fault, *longer)
    assert code < 0
    assert said in err
    assert "last checkpoint" in err
    assert f"mfpde resume {path.name}" in err
    assert run("", name=path.name, verb=("resume", path.name))[0] == 0
    assert run("", *longer, name="whole.h5")[0] == 0
    assert np.array_equal(results_of(path), results_of(path.with_name("whole.h5")))


def test_a_run_that_ends_by_itself_has_no_last_words(run):
    code, err, _ = run("", "--quiet", "--device", "0")
    assert (code, err) == (0, "")


# --- verdicts


def test_a_verdict_is_kept_and_damaged_ones_are_found_anew(device, monkeypatch, tmp_path):
    from mfpde.device import trust

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked = []
    monkeypatch.setattr(trust, "_ask", lambda word, request: asked.append(request["kind"]) or "")
    needs = [Need("mesh", "float64"), Need("network", "float32")]
    device = device.built(Manner())
    assert examine(device, needs).sound == device
    assert sorted(asked) == ["mesh", "mesh", "network", "network"]  # in a first process and in a second
    assert examine(device, needs[:1]).sound == device
    assert len(asked) == 4
    assert examine(device, [Need("tangent", "float64")]).sound == device
    assert len(asked) == 6
    assert set(asked_before(device)) == {*needs, Need("tangent", "float64")} <= set(ALL)
    assert examine(device, needs, anew=True).sound == device
    assert len(asked) == 10
    (file,) = (tmp_path / "mfpde" / "devices").glob("*.json")
    file.write_text("{")
    assert examine(device, needs).sound == device
    assert len(asked) == 14


def test_manners_narrow_until_one_serves(device, monkeypatch, tmp_path):
    from mfpde.device import trust

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    device, told = device.built(Manner()), []
    last = manners(device)[-1]
    monkeypatch.setattr(trust, "_ask", lambda word, r: "" if Manner(**r["manner"]) == last else "it errs")
    verdict = examine(device, [Need("mesh", "float64")], told.append)
    assert verdict.sound == device.built(last)
    assert len(told) == len(manners(device))
    assert verdict.problem.count("it errs") == 1 if len(told) > 1 else verdict.problem == ""
    assert all(name_of(device, manner) in verdict.problem for manner in manners(device)[:-1])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_a_probe_that_somebody_kills_is_no_verdict(device, monkeypatch, tmp_path):
    from mfpde.device import trust

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    ended, _ = run_apart(["-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
    assert "ended from outside (SIGKILL)" in ended
    monkeypatch.setattr(trust, "_ask", lambda word, request: ended)
    assert examine(device.built(Manner()), [Need("mesh", "float64")]).sound is None
    monkeypatch.setattr(trust, "_ask", lambda word, request: "")
    assert examine(device.built(Manner()), [Need("mesh", "float64")]).sound == device.built(Manner())


def test_of_several_drivers_the_one_that_crashes_is_passed_over(monkeypatch, tmp_path):
    from mfpde.device import drivers

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in drivers.USER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(drivers, "_registered", lambda: ["good.so", "bad.so"])
    asked = []

    def ask(only):
        asked.append(only)
        return "it crashes" if only is None or "bad.so" in only else ""

    monkeypatch.setattr(drivers, "_ask", ask)
    for _ in ("asked", "remembered"):
        # for this process and those it starts, and put back after the test
        monkeypatch.setenv(drivers.VARIABLE, "")
        can_ask, problem = drivers.settle_drivers()
        assert can_ask
        assert "'bad.so' is passed over, since it crashes" in problem
        assert "good.so" not in problem
        folder = drivers.Path(os.environ[drivers.VARIABLE])
        assert [file.read_text() for file in folder.iterdir()] == ["good.so"]
    assert asked == [None, ["good.so"], ["bad.so"], ["good.so"]]


@pytest.mark.slow
def test_without_any_opencl_every_verb_serves(tmp_path):
    (tmp_path / "tiny.toml").write_text(CASE)
    program = "import sys; sys.modules['pyopencl'] = None; from mfpde.cli import main; main()"
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    def call(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    code, said = call("run", "tiny.toml", *WITH_MESH)
    assert code == 0, said
    assert "pyopencl cannot be used" in said
    assert "runs on NumPy" in said
    assert facts_of(tmp_path / "tiny.h5")[0] == {"name": "host (NumPy)"}
    for arguments in (
        ("compare", "tiny.h5"),
        ("inspect", "tiny.h5"),
        ("doctor",),
        ("resume", "tiny.h5", "--until", "0.3"),
        ("cases",),
    ):
        code, said = call(*arguments)
        assert code == 0, said
    code, said = call("run", "tiny.toml", "--backend", "opencl", "-o", "no.h5")
    assert code == 2
    assert "pyopencl cannot be used" in said


# --- several at once


@pytest.mark.slow
def test_ten_runs_that_start_at_the_same_moment_with_empty_caches_do_not_disturb_one_another(tmp_path):
    (tmp_path / "tiny.toml").write_text(CASE)
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    commands = [[sys.executable, "-m", "mfpde", "run", "tiny.toml", "-q", "-o", f"{k}.h5"] for k in range(10)]
    processes = [
        subprocess.Popen(c, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        for c in commands
    ]
    for process in processes:
        _, err = process.communicate()
        assert (process.returncode, err) == (0, "")
    results = [results_of(tmp_path / f"{k}.h5") for k in range(10)]
    assert all(np.array_equal(one, results[0]) for one in results)
