"""The machinery of `python -m benchmarks` on tiny sizes: results of peers, keys of the JSON, figures. Times
are not judged.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import benchmarks.__main__ as command
from benchmarks.accuracy import Sizes, measure_accuracy
from benchmarks.cases import data_case, four_axes, mcycle_mesh, mixture_mesh, units_case
from benchmarks.fallback import measure_fallback
from benchmarks.machine import Machine, measure_machine
from benchmarks.our_steps import step_shares
from benchmarks.ours import Stage, Units, load_case, particle_gradient, transport_stage
from benchmarks.particle_peers import PEERS as PARTICLE_PEERS
from benchmarks.particles import measure_particles
from benchmarks.pde_packages import fipy_stage
from benchmarks.potential import measure_potential
from benchmarks.roofline import fraction_reached, work_per_cell
from benchmarks.rows import ROUNDING, Part, as_json, difference, race
from benchmarks.runs import measure_runs
from benchmarks.timing import IN_A_ROW, Candidate, best_times, gather
from benchmarks.transport_peers import PEERS as TRANSPORT_PEERS
from tests.conftest import rough_density

LIMITS = Machine(
    {"device": {"name": "none"}, "cores": 1},
    {"field": 1e10},
    {"float32": 1e11, "float64": 5e10},
    {"float32": 1e11, "float64": 5e10},
)


@pytest.mark.parametrize(
    ("case", "precision"),
    [(mcycle_mesh(10), "float32"), (mixture_mesh(16), "float64"), (four_axes(6), "float64")],
    ids=["3-D", "2-D", "4-D"],
)
def test_everybody_computes_the_same_stage(case, precision, device):
    mesh = Stage(case).mesh
    stage = Stage(case, rough_density(mesh))
    reference = stage.reference()
    peers, absent = gather(TRANSPORT_PEERS, stage, precision, False)
    assert {a.why for a in absent} <= {"not installed"}
    for candidate in [*transport_stage(case, stage, precision, device), *peers]:
        assert difference(candidate.result(), reference) <= ROUNDING[precision], candidate.who


def test_fipy_computes_the_upwind_stage():
    pytest.importorskip("fipy")
    case = mcycle_mesh(8)
    stage = Stage(case, rough_density(Stage(case).mesh))
    for candidate in fipy_stage(stage):
        assert difference(candidate.result(), stage.reference("upwind")) <= 1e-9, candidate.who


@pytest.mark.parametrize(("inputs", "precision"), [(1, "float64"), (5, "float32")])
def test_everybody_computes_the_same_gradient(inputs, precision, device):
    units = Units(units_case(inputs, 40), 30)
    peers, absent = gather(PARTICLE_PEERS, units, precision, False)
    assert {a.why for a in absent} <= {"not installed"}
    for candidate in [particle_gradient(units, precision, device), *peers]:
        assert difference(candidate.result(), units.reference) <= ROUNDING[precision], candidate.who


def test_a_peer_that_differs_is_not_timed():
    candidates = [
        Candidate("mfpde", "float64", lambda: None, lambda: np.ones(2)),
        Candidate("wrong", "float64", lambda: None, lambda: np.zeros(2)),
    ]
    rows = race("part", "case", candidates, [], np.ones(2), "cell", 2, 1.0)
    assert rows[0].seconds is not None
    assert rows[1].seconds is None
    assert "differs" in rows[1].note


def test_a_missing_peer_is_told():
    def missing(*_):
        raise ImportError

    def broken(*_):
        raise RuntimeError("no compiler")

    candidates, absent = gather(
        {"here": lambda: [Candidate("here", "float64", lambda: None)], "gone": missing, "bad": broken}
    )
    assert [c.who for c in candidates] == ["here"]
    assert [(a.who, a.why) for a in absent] == [
        ("gone", "not installed"),
        ("bad", "RuntimeError: no compiler"),
    ]


def test_rounds_visit_all_until_the_budget_is_spent():
    calls = {"a": 0, "b": 0}
    candidates = [
        Candidate(who, "float64", lambda who=who: calls.update({who: calls[who] + 1})) for who in calls
    ]
    assert min(best_times(candidates, 3)) >= 0
    assert calls == {"a": 1 + 3 * IN_A_ROW, "b": 1 + 3 * IN_A_ROW}  # one to warm up
    best_times(candidates, 3, budget=-1.0)
    assert calls == {"a": 3 + 3 * IN_A_ROW, "b": 3 + 3 * IN_A_ROW}


def test_operations_are_those_of_the_table():
    assert work_per_cell(3, "float32").operations == 86
    assert work_per_cell(3, "float64", guards=False).operations == 53
    assert work_per_cell(3, "float64").bytes == 16
    reached = fraction_reached(LIMITS, 3, "float32", 1e-9)
    assert reached["limit"] == "bandwidth"
    assert reached["fraction"] == pytest.approx(0.8)


def test_shares_of_a_step_add_up(device):
    shares = step_shares(mcycle_mesh(8), device, 2)
    assert sum(shares.by_part.values()) == pytest.approx(shares.step)
    assert 0 < shares.potential < 1


def test_machine_is_measured(device, monkeypatch):
    monkeypatch.setattr("benchmarks.machine.FIELD", 2**16)
    monkeypatch.setattr(
        "benchmarks.machine.best_time", lambda run, rounds: best_times([Candidate("", "", run)], 1)[0]
    )
    machine = measure_machine(device, quick=True)
    for limits in (machine.copy, machine.fma, machine.minmax):
        assert all(value > 0 for value in limits.values())
    json.dumps(machine.as_json())


@pytest.mark.slow
def test_command_writes_json_and_figures(device, tmp_path: Path, monkeypatch):
    """Sizes are shrunk and slow peers left out, the rest is what a user calls."""
    for peers in (TRANSPORT_PEERS, PARTICLE_PEERS):
        monkeypatch.delitem(peers, "JAX")
        monkeypatch.delitem(peers, "Torch")
    tiny = {
        "runs": {
            "tiny": data_case(10, 6).replace({"lagrangian.units": [10], "lagrangian.replicates": 2}, time=0.1)
        }
    }
    monkeypatch.setattr(command, "measure_machine", lambda *_: LIMITS)
    monkeypatch.setattr(command, "measure_transport", lambda *_: command_transport(device))
    monkeypatch.setattr(command, "measure_potential", lambda *_: measure_potential(device, True, (8,), 6))
    monkeypatch.setattr(
        command, "measure_particles", lambda *_: measure_particles(device, True, ((1, 20),), 16)
    )
    monkeypatch.setattr(command, "measure_runs", lambda *_: measure_runs(None, True, tiny["runs"]))
    monkeypatch.setattr(
        command, "measure_accuracy", lambda *_: measure_accuracy(device, Sizes((0.2,), (10,), (16,), 32, 0.2))
    )
    command.main(["--quick", "--out", str(tmp_path)])
    found = json.loads((tmp_path / "results.json").read_text())
    assert {"machine", "versions", "parts", "claims", "figures", "quick", "seconds"} == set(found)
    assert set(found["parts"]) == set(command.PARTS)
    for part in found["parts"].values():
        assert {"rows", "numbers", "scaling"} == set(part)
        assert part["rows"]
    assert found["figures"] == ["roofline.png", "scaling.png", "accuracy.png"]
    assert all((tmp_path / name).stat().st_size > 5000 for name in found["figures"])


def command_transport(device) -> Part:
    from benchmarks.transport import measure_transport

    part = measure_transport(device, LIMITS, True, 16)
    assert {"limits", "claimed_mesh", "times_faster"} == set(part.numbers)
    assert as_json(part)["rows"][0]["who"] == "mfpde"
    return part


@pytest.mark.slow
def test_the_fallback_is_measured_on_what_both_run():
    """Both sides run the same time; a case that is too short for its descent when it is cut is run whole."""
    tiny = data_case(10, 6).replace({"lagrangian.units": [10], "lagrangian.replicates": 2}, time=0.5)
    steps = tiny.replace(
        {
            "eulerian.enabled": False,
            "descent.steps": [0.1],
            "descent.units": 10,
            "descent.replicates": 2,
            "characteristics.nodes": 32,
        }
    )
    part = measure_fallback(None, True, {"tiny": tiny, "steps": steps})
    assert [part.numbers[name]["time"] for name in ("tiny", "steps")] == pytest.approx([0.05, 0.5])
    for numbers in part.numbers.values():
        assert numbers["ratio"] == pytest.approx(numbers["numpy"] / numbers["device"])
    assert [row.who for row in part.rows] == ["mfpde", "mfpde, NumPy"] * 2
    json.dumps(as_json(part))


def test_shipped_cases_are_what_they_are_called():
    assert Stage(four_axes(6)).rho.ndim == 4
    assert Stage(mixture_mesh(8)).rho.ndim == 2
    assert load_case("mcycle").title
