"""Figures look the same whatever the user's settings of matplotlib are, and leave these alone."""

import os
import subprocess
import sys

import matplotlib
import pytest
from test_saved_network import export

import mfpde
from mfpde.analysis.outside import compare_network, open_network
from mfpde.errors import InputError
from mfpde.figures import plot
from mfpde.figures.convergence import save_convergence
from mfpde.figures.outside import save_outside

#: what would end or change a figure
USERS = {
    "text.usetex": True,
    "lines.linewidth": 9,
    "font.family": ["serif"],
    "font.size": 20,
    "savefig.dpi": 30,
    "savefig.transparent": True,
    "savefig.bbox": "tight",
    "axes.grid": True,
    "figure.facecolor": "red",
    "axes.titlelocation": "right",
    "legend.loc": "center",
    "axes.formatter.use_locale": True,
    "image.cmap": "jet",
    "path.sketch": (3, 10, 1),
    "axes.spines.left": False,
    "svg.fonttype": "none",
}
FILE = """
text.usetex: True
backend: TkAgg
lines.linewidth: 9
font.family: serif
savefig.bbox: tight
path.sketch: 3, 10, 1
"""
TABLE = {
    "refined": "cells",
    "time": 1.0,
    "reference": "characteristics",
    "reference_error": 0.0,
    "orders": {"f": [2.0]},
    "fitted_orders": {"f": 2.0},
    "levels": [
        {"value": 8.0, "errors": {"f": 0.04}, "seconds": 1.0},
        {"value": 16.0, "errors": {"f": 0.01}, "seconds": 2.0},
    ],
    "bounds": {},
}


@pytest.fixture
def opened(small_run):
    return mfpde.open_run(small_run.path)


@pytest.mark.slow
def test_settings_in_force_reach_no_figure_and_come_back(opened, tmp_path):
    network = open_network(opened, export(tmp_path / "network.npz", opened, 20))
    table = compare_network(opened, network)

    def draw(folder):
        (tmp_path / folder).mkdir()
        save_convergence(TABLE, tmp_path / folder / "convergence.png")
        outside = save_outside(opened, network, table, tmp_path / folder, ["png"])
        one = plot(opened, tmp_path / folder, ["overview", "marginals", "gap_by_width"], ["png"])
        several = plot([opened, opened], tmp_path / folder, ["energies"], formats=["png"])
        return {
            file.name: file.read_bytes()
            for file in [tmp_path / folder / "convergence.png", *outside, *one, *several]
        }

    plain = draw("plain")
    with matplotlib.rc_context(USERS):
        before = dict(matplotlib.rcParams)
        assert draw("users") == plain
        assert dict(matplotlib.rcParams) == before
    assert len(plain) > 5


@pytest.mark.slow
def test_a_file_of_settings_reaches_no_figure(opened, tmp_path):
    (tmp_path / "matplotlibrc").write_text(FILE, encoding="utf-8")
    names = ("energy", "function")
    plain = plot(opened, tmp_path / "plain", names, ["png"])
    chosen = [word for name in names for word in ("--only", name)]
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "mfpde",
        "plot",
        str(opened.path),
        "-o",
        "users",
        "--format",
        "png",
        *chosen,
    ]
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")} | {
        "MATPLOTLIBRC": str(tmp_path)
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for file in plain:
        assert (tmp_path / "users" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(("variable", "value"), [("MPLBACKEND", "nonsense"), ("MATPLOTLIBRC", "latin")])
def test_settings_with_which_matplotlib_does_not_start_get_one_sentence(variable, value, opened, tmp_path):
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    command = [sys.executable, "-m", "mfpde", "plot", str(opened.path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {variable: value}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("mfpde: matplotlib cannot be used")
    assert f"{variable} is set to '{value}'" in done.stderr


def test_every_way_to_a_figure_looks_first_whether_matplotlib_starts(command, opened, monkeypatch):
    def refuse():
        raise InputError("matplotlib cannot be used")

    monkeypatch.setattr("mfpde.figures.check_matplotlib", refuse)
    for verb in (
        ["plot", opened.path],
        ["plot", opened.path, "--network", "n.npz"],
        ["converge", "mcycle", "-o", "x.png"],
    ):
        code, _, err = command(*verb)
        assert (code, err) == (2, "mfpde: matplotlib cannot be used\n")
