"""What is promised of memory and of the disk holds, and what cannot fit is refused before anything is
built.
"""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import small_case

import mfpde.memory as memory
from mfpde.errors import InputError
from mfpde.lagrangian import forces_numpy
from mfpde.lagrangian.ladder import Ladder
from mfpde.lagrangian.memory import check_size
from mfpde.lagrangian.solver import build_backend
from mfpde.memory import BASE, check_disk, check_memory, parts_of_run
from mfpde.models import build_model
from mfpde.runs import simulate
from mfpde.simulation import build_simulation

DATA = 8_000
LARGE = {
    "data.inputs.points": DATA,
    "parameters.w.cells": 8,
    "parameters.b.cells": 8,
    "parameters.a.cells": 9,
    "time": 0.02,
    "output.every": 0.01,
    "eulerian.backend": "numpy",
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"eulerian.enabled": False, "lagrangian.replicates": 20},
        {"lagrangian.units": [], "eulerian.compression": 0},
    ],
)
def test_a_run_stays_under_what_was_promised(changes, tmp_path):
    case = small_case(**LARGE, **changes)
    promised = sum(parts_of_run(case, build_model(case)).values()) - BASE
    tracemalloc.start()
    simulate(case, tmp_path / "run.h5")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 8 * DATA * 64 * (not changes) < peak < promised + 1e7  # what does not grow with the data


def test_parts_that_fit_alone_may_not_fit_together(monkeypatch):
    case = small_case(**LARGE, **{"lagrangian.replicates": 20})
    model = build_model(case)
    parts = parts_of_run(case, model)
    monkeypatch.setattr(memory, "host_bytes", lambda: sum(parts.values()) - 1)
    assert max(parts.values()) < sum(parts.values()) - 1
    with pytest.raises(
        InputError,
        match=r"the run needs about .* GB \(.*networks .* GB.*\), this machine has .* GB; use fewer cells",
    ):
        build_simulation(case)
    monkeypatch.undo()
    assert not check_memory(small_case(), build_model(small_case()))


def test_a_run_that_needs_more_than_is_free_now_says_so(monkeypatch):
    case = small_case()
    monkeypatch.setattr(
        memory.psutil, "virtual_memory", lambda: SimpleNamespace(total=10**12, available=1000)
    )
    assert "it may be ended by the system" in check_memory(case, build_model(case))[0]


def test_predictions_of_many_networks_at_many_data_are_counted():
    case = small_case(
        **{"lagrangian.replicates": 100_000, "lagrangian.units": [10], "eulerian.enabled": False}
    )
    case = case.replace({"data.inputs.points": 900_000})
    model = build_model(case)
    with pytest.raises(
        InputError,
        match=r"predictions of 100000 networks at 900000 data need about .* GB.*use fewer replicates",
    ):
        check_size(model, Ladder([10], [100_000], 0), "float64", "case.toml")


def test_a_large_output_is_told_before_it_is_written(monkeypatch, tmp_path):
    case = small_case()
    simulation = build_simulation(case)
    layout = simulation.layout()
    assert not check_disk(tmp_path / "run.h5", layout, 10, 10)
    monkeypatch.setattr(memory, "LARGE_OUTPUT", 1000)
    monkeypatch.setattr(memory.shutil, "disk_usage", lambda path: SimpleNamespace(free=2000))
    (said,) = check_disk(tmp_path / "run.h5", layout, 10, 10)
    assert "will hold up to" in said
    largest = max(memory.output_bytes(layout, 10, 10).items(), key=lambda item: item[1])[0]
    assert f"most of it in {largest}" in said
    assert "the disk has 2e-06 GB left" in said
    sizes = memory.output_bytes(layout, 5, 3)
    assert sizes["eulerian/mu"] == 8 * 3 * 17 * 16 * 13
    assert sizes["lagrangian/20/prediction"] == 8 * 5 * 3 * 20


def test_activations_that_are_not_kept_are_computed_again_to_the_same_bits(monkeypatch):
    case = small_case(**{"data.inputs.points": 3000, "eulerian.backend": "numpy"})
    model = build_model(case)
    ladder = Ladder([2500], [1], 1)
    backend = build_backend(model, ladder, "float64", 0.0)
    assert backend.split
    assert len(backend.split[0]) > forces_numpy.HELD
    state = backend.upload(ladder.initial_state(model.parameters))
    kept, predicted = backend.velocity(state), backend.predictions(state)
    monkeypatch.setattr(forces_numpy, "KEPT", 0)
    np.testing.assert_array_equal(backend.velocity(state), kept)
    monkeypatch.setattr(forces_numpy, "HELD", 3)
    np.testing.assert_array_equal(backend.predictions(state), predicted)
