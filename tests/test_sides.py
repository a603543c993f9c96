"""A side is one module and its name: it takes turns, is measured, stored, told of and resumed as the others
are.
"""

import sys

import h5py
import numpy as np
import pytest
import trial_side
from conftest import small_case
from test_metrics import NUMPY, Told, forget

from mfpde import metrics, sides
from mfpde.runs import resume, simulate
from mfpde.runs.loop import not_finite
from mfpde.simulation import build_simulation


@pytest.fixture
def with_a_unit(monkeypatch):
    """One side more, and what it shows."""
    monkeypatch.setitem(sys.modules, "mfpde.sides.unit", trial_side)
    monkeypatch.setitem(sys.modules, "mfpde.metrics.unit", trial_side)
    monkeypatch.setattr(sides, "SIDES", (*sides.SIDES, "unit"))
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, "unit"))
    forget()
    yield
    monkeypatch.undo()
    forget()


class Watching(Told):
    """Keeps the names of what moves."""

    def __init__(self):
        super().__init__()
        self.moved = []

    def progress(self, time, end, facts):
        """Told often."""
        self.moved.append(facts["side"])


@pytest.mark.usefixtures("with_a_unit")
def test_a_new_side_runs_beside_the_others_and_is_resumed(tmp_path):
    report = Watching()
    simulate(small_case(**NUMPY), tmp_path / "a.h5", device="numpy", report=report)
    assert {"density", "networks n = 20, 60", "unit"} <= set(report.moved)
    resume(tmp_path / "a.h5", until=1.0, device="numpy")
    simulate(small_case(**NUMPY | {"time": 1.0}), tmp_path / "b.h5", device="numpy")
    with h5py.File(tmp_path / "a.h5") as file, h5py.File(tmp_path / "b.h5") as whole:
        np.testing.assert_array_equal(file["unit/x"], whole["unit/x"])
        assert file["unit/x"][-1] == pytest.approx(0.99**100)


@pytest.mark.usefixtures("with_a_unit")
def test_a_run_of_nothing_else_has_it(tmp_path):
    case = small_case(**NUMPY | {"eulerian.enabled": False, "lagrangian.units": []})
    simulate(case, tmp_path / "a.h5", device="numpy")
    with h5py.File(tmp_path / "a.h5") as file:
        assert len(file["unit/x"]) == 3


def test_sides_take_turns_in_the_order_of_the_list():
    case = small_case(**NUMPY, **{"eulerian.error_estimate": True, "characteristics.nodes": 64})
    simulation = build_simulation(case, "numpy")
    assert [side.name for side in simulation.sides] == ["density", "companions", "nodes", "networks"]
    moved = []
    simulation.advance(0.25, lambda time, facts: moved.append(facts["side"]))
    first = list(dict.fromkeys(moved))
    assert first == [name for side in simulation.sides for name in side.parts()]
    assert simulation.time == 0.25


def test_nodes_of_a_prediction_are_moved_once():
    case = small_case(**NUMPY, **{"fluctuations": {"predict": True, "rank": 4}, "characteristics.nodes": 216})
    simulation = build_simulation(case, "numpy")
    parts = {side.name: list(side.parts()) for side in simulation.sides}
    assert parts["nodes"] == []
    assert parts["fluctuations"] == ["fluctuations", "fluctuations by half the nodes"]
    assert list(simulation.checkpoint()["particles"]) == ["fluctuations", "networks"]
    assert {"nodes", "networks", "energy 0"} == set(simulation.fingerprint)


def test_a_side_that_may_diverge_ends_no_run():
    state = {"particles": {"descent": {"x": np.array([np.nan])}, "nodes": {"x": np.array([np.inf])}}}
    assert not_finite(state, ["descent"]) == "particles/nodes/x"
    assert not_finite(state, ["descent", "nodes"]) == ""
