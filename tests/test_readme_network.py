"""The network that the README compares with a run: shipped, made by the lines of the documentation,
and read.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mfpde

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "cases/data/mcycle_network.npz"
COARSE = {
    "parameters.a.cells": 7,
    "parameters.w.cells": 20,
    "parameters.b.cells": 20,
    "eulerian.error_estimate": False,
}
SMALL = {
    "time": 10.0,
    "eulerian.backend": "numpy",
    "lagrangian.units": [20, 40],
    "lagrangian.replicates": 2,
} | COARSE


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return mfpde.run(
        mfpde.load_case("mcycle").replace(SMALL), tmp_path_factory.mktemp("mcycle") / "mcycle.h5"
    )


@pytest.mark.slow
def test_the_lines_of_the_documentation_make_the_shipped_network(run):
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/mean_field_limit.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (lines,) = [block for block in blocks if "weights.npz" in block]
    subprocess.run(
        [sys.executable, "-c", lines],
        cwd=run.path.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    with np.load(run.path.parent / "weights.npz") as made, np.load(SHIPPED) as shipped:
        assert set(made) == set(shipped)
        for name in ("time", "a", "w", "b"):
            np.testing.assert_allclose(made[name], shipped[name], rtol=1e-3, atol=1e-3)


def test_what_the_readme_shows_is_there_and_is_read(run, command):
    shown = re.findall(r"--network (\S+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [ROOT / path for path in shown] == [SHIPPED]
    code, out, _ = command("compare", run.path, "--network", SHIPPED, "--json")
    assert code == 0
    table = json.loads(out)
    assert table["times"] == [0, 2, 4, 6, 8, 10]
    assert max(value for row in table["function_gap"]["replicates"] for value in row) < 0.1
