"""Whole runs of every loss and of several outputs: density, networks, nodes and descent on minibatches; what
is made of their files; resumed to the bit.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from losses import FEW, WITH_OUTPUTS, few_at_once, loss_case
from test_resume import assert_same, stop_after

import mfpde
from mfpde.analysis.model_of_run import energies, functions, model_of
from mfpde.analysis.outside import compare_network, open_network
from mfpde.figures import FIGURES, lacking, plot
from mfpde.figures.outside import save_outside
from mfpde.results.predictions import predictions
from mfpde.runs import resume, simulate

DESCENT = {"steps": [0.05, 0.1], "batches": [0, 4], "units": 20, "replicates": 3}


def whole_case(name, outputs):
    """A case with all sides."""
    cells = {"parameters.a.cells": 9, "parameters.w.cells": 8} if outputs > 1 else {"parameters.b.cells": 8}
    changes = {"descent": DESCENT, "characteristics.nodes": 200, "lagrangian.units": [10, 30]}
    return loss_case(name, outputs, **cells, **changes)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One of every loss and number of outputs, made when asked for."""
    folder, made = tmp_path_factory.mktemp("runs"), {}

    def run(*of):
        if of not in made:
            made[of] = mfpde.run(whole_case(*of), folder / f"{of}.h5")
        return made[of]

    return run


every_run = pytest.mark.parametrize(("name", "outputs"), WITH_OUTPUTS)


@every_run
def test_the_file_holds_one_prediction_for_each_output(name, outputs, runs):
    run = runs(name, outputs)
    along = ("output", "data") if outputs > 1 else ("data",)
    assert run.eulerian["prediction"].dims == ("time", *along)
    assert run.lagrangian(10)["prediction"].dims == ("time", "replicate_10", *along)
    assert run.parameters[:outputs] == (["a1", "a2", "a3"][:outputs] if outputs > 1 else ["a"])
    assert run.data["targets"].dims == along
    energy = run.eulerian["energy"].values
    assert np.all(np.diff(energy) < 0)
    assert np.all(run.tree["descent/diverged"].isnull())


@every_run
def test_a_run_is_evaluated_anew_from_its_file(name, outputs, runs):
    """Units of the file give the predictions, losses and energies that were stored beside them."""
    run = runs(name, outputs)
    networks, model = run.lagrangian(10), model_of(run)
    stored = np.isin(run.times, networks["fields_time"].values)
    for cloud, weights, f, loss, energy in zip(
        networks["particles"].values,
        networks["weights"].values,
        predictions(networks)[stored],
        networks["loss"].values[stored],
        networks["energy"].values[stored],
        strict=True,
    ):
        state = cloud.swapaxes(1, 2)
        found = functions(model, state, weights)
        np.testing.assert_allclose(found, f, rtol=0, atol=1e-13)
        np.testing.assert_allclose(energies(model, state, weights, found), [energy, loss], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "outputs"),
    [of if of == FEW[-1] else pytest.param(*of, marks=pytest.mark.slow) for of in WITH_OUTPUTS],
)
def test_every_figure_is_drawn_or_says_what_is_lacking(name, outputs, runs, tmp_path):
    run = runs(name, outputs)
    drawn = {path.stem for path in plot(run, tmp_path, formats=["png"])}
    assert drawn == set(FIGURES) - set(lacking(run))
    assert {"energy", "marginals", "chaos", "descent", "gap_in_time", "bias_variance"} <= drawn


@few_at_once
def test_verbs_serve_it(name, outputs, runs, command):
    path = runs(name, outputs).path
    code, said, _ = command("compare", path)
    assert (code, "function gap" in said.lower(), "descent" in said.lower()) == (0, True, True)
    code, said, _ = command("compare", path, "--json")
    table = json.loads(said)
    assert code == 0
    assert len(table["lagrangian"][0]["function_gap"]["mean"]) == len(table["times"])
    assert command("inspect", path)[0] == 0
    assert command("verify", path)[0] == 0


@every_run
@pytest.mark.parametrize("scaling", ["mean", "sum", "sqrt"])
def test_networks_trained_elsewhere_are_compared(name, outputs, scaling, runs, tmp_path):
    """The run's own networks, written in any scaling, have the gaps and energies that the run states."""
    run = runs(name, outputs)
    networks = run.lagrangian(10)
    times = networks["fields_time"].values
    arrays = dict(zip(run.parameters, np.moveaxis(networks["particles"].values, -1, 0), strict=True))
    factor = {"mean": 1, "sum": 10, "sqrt": np.sqrt(10)}[scaling]
    for parameter in run.parameters[:outputs]:
        arrays[parameter] = arrays[parameter] / factor
    np.savez(tmp_path / "n.npz", time=times, scaling=scaling, **arrays)
    network = open_network(run, tmp_path / "n.npz")
    table = compare_network(run, network)
    stored = np.isin(run.times, times)
    np.testing.assert_allclose(table["energy"]["replicates"], networks["energy"].values[stored], rtol=1e-12)
    np.testing.assert_allclose(table["loss"]["replicates"], networks["loss"].values[stored], rtol=1e-12)
    gaps = predictions(networks) - predictions(run.group("characteristics"))[:, None]
    gaps = np.sum(run.norm_weights * gaps**2, axis=-1)[stored]
    np.testing.assert_allclose(table["function_gap"]["replicates"], gaps, rtol=1e-9)
    if scaling == "sum" and (name, outputs) in FEW:
        assert save_outside(run, network, table, tmp_path, ["png"])


@few_at_once
def test_a_stopped_and_resumed_run_equals_one_that_was_not_stopped(
    name, outputs, runs, tmp_path, monkeypatch
):
    left = stop_after(monkeypatch, 9)
    finished = simulate(whole_case(name, outputs), tmp_path / "parts.h5")
    assert not finished
    while not finished:
        left[0] = 40
        finished = resume(tmp_path / "parts.h5")
    assert_same(runs(name, outputs).path, tmp_path / "parts.h5")


def test_a_case_of_a_table_runs_from_the_command_line(command):
    """Classes in words, a run to half the time, then to its end."""
    rows = [(x, "yes" if x > 0.2 else "no") for x in np.linspace(-2, 2, 16).round(3)]
    Path("d.csv").write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows))
    Path("c.toml").write_text(CASE)
    code, _, said = command("run", "c.toml", "-o", "whole.h5")
    assert code == 0
    assert "data.y: 'y' has two classes: no becomes -1, yes becomes +1" in said
    assert command("run", "c.toml", "-o", "half.h5", "--set", "time=0.25")[0] == 0
    assert command("resume", "half.h5", "--until", "0.5")[0] == 0
    whole, half = (mfpde.open_run(name) for name in ("whole.h5", "half.h5"))
    np.testing.assert_array_equal(half.eulerian["mu"][-1], whole.eulerian["mu"][-1])
    np.testing.assert_array_equal(half.lagrangian(10)["prediction"], whole.lagrangian(10)["prediction"])
    code, _, said = command("run", "c.toml", "-o", "x.h5", "--set", "data.noise=0.1")
    assert code == 2
    assert 'data.noise: the loss "logistic" takes classes, to which no noise is added\n' in said


CASE = """
time = 0.5
[model]
loss = "logistic"
bias = false
[data]
file = "d.csv"
x = "x"
y = "y"
[parameters.a]
domain = [-4, 4]
cells = 16
initial = { law = "normal", std = 0.5 }
[parameters.w]
domain = [-4, 4]
cells = 16
initial = { law = "normal", std = 0.5 }
[eulerian]
backend = "numpy"
[lagrangian]
units = [10]
replicates = 2
[output]
every = 0.25
fields_every = 0.25
"""
