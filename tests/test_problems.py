"""Every problem of the registry: its example on meshes and as networks, through a file and its readers."""

from pathlib import Path

import numpy as np
import pytest

import mfpde
from mfpde.case.load import case_from_tables
from mfpde.eulerian.build import build_solver
from mfpde.kinds import PROBLEM_TABLES
from mfpde.models import build_model

every_problem = pytest.mark.parametrize("kind", list(PROBLEM_TABLES))


def example(kind, **changes):
    """The small case that the problem's table comes with."""
    tables = PROBLEM_TABLES.module(kind).EXAMPLE
    rest = {"time": 0.5, "output": {"every": 0.25}, "lagrangian": {"units": [20, 80], "replicates": 3}}
    return case_from_tables(rest | tables, Path(f"{kind}.toml")).replace(changes)


@every_problem
def test_the_energy_falls_by_what_is_dissipated(kind):
    case = example(kind, **{"eulerian.backend": "numpy", "eulerian.max_step": 0.005})
    solver = build_solver(case, build_model(case))
    before = solver.state.energy
    solver.advance(0.2)
    assert solver.energy_rise <= 1e-13
    assert before - solver.state.energy == pytest.approx(solver.dissipated, rel=1e-4)


@every_problem
def test_backends_agree_to_rounding(kind, device, tmp_path):
    """Densities, networks and their energies, as files hold them."""
    one, other = (
        mfpde.run(example(kind, **{"eulerian.backend": backend}), tmp_path / f"{backend}.h5")
        for backend in ("numpy", "opencl")
    )
    for path in ("mu", "energy"):
        given, expected = one.eulerian[path].values, other.eulerian[path].values
        np.testing.assert_allclose(given, expected, rtol=0, atol=1e-11 * np.abs(expected).max())
    for path in ("particles", "energy"):
        given, expected = (run.lagrangian(80)[path].values for run in (one, other))
        np.testing.assert_allclose(given, expected, rtol=0, atol=1e-7)  # the tolerance of their integrator


@pytest.mark.slow
@every_problem
def test_verbs_serve_it(kind, tmp_path, command):
    path = mfpde.run(example(kind), tmp_path / "run.h5").path
    for words in (["compare", path], ["inspect", path], ["plot", path, "--only", "energy", "-o", tmp_path]):
        code, _, said = command(*words)
        assert code == 0, said
