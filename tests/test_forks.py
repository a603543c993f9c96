"""Copies of a process by fork: drivers do not work in the copy of one that has used them, NumPy does, and all
do where none was used.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")

BEGIN = """
import json, multiprocessing, sys, warnings
warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
import mfpde, mfpde.errors

def tried(work):
    try:
        return work()
    except mfpde.errors.InputError as error:
        return f"refused: {error}"

def run(device=None):
    return tried(lambda: mfpde.run(case, device=device).mu.values[-1].sum().item())

def child(work):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply_async(work).get(30)

case = mfpde.load_case("case.toml")
"""
CASE = """
time = 0.1
model = {kind = "potential", external = "x^2/2"}
parameters.x = {domain = [-8, 8], cells = 32, initial = {law = "normal"}}
lagrangian = {units = [10], replicates = 2}
"""


@pytest.fixture
def answers(tmp_path):
    """What a program prints as JSON; it ends in time, or the test fails."""
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    root = str(Path(__file__).parents[1])

    def ask(program):
        env = os.environ | {"PYTHONPATH": root, "TMPDIR": str(tmp_path), "MFPDE_THREADS": "2"}
        done = subprocess.run(
            [sys.executable, "-c", BEGIN + program],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return ask


@pytest.mark.slow
def test_every_way_to_opencl_is_refused_in_a_copy_of_a_process_that_used_it(answers):
    program = """
from mfpde.device.buffers import Buffers
from mfpde.device.choice import choose_device
from mfpde.device.doctor import examine
from mfpde.device.runtime import find_devices
from mfpde.verify.checks import verify
from pathlib import Path

parent = mfpde.run(case, "out.h5")
device = choose_device()
buffers = Buffers(device)
held = buffers.upload(__import__("numpy").ones(3))
ways = {
    "run": lambda: mfpde.run(case),
    "resume": lambda: mfpde.resume("out.h5", until=0.2),
    "doctor": examine,
    "verify": lambda: verify(None, Path()),
    "devices": find_devices,
    "context": lambda: device.context,
    "memory": lambda: buffers.read(held, 3, float),
}
def all_ways():
    return {name: str(tried(way)) for name, way in ways.items()}
print(json.dumps(child(all_ways)))
"""
    for way, answer in answers(program).items():
        assert answer.startswith("refused: OpenCL was used before this process was forked"), (way, answer)
        assert 'multiprocessing.get_context("spawn").Pool()' in answer


@pytest.mark.slow
def test_numpy_works_in_a_copy_of_a_process_that_used_all_there_is(answers):
    program = """
here = run(), run("numpy")
from mfpde import threads
assert threads.each(str, range(9)) and threads._pool.cache_info().currsize
def work():
    return run("numpy"), threads.each(str, range(9))[-1]
print(json.dumps([here[1], *child(work)]))
"""
    here, there, last = answers(program)
    assert here == there
    assert last == "8"


@pytest.mark.slow
def test_opencl_works_in_a_copy_of_a_process_that_had_not_used_it(answers):
    first, second = answers("first = child(run)\nprint(json.dumps([first, run()]))")
    assert first == second


def test_drivers_that_others_have_loaded_count_too(answers):
    program = "import pyopencl, mfpde.device.choice\npyopencl.get_platforms()\nprint(json.dumps(child(run)))"
    found = answers(program)
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells which libraries a process has loaded")
    assert str(found).startswith("refused: ")
